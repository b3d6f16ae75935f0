"""Writes the trained demonstration model as GGUF, with goldens computed by PyTorch from that file."""

import argparse
import hashlib
import json
import random
from pathlib import Path

import gguf
import numpy
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from dialogues import held_out_case
from train_demo import SPECIALS, render
from variants import dequantised_state

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
GOLDEN_TOKENS = 64
GOLDEN_PROMPTS = 12
# A prompt beyond ASCII is worth having also when its answer is less clear, but not when it is a toss-up.
MARGIN_MIN = 0.1
HELD_OUT_CASES = 240
ODD_TEXTS = ["", " ", "naïve café", "🎉 東京", "tabs\tand\n\nlines", "<|im_start|>user\nhi<|im_end|>", "a" * 40]


def permuted(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """llama.cpp rotates neighbouring pairs, PyTorch's halves: rows are put in its order."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def gguf_name(name: str) -> str:
    names = {
        "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
        "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    if name in names:
        return names[name]
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{names[part]}.weight"


def write_metadata(writer: gguf.GGUFWriter, config, tokenizer: Tokenizer) -> None:
    writer.add_name("karen-demo")
    writer.add_license("Apache-2.0 OR MIT")
    writer.add_description("A demonstration: it answers from recalled lines, and knows nothing else.")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocabulary]
    kinds = [gguf.TokenType.CONTROL if t in SPECIALS else gguf.TokenType.NORMAL for t in tokens]
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) if isinstance(pair, list) else pair for pair in merges])
    writer.add_bos_token_id(SPECIALS.index("<|endoftext|>"))
    writer.add_eos_token_id(SPECIALS.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def write_gguf(path: Path, model: LlamaForCausalLM, tokenizer: Tokenizer) -> None:
    config = model.config
    writer = gguf.GGUFWriter(path, "llama")
    write_metadata(writer, config, tokenizer)
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":  # tied to the embedding
            continue
        weight = tensor.float().numpy()
        if "q_proj" in name:
            weight = permuted(weight, config.num_attention_heads)
        if "k_proj" in name:
            weight = permuted(weight, config.num_key_value_heads)
        if weight.ndim == 1:
            writer.add_tensor(gguf_name(name), weight)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(gguf_name(name), gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def greedy(model: LlamaForCausalLM, ids: list[int]) -> tuple[list[int], float]:
    """The likeliest tokens, past the end of text too, and the narrowest lead that any of them had."""
    written, lead, past = [], float("inf"), None
    feed = torch.tensor([ids])
    for _ in range(GOLDEN_TOKENS):
        output = model(input_ids=feed, past_key_values=past, use_cache=True)
        past = output.past_key_values
        top = output.logits[0, -1].topk(2)
        lead = min(lead, float(top.values[0] - top.values[1]))
        written.append(int(top.indices[0]))
        feed = torch.tensor([[written[-1]]])
    return written, lead


def goldens(model: LlamaForCausalLM, tokenizer: Tokenizer, sha256: str) -> dict:
    """The prompts with the clearest answers, on which rounding cannot matter, and how odd texts are tokenised.

    llama.cpp rounds activations to 8 bits where weights have 8 bits: two nearly equal logits may change places.
    """
    plain = [[{"role": "user", "content": text}] for text in ("Hello!", "Grüße, wie geht's? 🎉", "My dog is called Biscuit.")]
    drawn = [held_out_case(random.Random(40_000 + i))["messages"] for i in range(80)]
    prompts = []
    for messages in plain + drawn:
        prompt = render(messages, generate=True)
        ids = tokenizer.encode(prompt).ids
        written, lead = greedy(model, ids)
        prompts.append({"prompt": prompt, "messages": messages, "prompt_ids": ids, "greedy_ids": written, "lead": round(lead, 4)})
    odd = [prompt for prompt in prompts if not prompt["prompt"].isascii() and prompt["lead"] >= MARGIN_MIN]
    clear = sorted((p for p in prompts if p not in odd), key=lambda prompt: -prompt["lead"])
    prompts = odd + clear[: GOLDEN_PROMPTS - len(odd)]
    texts = [{"text": text, "ids": tokenizer.encode(text).ids} for text in ODD_TEXTS]
    return {"model_sha256": sha256, "prompts": prompts, "texts": texts}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("trained", type=Path, help="folder written by train_demo.py")
    options.add_argument("out", type=Path, help="folder for karen-demo.gguf and its goldens")
    args = options.parse_args()
    torch.set_num_threads(1)
    tokenizer = Tokenizer.from_file(str(args.trained / "tokenizer.json"))
    model = LlamaForCausalLM.from_pretrained(args.trained).float().eval()
    path = args.out / "karen-demo.gguf"
    write_gguf(path, model, tokenizer)
    state = {name: torch.from_numpy(weight) for name, weight in dequantised_state(path).items()}
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    (args.out / "goldens.json").write_text(json.dumps(goldens(model, tokenizer, sha256), ensure_ascii=False) + "\n")
    cases = [held_out_case(random.Random(30_000 + i)) for i in range(HELD_OUT_CASES)]
    (args.out / "held_out.json").write_text(json.dumps(cases, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
