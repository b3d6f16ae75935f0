"""Writes a llama of about 800 MB with random weights, to measure engines on: as much work as a real
model of its size, and nothing to say. The tokeniser is the demonstration model's.

    ~/.cache/karen/python/bin/python benches/model.py /tmp/karen-bench.gguf
"""

import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter

DEMO = Path(__file__).parent.parent / "tests/model/karen-demo.gguf"
WIDTH, FEED_FORWARD, LAYERS, HEADS, KV_HEADS, HEAD = 2048, 6144, 16, 16, 4, 128
CONTEXT = 8192
# A block of Q8_0: a scale as f16, and 32 numbers of 8 bits.
BLOCK, BLOCK_BYTES = 32, 34
SCALE = np.float16(0.02 / 74)  # gives weights a deviation of 0.02


def q8_0(random, rows, columns):
    blocks = rows * columns // BLOCK
    data = np.empty((blocks, BLOCK_BYTES), np.uint8)
    data[:, :2] = np.frombuffer(SCALE.tobytes(), np.uint8)
    data[:, 2:] = random.integers(-127, 128, (blocks, BLOCK), np.int8).view(np.uint8)
    return data.reshape(rows, columns // BLOCK * BLOCK_BYTES)


def copy_tokenizer(writer):
    reader = GGUFReader(DEMO)
    for field in reader.fields.values():
        if field.name.startswith("tokenizer."):
            kind, *inner = field.types
            writer.add_key_value(field.name, field.contents(), kind, inner[-1] if inner else None)
    return len(reader.fields["tokenizer.ggml.tokens"].data)


def describe(writer, vocabulary):
    writer.add_name("karen-bench")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    writer.add_file_type(7)


def add_weights(writer, vocabulary):
    random = np.random.default_rng(1)

    def matrix(name, rows, columns):
        weights = q8_0(random, rows, columns)
        writer.add_tensor(name, weights, raw_dtype=GGMLQuantizationType.Q8_0)

    def norm(name):
        writer.add_tensor(name, np.ones(WIDTH, np.float32))

    matrix("token_embd.weight", vocabulary, WIDTH)
    matrix("output.weight", vocabulary, WIDTH)
    norm("output_norm.weight")
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        norm(name + "attn_norm.weight")
        norm(name + "ffn_norm.weight")
        matrix(name + "attn_q.weight", HEADS * HEAD, WIDTH)
        matrix(name + "attn_k.weight", KV_HEADS * HEAD, WIDTH)
        matrix(name + "attn_v.weight", KV_HEADS * HEAD, WIDTH)
        matrix(name + "attn_output.weight", WIDTH, HEADS * HEAD)
        matrix(name + "ffn_gate.weight", FEED_FORWARD, WIDTH)
        matrix(name + "ffn_up.weight", FEED_FORWARD, WIDTH)
        matrix(name + "ffn_down.weight", WIDTH, FEED_FORWARD)


writer = GGUFWriter(sys.argv[1], "llama")
vocabulary = copy_tokenizer(writer)
describe(writer, vocabulary)
add_weights(writer, vocabulary)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
