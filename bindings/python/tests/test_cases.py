"""The cases that every binding must pass, through both APIs: see bindings/common/cases."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import json
from typing import Any

import pytest
from conftest import ROOT

import karen

FILES = sorted((ROOT / "bindings/common/cases").glob("*.json"))
CASES = [case for file in FILES for case in json.loads(file.read_text())["cases"]]
CASES_MIN = 100


def test_there_are_cases() -> None:
    assert len(CASES) >= CASES_MIN


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_blocking(case: dict[str, Any]) -> None:
    with karen.open(":memory:", **case.get("settings", {})) as k:
        world = World(k, k.session())
        for step in case["steps"]:
            world.check(step, world.call_now)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_awaiting(case: dict[str, Any]) -> None:
    async def run() -> None:
        async with karen.AsyncKaren(":memory:", **case.get("settings", {})) as k:
            world = World(k, await k.session())
            for step in case["steps"]:
                await world.check_later(step)

    asyncio.run(run())


class World:
    """One open Karen, its sessions, and what the steps before have given."""

    def __init__(self, k: Any, local: Any) -> None:
        self.k = k
        self.sessions = {"local": local}
        self.kept: dict[str, Any] = {}

    def check(self, step: dict[str, Any], call: Any) -> None:
        if "error" in step:
            with pytest.raises(karen.KarenError) as raised:
                call(step)
            assert raised.value.code == step["error"]
        else:
            self.take(step, call(step))

    async def check_later(self, step: dict[str, Any]) -> None:
        if "error" in step:
            with pytest.raises(karen.KarenError) as raised:
                await self.call_later(step)
            assert raised.value.code == step["error"]
        else:
            self.take(step, await self.call_later(step))

    def call_now(self, step: dict[str, Any]) -> Any:
        found = self.begin(step)
        if isinstance(found, karen.Turn):
            return whole(found, list(found))
        return found

    async def call_later(self, step: dict[str, Any]) -> Any:
        found = self.begin(step)
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, karen.AsyncTurn):
            events = [event async for event in found]
            return whole(found, events)
        return found

    def begin(self, step: dict[str, Any]) -> Any:
        noun, verb = step["call"].split(".")
        arguments = {name: self.argument(value) for name, value in step.get("args", {}).items()}
        session = self.sessions[step.get("by", "local")]
        if step["call"] == "karen.open":
            return (
                type(self.k).open(":memory:", **arguments)
                if self.is_async
                else karen.open(":memory:", **arguments)
            )
        owner = {
            "session": session,
            "memories": session.memories,
            "privacy": session.privacy,
            "conversations": session.conversations,
            "karen": self.k,
        }.get(noun) or getattr(self.k, noun)
        found = getattr(owner, verb)
        return found(**arguments) if callable(found) else found

    @property
    def is_async(self) -> bool:
        return isinstance(self.k, karen.AsyncKaren)

    def argument(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("@"):
            return self.sessions[value[1:]]
        return self.filled(value)

    def filled(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("$"):
            name, *path = value[1:].split(".")
            found = self.kept[name]
            for part in path:
                found = found[int(part)] if isinstance(found, list) else found[part]
            return found
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {name: self.filled(field) for name, field in value.items()}
        return value

    def take(self, step: dict[str, Any], found: Any) -> None:
        if isinstance(found, (karen.Session, karen.AsyncSession)):
            session = found
            if "as" in step:
                self.sessions[step["as"]] = session
            names = ("user", "tenant", "role", "permissions")
            found = {name: getattr(session, name) for name in names}
        found = as_plain(found)
        if "expect" in step:
            match(self.filled(step["expect"]), found, step["call"])
        if "as" in step:
            self.kept[step["as"]] = found


def whole(turn: Any, events: list[karen.TurnEvent]) -> dict[str, Any]:
    """A turn listened to until its end, with neighbouring deltas as one."""
    types: list[str] = []
    numbers: list[int] = []
    for event in events:
        if event.type == "delta" and types[-1:] == ["delta"]:
            types.pop(), numbers.pop()
        types.append(event.type)
        numbers.append(event.number)
    return {
        "id": turn.id,
        "conversation": turn.conversation,
        "text": "".join(event.text for event in events if isinstance(event, karen.Delta)),
        "types": types,
        "numbers": numbers,
        "recalled": [item for e in events if isinstance(e, karen.Recall) for item in e.items],
        "done": next((event for event in events if isinstance(event, karen.Done)), None),
    }


def as_plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, dict):
        return {name: as_plain(field) for name, field in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    return value


def match(expect: Any, found: Any, place: str) -> None:
    if isinstance(expect, dict) and any(name.startswith("$") for name in expect):
        for name, wanted in expect.items():
            special(name, wanted, found, place)
    elif isinstance(expect, dict):
        assert isinstance(found, dict), place
        for name, wanted in expect.items():
            match(wanted, found.get(name), f"{place} {name}")
    elif isinstance(expect, list):
        assert isinstance(found, list) and len(found) == len(expect), (place, found)
        for wanted, item in zip(expect, found):
            match(wanted, item, place)
    else:
        assert found == expect and (type(found) is bool) == (type(expect) is bool), place


def special(name: str, wanted: Any, found: Any, place: str) -> None:
    if name == "$size":
        assert len(found) == wanted, place
    elif name == "$first":
        match(wanted, found[0], place)
    elif name == "$prefix":
        assert found.startswith(wanted), place
    elif name == "$contains":
        assert wanted in found, place
    elif name == "$type":
        kinds: dict[str, Any] = {"string": str, "number": (int, float), "array": list}
        assert isinstance(found, kinds[wanted]), place
    else:
        raise AssertionError(f"there is no expectation {name}")
