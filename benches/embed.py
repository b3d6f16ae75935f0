"""Embeds with sentence-transformers; `karen-bench embed` runs it beside Karen.

Reads rounds from stdin, each a JSON object with `texts`, `batch` and `seconds`, and answers each with
how many texts it embedded in a second.
"""

import json
import sys
import time

import torch
from sentence_transformers import SentenceTransformer, __version__

torch.set_num_threads(1)
torch.set_num_interop_threads(1)
model = SentenceTransformer(sys.argv[1], device="cpu")
print(json.dumps({"peer": f"sentence-transformers {__version__}, torch {torch.__version__}"}), flush=True)


def embed(texts, batch):
    for start in range(0, len(texts), batch):
        model.encode(texts[start:start + batch], batch_size=batch, show_progress_bar=False)


for line in sys.stdin:
    asked = json.loads(line)
    embed(asked["texts"], asked["batch"])
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < asked["seconds"]:
        embed(asked["texts"], asked["batch"])
        done += len(asked["texts"])
    print(json.dumps({"texts_per_second": done / (time.perf_counter() - begun)}), flush=True)
