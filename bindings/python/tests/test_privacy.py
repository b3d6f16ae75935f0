"""What is kept of people, taken along line by line; erasing is in the shared cases."""

from __future__ import annotations

import asyncio
import json

import pytest

import karen

PASSWORD = "a handful of plain words"


def kinds(lines: list[str]) -> set[str]:
    return {json.loads(line)["kind"] for line in lines}


def test_a_person_takes_along_what_is_kept(k: karen.Karen) -> None:
    token = k.auth.setup_token()
    assert token is not None
    ada = k.auth.set_up(token, email="ada@example.com", name="Ada", password=PASSWORD)
    me = k.session(ada.access)
    me.remember("My dog is called Biscuit.")
    me.chat("Hello there").text()
    lines = list(me.privacy.export())
    assert any("Biscuit" in line for line in lines)
    assert any("Hello there" in line for line in lines)
    assert any("ada@example.com" in line for line in lines)
    assert kinds(lines) < kinds(list(me.privacy.export("default")))


def test_an_api_key_takes_nothing_along(k: karen.Karen) -> None:
    token = k.auth.setup_token()
    assert token is not None
    ada = k.auth.set_up(token, email="ada@example.com", name="Ada", password=PASSWORD)
    key = k.auth.create_api_key(k.session(ada.access), "script")
    with pytest.raises(karen.ForbiddenError):
        list(k.session(key.secret).privacy.export())


def test_the_same_is_taken_along_on_asyncio() -> None:
    async def run() -> list[str]:
        async with karen.AsyncKaren(":memory:") as k:
            token = await k.auth.setup_token()
            assert token is not None
            made = k.auth.set_up(token, email="ada@example.com", name="Ada", password=PASSWORD)
            me = await k.session((await made).access)
            await me.remember("My dog is called Biscuit.")
            return [line async for line in me.privacy.export()]

    assert any("Biscuit" in line for line in asyncio.run(run()))
