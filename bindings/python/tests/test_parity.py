"""Every public method of Karen's handles is bound, or excused with a reason: see parity.toml."""

from __future__ import annotations

import re
import sys

from conftest import ROOT

import karen

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HANDLES = {
    "karen-core/src": (
        "Karen",
        "Builder",
        "Session",
        "Chat",
        "TurnRef",
        "TurnStream",
        "Conversations",
        "Memories",
        "RecallBuilder",
        "RememberBuilder",
        "Answering",
        "Plugins",
        "Privacy",
        "FunctionTool",
    ),
    "karen-infer/src/models": ("Models",),
    "karen-auth/src/auth": ("Auth",),
}
METHODS_MIN = 80


def methods() -> set[str]:
    """What the sources say, laid out as rustfmt does."""
    found: set[str] = set()
    for folder, handles in HANDLES.items():
        for file in (ROOT / folder).rglob("*.rs"):
            handle = None
            for line in file.read_text().splitlines():
                opened = re.match(r"impl(?:<.*>)? (\w+)(?:<.*>)? \{", line)
                if opened:
                    handle = opened[1] if opened[1] in handles else None
                elif line == "}":
                    handle = None
                method = re.match(r"    pub (?:async )?fn (\w+)", line)
                if handle and method:
                    found.add(f"{handle}::{method[1]}")
    return found


def table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads(
        (ROOT / "bindings/python/parity.toml").read_text()
    )
    return found


def test_every_public_method_is_bound_or_excused() -> None:
    bound, excused = (set(table()[part]) for part in ("bound", "excused"))
    found = methods()
    assert len(found) >= METHODS_MIN, len(found)
    assert not found - bound - excused, sorted(found - bound - excused)
    assert not bound - found, f"gone: {sorted(bound - found)}"


def test_what_is_bound_is_there_in_both_apis() -> None:
    for bound in table()["bound"].values():
        noun, _, verb = bound.partition(".")
        for kind in (noun, f"Async{noun}"):
            assert hasattr(getattr(karen, kind), verb.split("(")[0]), f"{kind}.{verb}"


def test_what_is_not_bound_has_a_reason() -> None:
    for name, reason in table()["excused"].items():
        assert len(reason.split()) >= 3, name
