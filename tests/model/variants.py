"""Makes other forms of the demonstration model from its Q8_0 file: F32 and F16 GGUF, and safetensors.

Needs numpy, gguf and safetensors only, so that tests can do it.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy
from safetensors.numpy import save_file

HF_PARTS = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}


def number(reader: gguf.GGUFReader, key: str) -> float:
    return reader.fields[key].parts[-1][0].item()


def unpermuted(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """Undoes the order of rows that llama.cpp's rotation wants."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def hf_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{HF_PARTS[part]}.weight"


def dequantised(reader: gguf.GGUFReader) -> dict[str, numpy.ndarray]:
    """The tensors as f32, under llama.cpp's names and in its order."""
    return {t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(numpy.float32) for t in reader.tensors}


def dequantised_state(path: Path) -> dict[str, numpy.ndarray]:
    """The tensors as f32, under transformers' names and in its order."""
    reader = gguf.GGUFReader(path)
    heads = {"attn_q": int(number(reader, "llama.attention.head_count")),
             "attn_k": int(number(reader, "llama.attention.head_count_kv"))}
    state = {}
    for name, weight in dequantised(reader).items():
        part = name.split(".")[-2]
        state[hf_name(name)] = numpy.ascontiguousarray(unpermuted(weight, heads[part]) if part in heads else weight)
    return state


def copy_field(writer: gguf.GGUFWriter, field: gguf.ReaderField) -> None:
    kind = field.types[0]
    element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
    writer.add_key_value(field.name, field.contents(), kind, element)


def write_gguf(source: Path, target: Path, kind: gguf.GGMLQuantizationType, file_type: gguf.LlamaFileType) -> None:
    """The same model with its matrices in another type; vectors stay f32, as llama.cpp wants them."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", "general.file_type"):
            copy_field(writer, field)
    writer.add_file_type(file_type)
    for name, weight in dequantised(reader).items():
        if weight.ndim == 1:
            writer.add_tensor(name, weight)
        else:
            writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_hf(source: Path, folder: Path) -> None:
    """The folder that transformers and candle load."""
    reader = gguf.GGUFReader(source)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(dequantised_state(source), folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "torch_dtype": "float32",
        "hidden_size": number(reader, "llama.embedding_length"), "intermediate_size": number(reader, "llama.feed_forward_length"),
        "num_hidden_layers": number(reader, "llama.block_count"), "num_attention_heads": number(reader, "llama.attention.head_count"),
        "num_key_value_heads": number(reader, "llama.attention.head_count_kv"), "head_dim": number(reader, "llama.attention.key_length"),
        "max_position_embeddings": number(reader, "llama.context_length"), "rms_norm_eps": number(reader, "llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": number(reader, "llama.rope.freq_base"), "vocab_size": number(reader, "llama.vocab_size"),
        "tie_word_embeddings": True, "bos_token_id": 0, "eos_token_id": 2,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", type=Path)
    options.add_argument("out", type=Path)
    args = options.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    types, files = gguf.GGMLQuantizationType, gguf.LlamaFileType
    write_gguf(args.model, args.out / "karen-demo.f32.gguf", types.F32, files.ALL_F32)
    write_gguf(args.model, args.out / "karen-demo.f16.gguf", types.F16, files.MOSTLY_F16)
    write_hf(args.model, args.out / "hf")


if __name__ == "__main__":
    main()
