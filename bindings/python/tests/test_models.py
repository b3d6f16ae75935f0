"""Models written in Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

import karen


@pytest.fixture
def demo() -> Iterator[karen.Karen]:
    with karen.open(":memory:", model=str(ROOT / "tests/model/karen-demo.gguf")) as opened:
        yield opened


def test_a_model_of_ones_own_is_listed_and_loaded(k: karen.Karen) -> None:
    steps: list[str] = []

    class Mine(karen.ModelAdapter):
        context_tokens = 100

        def load(self) -> None:
            steps.append("load")

        def unload(self) -> None:
            steps.append("unload")

        def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
            yield "ok"

    k.models.register("mine", Mine())
    info = k.models.get("mine")
    can = info.capabilities
    assert (can.generate, can.complete, can.tools, can.embed) == (True, True, True, False)
    assert can.context_tokens == 100
    assert (info.state, k.models.default) == ("idle", "mine")
    k.models.load("mine")
    assert k.models.get("mine").state == "warm"
    k.models.unload("mine")
    assert steps == ["load", "unload"]
    assert k.models.remove("mine") and not k.models.remove("mine")


def test_a_model_that_cannot_be_loaded_says_why(k: karen.Karen, words: Any) -> None:
    class Absent(karen.ModelAdapter):
        def load(self) -> None:
            raise FileNotFoundError("no weights here")

    k.models.register("absent", Absent())
    with pytest.raises(karen.ModelLoadError, match="no weights here"):
        k.models.load("absent")


def test_an_embedder_of_ones_own(k: karen.Karen) -> None:
    class Lengths(karen.ModelAdapter):
        def embed(self, texts: Sequence[str]) -> list[list[float]]:
            return [[float(len(text)), 0.0] for text in texts]

    k.models.register("lengths", Lengths())
    assert k.models.embed("lengths", ["four", ""]) == [[1.0, 0.0], [0.0, 0.0]]
    with pytest.raises(karen.UnsupportedError):
        k.session().chat("Hi", model="lengths").text()


def test_a_prompt_that_is_too_long_is_told_apart(k: karen.Karen) -> None:
    class Small(karen.ModelAdapter):
        context_tokens = 8

        def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
            yield "never"

    k.models.register("small", Small())
    assert k.models.count_text("small", "x" * 40) == 10
    with pytest.raises(karen.TooLargeError):
        k.session().generate([{"role": "user", "content": "x" * 40}])


def test_a_model_may_be_written_with_coroutines() -> None:
    class Later(karen.ModelAdapter):
        async def load(self) -> None:
            await asyncio.sleep(0)

        async def generate(self, request: karen.GenerateRequest) -> AsyncIterator[str]:
            for word in ("one ", "two"):
                await asyncio.sleep(0)
                yield word

        async def count(self, request: karen.GenerateRequest) -> int:
            return 3

    async def run() -> None:
        async with karen.AsyncKaren(":memory:") as k:
            k.models.register("later", Later())
            me = await k.session()
            assert await me.chat("Hi").text() == "one two"
            assert await k.models.count_text("later", "x") == 3

    asyncio.run(run())
    with karen.open(":memory:") as k:
        k.models.register("later", Later())
        assert k.session().chat("Hi").text() == "one two"


def test_a_generator_is_closed_when_no_more_is_wanted(k: karen.Karen, words: Any) -> None:
    model = words("word ", endless=True)
    k.models.register("words", model)
    assert k.session().chat("Tell", max_tokens=3).text() == "word word word "
    k.close()
    assert model.closed


def test_what_is_no_piece_is_refused(k: karen.Karen) -> None:
    class Odd(karen.ModelAdapter):
        def generate(self, request: karen.GenerateRequest) -> Any:
            yield 7

    k.models.register("odd", Odd())
    with pytest.raises(karen.KarenError, match="not int"):
        k.session().chat("Hi").text()


def test_a_name_that_is_taken_is_refused(k: karen.Karen, words: Any) -> None:
    k.models.register("words", words("x"))
    with pytest.raises(karen.ConflictError):
        k.models.register("words", words("y"))


def test_the_demonstration_model_answers_from_memory() -> None:
    model = ROOT / "tests/model/karen-demo.gguf"
    with karen.open(":memory:", model=str(model)) as k:
        me = k.session()
        me.remember("My dog is called Biscuit.")
        turn = me.chat("What is my dog called?", max_tokens=32)
        events = list(turn)
        done = events[-1]
        assert isinstance(done, karen.Done) and done.model_answered == "karen-demo"
        assert any(isinstance(event, karen.Recall) and event.items for event in events)
        assert any(isinstance(event, karen.Delta) for event in events)


def test_a_model_file_is_added_kept_and_removed(tmp_path: Path) -> None:
    model = ROOT / "tests/model/karen-demo.gguf"
    with karen.open(tmp_path / "data") as k:
        info = k.models.add(model, "demo")
        assert (info.name, info.format, info.path) == ("demo", "gguf", str(model))
        with pytest.raises(karen.ConflictError):
            k.models.add(model, "demo")
        k.models.add(model, "fleeting", keep=False)
    with karen.open(tmp_path / "data") as k:
        assert [model.name for model in k.models.list()] == ["karen-static", "demo"]
        k.models.set_default("demo")
        assert k.models.default == "demo"
        assert k.models.remove("demo")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF, but no more")
    with karen.open(":memory:") as k, pytest.raises(karen.ModelLoadError):
        k.models.add(tmp_path / "broken.gguf")


@pytest.mark.parametrize(
    ("form", "holds"),
    [
        (karen.Schema({"enum": ["red", "green"]}), lambda text: json.loads(text) in ("red", "green")),
        (karen.Regex("[0-9]{3}"), lambda text: len(text) == 3 and text.isdigit()),
        (karen.Grammar('start: "yes" | "no"'), lambda text: text in ("yes", "no")),
    ],
)
def test_an_answer_keeps_to_its_form(demo: karen.Karen, form: karen.AnswerFormat, holds: Any) -> None:
    said = demo.session().generate([{"role": "user", "content": "Hello!"}], format=form).text()
    assert holds(said), said


def test_a_tool_that_must_be_called_is_called(demo: karen.Karen) -> None:
    city = {
        "type": "object",
        "properties": {"city": {"enum": ["Oslo"]}},
        "required": ["city"],
        "additionalProperties": False,
    }
    tools = [karen.ToolSpec("weather", "Tells the weather.", city), karen.ToolSpec("time", "", city)]
    asked = [{"role": "user", "content": "Hello!"}]
    for chosen in ("required", "weather"):
        shown = tools[:1] if chosen == "required" else tools
        events = list(demo.session().generate(asked, tools=shown, tool_choice=chosen))
        calls = [event for event in events if isinstance(event, karen.ToolCall)]
        assert [call.name for call in calls] == ["weather"], events
    with pytest.raises(karen.InvalidArgumentError):
        demo.session().generate(asked, tools=tools, tool_choice="absent").text()


def test_what_a_model_thinks_is_told_apart_from_what_it_says(k: karen.Karen) -> None:
    class Thinker(karen.ModelAdapter):
        def generate(self, request: karen.GenerateRequest) -> Iterator[str | karen.ReasoningDelta]:
            yield karen.ReasoningDelta("Two and two")
            yield karen.ReasoningDelta(" make four.")
            yield "4"

    k.models.register("thinker", Thinker())
    me = k.session()
    answer = me.generate([{"role": "user", "content": "2+2?"}])
    events = list(answer)
    thoughts = [event.text for event in events if isinstance(event, karen.ReasoningDelta)]
    assert "".join(thoughts) == "Two and two make four."
    assert [event.text for event in events if isinstance(event, karen.Delta)] == ["4"]
    usage = next(event for event in events if isinstance(event, karen.Usage))
    assert usage.completion_tokens == 3
    assert me.chat("2+2?").text() == "4"


def test_an_answer_says_which_model_gives_it_and_why(k: karen.Karen, words: Any) -> None:
    class Absent(karen.ModelAdapter):
        def load(self) -> None:
            raise FileNotFoundError("no weights here")

        def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
            yield "never"

    k.models.register("absent", Absent())
    k.models.register("words", words("hello"))
    k.models.set_route("best", ["absent", "words"], keep=False)
    answer = k.session().generate([{"role": "user", "content": "Hi"}], model="best")
    served = answer.served
    assert (served.asked, served.answered, served.why) == ("best", "words", "fallback")
    assert [passed.model for passed in served.passed_over] == ["absent"]
    assert answer.text() == "hello" and not served.from_cache
    (route,) = k.models.routes()
    assert (route.targets, route.is_kept) == (["absent", "words"], False)
    assert list(route.cooling) == ["absent"]
