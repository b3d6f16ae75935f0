"""Each program in README.md runs as it stands."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT, Program

README = ROOT / "bindings/python/README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
BLOCKS_MIN = 7


def test_there_are_programs() -> None:
    assert len(BLOCKS) >= BLOCKS_MIN


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_it_runs(block: str, program: Program) -> None:
    done = program(block)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
