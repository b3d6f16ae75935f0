"""Keeps and finds with a memory from PyPI; `karen-bench recall --against` runs it beside Karen.

Reads lines of JSON from stdin: `{"keep": whose, "notes": [{"id", "text", "vector"}]}`, and
`{"ask": text, "whose", "vector", "limit"}`, which is answered with the ids, best first, and the milliseconds that
took. Vectors are given, so that nobody's embedder counts.
"""

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version

DIM = 256


class Chroma:
    """A collection for each user, in memory, searched by cosine."""

    def __init__(self):
        import chromadb

        settings = chromadb.Settings(anonymized_telemetry=False)
        self.client = chromadb.EphemeralClient(settings)
        self.name = f"chroma {version('chromadb')}"

    def keep(self, whose, notes):
        made = self.client.create_collection(whose, metadata={"hnsw:space": "cosine"}, embedding_function=None)
        made.add(
            ids=[note["id"] for note in notes],
            documents=[note["text"] for note in notes],
            embeddings=[note["vector"] for note in notes],
        )

    def ask(self, whose, text, vector, limit):
        collection = self.client.get_collection(whose, embedding_function=None)
        return collection.query(query_embeddings=[vector], n_results=limit)["ids"][0]


class Given:
    """An embedder that knows the vectors beforehand."""

    def __init__(self):
        self.vectors = {}

    def embed(self, text, memory_action=None):
        return self.vectors[text]


class Mem0:
    """Its own local store (Qdrant's, in a folder), with what was said kept as it is: no model extracts facts."""

    def __init__(self):
        os.environ.update(MEM0_TELEMETRY="False", OPENAI_API_KEY="none", MEM0_DIR=tempfile.mkdtemp())
        from mem0 import Memory

        folder = tempfile.mkdtemp()
        store = {"path": folder, "embedding_model_dims": DIM, "on_disk": True, "collection_name": "notes"}
        self.memory = Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": store},
                "history_db_path": os.path.join(folder, "history.db"),
            }
        )
        self.given = self.memory.embedding_model = Given()
        self.name = f"mem0 {version('mem0ai')}"

    def keep(self, whose, notes):
        for note in notes:
            self.given.vectors[note["text"]] = note["vector"]
            said = [{"role": "user", "content": note["text"]}]
            self.memory.add(said, user_id=whose, infer=False, metadata={"note": note["id"]})

    def ask(self, whose, text, vector, limit):
        self.given.vectors[text] = vector
        found = self.memory.search(text, top_k=limit, filters={"user_id": whose}, threshold=0.0)
        return [one["metadata"]["note"] for one in found["results"]]


answers, sys.stdout = sys.stdout, sys.stderr
peer = {"chroma": Chroma, "mem0": Mem0}[sys.argv[1]]()
print(json.dumps({"peer": peer.name}), file=answers, flush=True)
for line in sys.stdin:
    said = json.loads(line)
    begun = time.perf_counter()
    if "keep" in said:
        peer.keep(said["keep"], said["notes"])
        found = []
    else:
        found = peer.ask(said["whose"], said["ask"], said["vector"], said["limit"])
    ms = (time.perf_counter() - begun) * 1000
    print(json.dumps({"ids": found, "ms": ms}), file=answers, flush=True)
