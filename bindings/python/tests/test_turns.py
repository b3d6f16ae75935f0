"""Turns: iterated over, as text, cancelled, listened to again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import karen


def test_a_turn_is_an_iterator_of_typed_events(me: karen.Session) -> None:
    turn = me.chat("Hello")
    events = list(turn)
    assert [event.type for event in events] == ["recall", "delta", "done"]
    assert [type(event) for event in events] == [karen.Recall, karen.Delta, karen.Done]
    assert turn.number == events[-1].number
    assert list(turn) == []


def test_a_turns_text_comes_as_a_stream_or_whole(k: karen.Karen, words: Any) -> None:
    k.models.register("words", words("Once ", "upon ", "a time."))
    me = k.session()
    assert "".join(me.chat("Tell").text_stream()) == "Once upon a time."
    assert me.chat("Tell").text() == "Once upon a time."


def test_a_cancelled_turn_keeps_what_was_said(k: karen.Karen, words: Any) -> None:
    model = words("word ", endless=True)
    k.models.register("words", model)
    me = k.session()
    turn = me.chat("Tell")
    for event in turn:
        if event.type == "delta":
            turn.cancel()
            break
    rest = list(turn)
    assert isinstance(rest[-1], karen.Done) and rest[-1].finish == "cancelled"
    said = me.conversations.messages(turn.conversation).messages[-1]
    assert said.state == "cancelled" and said.content.startswith("word ")


def test_leaving_its_block_cancels_a_turn(k: karen.Karen, words: Any) -> None:
    k.models.register("words", words("word ", endless=True))
    me = k.session()
    with me.chat("Tell") as turn:
        next(turn)
    *_, done = me.resume(turn.id)
    assert isinstance(done, karen.Done) and done.finish == "cancelled"


def test_a_turn_goes_on_without_a_listener_and_is_listened_to_again(
    k: karen.Karen, words: Any
) -> None:
    k.models.register("words", words(*(f"{n} " for n in range(200))))
    me = k.session()
    turn = me.chat("Count")
    seen = []
    for event in turn:
        seen.append(event)
        if event.type == "delta":
            break
    again = me.resume(turn.id, after=turn.number)
    whole = "".join(event.text for event in [*seen, *again] if isinstance(event, karen.Delta))
    assert whole == "".join(f"{n} " for n in range(200))


def test_a_model_that_fails_ends_the_turn_with_its_words(k: karen.Karen) -> None:
    class Broken(karen.ModelAdapter):
        def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
            yield "It was "
            raise ValueError("the ink ran out")

    k.models.register("broken", Broken())
    with pytest.raises(karen.KarenError, match="the ink ran out"):
        k.session().chat("Tell").text()


def test_an_answer_without_a_conversation_is_remembered_by_nobody(
    k: karen.Karen, words: Any
) -> None:
    k.models.register("words", words("tea time"))
    me = k.session()
    answer = me.generate([{"role": "user", "content": "What is it?"}])
    assert answer.model == "words"
    events = list(answer)
    assert [event.type for event in events] == ["delta", "usage", "done"]
    assert k.models.complete("Once").text() == "tea time"
    assert me.memories.list().memories == [] and me.conversations.list().conversations == []


def test_options_reach_the_model(k: karen.Karen) -> None:
    asked: list[karen.GenerateRequest] = []

    class Asked(karen.ModelAdapter):
        def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
            asked.append(request)
            yield from ["one ", "two ", "stop ", "three"]

    k.models.register("asked", Asked())
    me = k.session()
    turn = me.chat("Hi", model="asked", max_tokens=7, temperature=0.5, stop=["stop"])
    assert turn.text() == "one two "
    assert asked[0].max_tokens == 7
    assert asked[0].sampling["temperature"] == 0.5
    assert asked[0].messages[-1]["content"] == "Hi"
    assert me.chat("Hi", max_tokens=1).text() == "one "


def test_one_text_is_no_list_of_texts(me: karen.Session) -> None:
    with pytest.raises(TypeError, match="list of texts"):
        me.remember("x", tags="pets")
    with pytest.raises(TypeError, match="list of texts"):
        me.chat("x", stop="END")


def test_news_come_to_whoever_listens(k: karen.Karen) -> None:
    news = k.events()
    k.session().remember("I like tea.")
    first = next(news)
    assert (first.kind, first.user, first.turn) == ("memory_changed", "local", None)


def test_awaiting_a_turn_starts_it() -> None:
    async def run() -> None:
        async with karen.AsyncKaren(":memory:") as k:
            me = await k.session()
            turn = me.chat("Hello")
            with pytest.raises(karen.InvalidArgumentError, match="start"):
                _ = turn.id
            await turn.start()
            assert turn.id.startswith("turn_")
            assert "No model" in await turn.text()
            async with me.chat("Hello again") as other:
                assert [event.type async for event in other][-1] == "done"

    asyncio.run(run())


def test_cancelling_a_wait_leaves_nothing_behind() -> None:
    class Slow(karen.ModelAdapter):
        async def generate(self, request: karen.GenerateRequest) -> Any:
            while True:
                yield "word "
                await asyncio.sleep(0.001)

    async def run() -> None:
        async with karen.AsyncKaren(":memory:") as k:
            k.models.register("slow", Slow())
            me = await k.session()
            turn = await me.chat("Tell").start()
            reader = asyncio.create_task(turn.text())
            await asyncio.sleep(0.05)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            turn.cancel()
            events = [event async for event in await me.resume(turn.id)]
            assert events[-1].type == "done"

    asyncio.run(run())


def test_a_handle_that_is_not_open_says_so() -> None:
    with pytest.raises(karen.InvalidArgumentError, match="not open"):
        karen.AsyncKaren(":memory:").tools()
