"""Trains the demonstration model on made-up dialogues; see README.md for the commands."""

import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from dialogues import Words, dialogue, held_out_case

VOCABULARY = 1024
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CONTEXT = 1024
TOKENIZER_SEED = 7
# Up to which part of the time; facts recalled and questions asked at most; share of copying exercises.
STAGES = [(0.10, (1, 3), 0.7), (0.30, (2, 4), 0.2), (0.55, (4, 5), 0.05), (1.01, (7, 5), 0.0)]
LATER_STAGES = [(0.20, (4, 5), 0.05), (1.01, (7, 5), 0.0)]
OTHER_TOKENS_WEIGHT = 0.02  # learning what people say helps a little; answers are the point


def render(messages: list[dict], generate: bool = False) -> str:
    """ChatML, as the chat template in the GGUF file does it."""
    text = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return text + "<|im_start|>assistant\n" if generate else text


def train_tokenizer(seed: int) -> Tokenizer:
    rng = random.Random(seed)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    corpus = (m["content"] for _ in range(20_000) for m in dialogue(rng, Words(rng, False), 6, 4))
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=SPECIALS,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def tokenizer_of(folder: Path) -> Tokenizer:
    """A model goes on with the tokenizer that it began with."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def new_model() -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=256, intermediate_size=512, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2, head_dim=64, max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5, rope_theta=10_000.0, tie_word_embeddings=True, attention_bias=False,
        bos_token_id=0, eos_token_id=2, initializer_range=0.03)
    return LlamaForCausalLM(config)


def encode(tokenizer: Tokenizer, messages: list[dict]) -> tuple[list[int], list[float]]:
    """Token ids, and how much each one counts in the loss."""
    ids, weights = [], []
    for message in messages:
        head = tokenizer.encode(f"<|im_start|>{message['role']}\n").ids
        body = tokenizer.encode(f"{message['content']}<|im_end|>\n").ids
        answer = 1.0 if message["role"] == "assistant" else OTHER_TOKENS_WEIGHT
        ids += head + body
        weights += [OTHER_TOKENS_WEIGHT] * len(head) + [answer] * (len(body) - 1) + [OTHER_TOKENS_WEIGHT]
    return ids, weights


def batches(tokenizer, rng, stage, tokens_per_batch):
    """Batches of dialogues of like length, so that little is padding."""
    facts_max, pairs = stage
    while True:
        pool = [encode(tokenizer, dialogue(rng, Words(rng, False), facts_max, pairs)) for _ in range(256)]
        pool = sorted((p for p in pool if len(p[0]) <= CONTEXT), key=lambda p: len(p[0]))
        groups, group = [], []
        for item in pool:
            if group and len(item[0]) * (len(group) + 1) > tokens_per_batch:
                groups.append(group)
                group = []
            group.append(item)
        rng.shuffle(groups)
        yield from groups


def repeats(rng, tokens_per_batch):
    """Random tokens said twice: the quickest way to learn copying, on which answering rests."""
    length = rng.choice((8, 16, 32, 64))
    group = []
    for _ in range(tokens_per_batch // (2 * length)):
        once = [rng.randrange(len(SPECIALS), VOCABULARY) for _ in range(length)]
        group.append((once + once, [0.0] * (length + 1) + [1.0] * (length - 1)))
    return group


def tensors(group):
    width = max(len(ids) for ids, _ in group)
    ids = torch.zeros(len(group), width, dtype=torch.long)
    weights = torch.zeros(len(group), width)
    for row, (tokens, counts) in enumerate(group):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        weights[row, : len(counts)] = torch.tensor(counts)
    return ids, weights


def loss_of(model, group, bf16):
    ids, weights = tensors(group)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        logits = model(input_ids=ids).logits
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1), reduction="none")
    counts = weights[:, 1:].reshape(-1)
    return (losses * counts).sum() / counts.sum()


@torch.no_grad()
def answer(model, tokenizer, messages, limit=32) -> str:
    ids = tokenizer.encode(render(messages, generate=True)).ids
    start, past = len(ids), None
    feed = torch.tensor([ids])
    for _ in range(limit):
        output = model(input_ids=feed, past_key_values=past, use_cache=True)
        past = output.past_key_values
        token = int(output.logits[0, -1].argmax())
        if token == SPECIALS.index("<|im_end|>"):
            break
        ids.append(token)
        feed = torch.tensor([[token]])
    return tokenizer.decode(ids[start:])


def rates(model, tokenizer, cases) -> dict:
    right = {True: 0, False: 0}
    count = {True: 0, False: 0}
    slots: dict[str, list[int]] = {}
    for case in cases:
        good = case["expect"] in answer(model, tokenizer, case["messages"])
        right[case["answerable"]] += good
        count[case["answerable"]] += 1
        if case["answerable"]:
            slots.setdefault(case["slot"], []).append(int(good))
    by_slot = {slot: f"{sum(v)}/{len(v)}" for slot, v in sorted(slots.items())}
    return {"answered": right[True] / max(1, count[True]), "answerable": count[True],
            "unknown": right[False] / max(1, count[False]), "unanswerable": count[False], "by_slot": by_slot}


def learning_rate(progress: float, peak: float) -> float:
    warm = 0.02
    if progress < warm:
        return peak * progress / warm
    return peak * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm))))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("out", type=Path)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--bf16", action="store_true")
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--tokens", type=int, default=4096)
    options.add_argument("--resume", type=Path)
    args = options.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = tokenizer_of(args.resume) if args.resume else train_tokenizer(TOKENIZER_SEED)
    tokenizer.save(str(args.out / "tokenizer.json"))
    model = LlamaForCausalLM.from_pretrained(args.resume) if args.resume else new_model()
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
                                  lr=args.rate, betas=(0.9, 0.98))
    rng = random.Random(args.seed + 1)
    cases = [held_out_case(random.Random(10_000 + i)) for i in range(100)]
    stages = LATER_STAGES if args.resume else STAGES
    start, step, tokens, last = time.time(), 0, 0, 0.0
    for end, stage, repeat_share in stages:
        for group in batches(tokenizer, rng, stage, args.tokens):
            progress = (time.time() - start) / (args.minutes * 60)
            if progress >= min(end, 1.0):
                break
            for parameters in optimizer.param_groups:
                parameters["lr"] = learning_rate(progress, args.rate)
            model.train()
            if rng.random() < repeat_share:
                group = repeats(rng, args.tokens)
            loss = loss_of(model, group, args.bf16)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            tokens += sum(len(ids) for ids, _ in group)
            if step % 50 == 0:
                kind = "repeat" if group[0][1][0] == 0.0 else "dialogue"
                print(json.dumps({"step": step, "kind": kind, "tokens": tokens, "loss": round(loss.item(), 4), "progress": round(progress, 3),
                                  "minutes": round((time.time() - start) / 60, 1)}), flush=True)
            if progress - last > 0.08:
                last = progress
                model.eval()
                print(json.dumps({"step": step, **{k: v for k, v in rates(model, tokenizer, cases).items() if k != "by_slot"}}), flush=True)
                model.save_pretrained(args.out)
    model.eval()
    model.save_pretrained(args.out)
    final = [held_out_case(random.Random(20_000 + i)) for i in range(600)]
    result = {"steps": step, "tokens": tokens, "minutes": round((time.time() - start) / 60, 1), **rates(model, tokenizer, final)}
    (args.out / "rates.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
