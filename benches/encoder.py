"""Writes an encoder of MiniLM's shape (6 layers, 384 dimensions) with random weights, to measure
embedding on: as much work as all-MiniLM-L6-v2, and nothing to say. The tokenizer is a test model's.

    ~/.cache/karen/python/bin/python benches/encoder.py /tmp/karen-encoder
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

TOKENIZER = Path(__file__).parent.parent / "tests/model/encoders/bert"
WIDTH, FEED_FORWARD, LAYERS, HEADS, VOCABULARY, CONTEXT = 384, 1536, 6, 12, 30522, 512
CONFIG = dict(
    model_type="bert", architectures=["BertModel"], hidden_size=WIDTH, intermediate_size=FEED_FORWARD,
    num_hidden_layers=LAYERS, num_attention_heads=HEADS, vocab_size=VOCABULARY, max_position_embeddings=CONTEXT,
    type_vocab_size=2, pad_token_id=0, hidden_act="gelu", layer_norm_eps=1e-12)
MODULES = [
    dict(idx=0, name="0", path="", type="sentence_transformers.models.Transformer"),
    dict(idx=1, name="1", path="1_Pooling", type="sentence_transformers.models.Pooling"),
    dict(idx=2, name="2", path="2_Normalize", type="sentence_transformers.models.Normalize"),
]


def weights():
    random = np.random.default_rng(1)

    def matrix(name, rows, columns):
        return {name: random.normal(0, 0.05, (rows, columns)).astype(np.float32)}

    def linear(name, inputs, outputs):
        return matrix(f"{name}.weight", outputs, inputs) | {f"{name}.bias": np.zeros(outputs, np.float32)}

    def norm(name):
        return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}

    made = norm("embeddings.LayerNorm") | linear("pooler.dense", WIDTH, WIDTH)
    for name, rows in [("word", VOCABULARY), ("position", CONTEXT), ("token_type", 2)]:
        made |= matrix(f"embeddings.{name}_embeddings.weight", rows, WIDTH)
    for layer in (f"encoder.layer.{i}" for i in range(LAYERS)):
        for part in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]:
            made |= linear(f"{layer}.{part}", WIDTH, WIDTH)
        made |= linear(f"{layer}.intermediate.dense", WIDTH, FEED_FORWARD)
        made |= linear(f"{layer}.output.dense", FEED_FORWARD, WIDTH)
        made |= norm(f"{layer}.attention.output.LayerNorm") | norm(f"{layer}.output.LayerNorm")
    return made


def main():
    folder = Path(sys.argv[1])
    for inner in ["1_Pooling", "2_Normalize"]:
        (folder / inner).mkdir(parents=True, exist_ok=True)
    for file in ["tokenizer.json", "tokenizer_config.json"]:
        shutil.copy(TOKENIZER / file, folder / file)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "modules.json").write_text(json.dumps(MODULES))
    pooling = dict(word_embedding_dimension=WIDTH, pooling_mode_mean_tokens=True)
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text(json.dumps(dict(max_seq_length=256, do_lower_case=False)))
    save_file(weights(), folder / "model.safetensors", {"format": "pt"})


main()
