"""What tests share: an open Karen, and programs run in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import karen

ROOT = Path(__file__).resolve().parents[3]
PROGRAM_SECONDS = 60
# What tests are told by is taken out of the environment: Karen refuses what is no setting of its.
PROVE = os.environ.pop("KAREN_PROVE", None)
WHEELS = os.environ.pop("KAREN_TEST_WHEELS", None)
# No model of the tests comes to this end.
ANSWER_TOKENS = 1_000_000


@pytest.fixture
def k() -> Iterator[karen.Karen]:
    with karen.open(":memory:", chat_answer_tokens=ANSWER_TOKENS) as opened:
        yield opened


@pytest.fixture
def me(k: karen.Karen) -> karen.Session:
    return k.session()


Program = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs a program in an interpreter of its own; one that hangs fails the test."""

    def run(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(text), *arguments],
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            cwd=tmp_path,
        )

    return run


class Words(karen.ModelAdapter):
    """Says the words it was given; an endless one repeats them until it is stopped."""

    context_tokens = 100 * ANSWER_TOKENS

    def __init__(self, *words: str, endless: bool = False) -> None:
        self.words = words
        self.endless = endless
        self.closed = False

    def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
        try:
            while True:
                yield from self.words
                if not self.endless:
                    return
        finally:
            self.closed = True


@pytest.fixture
def words() -> type[Words]:
    return Words
