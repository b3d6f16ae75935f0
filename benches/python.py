"""Measures an installed karen; `karen-bench python` runs it. Prints one JSON object.

Medians; times of the first use in a process are from processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import subprocess
import sys
import time
import timeit

import karen

STARTS = 21
OPENS = 51
CALLS = 200_000
PIECES = 20_000
ANSWERS = 101

IMPORT = """
import time
begun = time.perf_counter()
import karen
print((time.perf_counter() - begun) * 1000)
"""
OPEN = """
import time, karen
begun = time.perf_counter()
k = karen.open(":memory:")
print((time.perf_counter() - begun) * 1000)
k.close()
"""


def in_a_process(program: str) -> float:
    """The median of what a program prints in fresh processes."""
    run = [sys.executable, "-c", program]
    return statistics.median(float(subprocess.check_output(run)) for _ in range(STARTS))


def opening() -> float:
    """Milliseconds to open and to close, in a process that has done so before."""
    times = []
    for _ in range(OPENS):
        begun = time.perf_counter()
        k = karen.open(":memory:")
        times.append((time.perf_counter() - begun) * 1000)
        k.close()
    return statistics.median(times)


def nanoseconds(statement: str, **names: object) -> float:
    runs = timeit.repeat(statement, globals=names, number=CALLS, repeat=5)
    return statistics.median(runs) / CALLS * 1e9


class Talker(karen.ModelAdapter):
    """Says a fixed number of pieces as fast as it can, and notes when it began."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.begun = 0.0

    def generate(self, request: karen.GenerateRequest):  # type: ignore[no-untyped-def]
        self.begun = time.perf_counter()
        for _ in range(self.pieces):
            yield "word "


def first_piece() -> float:
    """Milliseconds from a model's first piece to the listener's first event of it."""
    times = []
    with karen.open(":memory:") as k:
        talker = Talker(1)
        k.models.register("talker", talker)
        me = k.session()
        for _ in range(ANSWERS):
            for event in me.chat("Hello", model="talker", remember=False):
                if isinstance(event, karen.Delta):
                    times.append((time.perf_counter() - talker.begun) * 1000)
                    break
    return statistics.median(times)


async def replayed() -> float:
    """Microseconds a piece of an answer takes when it is listened to again."""
    async with karen.AsyncKaren(":memory:") as k:
        k.models.register("talker", Talker(PIECES))
        me = await k.session()
        turn = me.chat("Hello", model="talker", max_tokens=PIECES, remember=False)
        await turn.text()
        begun = time.perf_counter()
        text = ""
        async for event in await me.resume(turn.id):
            if isinstance(event, karen.Delta):
                text += event.text
        taken = time.perf_counter() - begun
        return taken / text.count("word") * 1e6


def main() -> None:
    measured = {
        "python": platform.python_version(),
        "import_ms": in_a_process(IMPORT),
        "first_open_ms": in_a_process(OPEN),
        "open_ms": opening(),
        "version_ns": nanoseconds("version()", version=karen.version),
    }
    with karen.open(":memory:") as k:
        me = k.session()
        measured["user_ns"] = nanoseconds("me.user", me=me)
    measured["first_piece_ms"] = first_piece()
    measured["stream_item_us"] = asyncio.run(replayed())
    print(json.dumps(measured))


main()
