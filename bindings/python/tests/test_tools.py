"""Tools: their schema, and calls by a model and by hand."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Optional, TypedDict

import pytest

import karen


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Place(TypedDict):
    city: str
    zip: int


def schema(function: Any) -> Any:
    return karen.tool(function).parameters


def test_a_schema_is_made_of_annotations_and_docstring() -> None:
    @karen.tool
    def book(city: str, nights: int = 1, when: Annotated[str, "a day"] = "today") -> str:
        """Books a room.

        Args:
            city: where to sleep
            nights (int): how long

        Returns:
            a confirmation: never this
        """
        return f"{city} {nights} {when}"

    assert (book.name, book.description) == ("book", "Books a room.")
    assert book.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "where to sleep"},
            "nights": {"type": "integer", "description": "how long", "default": 1},
            "when": {"type": "string", "description": "a day", "default": "today"},
        },
        "required": ["city"],
    }
    assert book("Rome", nights=2) == "Rome 2 today"


@pytest.mark.parametrize(
    ("hint", "expect"),
    [
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (list[str], {"type": "array", "items": {"type": "string"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Colour, {"enum": ["red", "blue"]}),
        (Any, {}),
        (
            Place,
            {
                "type": "object",
                "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}},
                "required": ["city", "zip"],
            },
        ),
    ],
)
def test_each_annotation_has_its_schema(hint: Any, expect: Any) -> None:
    def function(value: Any) -> None: ...

    function.__annotations__["value"] = hint
    assert schema(function)["properties"]["value"] == expect


def test_what_has_no_schema_is_refused() -> None:
    def socket(value: object) -> None: ...
    def spread(*values: int) -> None: ...
    def placed(value: int, /) -> None: ...

    for function in (socket, spread, placed):
        with pytest.raises(TypeError):
            karen.tool(function)


def test_a_name_that_will_not_do_is_refused(k: karen.Karen) -> None:
    with pytest.raises(karen.InvalidArgumentError):
        k.tool(name="no spaces")(lambda: None)
    k.tool(name="taken")(lambda: None)
    with pytest.raises(karen.ConflictError):
        k.tool(name="taken")(lambda: None)
    assert k.unregister("taken") and not k.unregister("taken")


class Caller(karen.ModelAdapter):
    """Calls a tool, then says what it was told."""

    def __init__(self, name: str, **arguments: Any) -> None:
        self.call = karen.ToolCall("call_1", name, arguments)

    def generate(self, request: karen.GenerateRequest) -> Iterator[str | karen.ToolCall]:
        told = [message for message in request.messages if message["role"] == "tool"]
        if told:
            yield told[-1]["content"]
        else:
            yield self.call


def called(k: karen.Karen, name: str, **arguments: Any) -> karen.ToolResult:
    k.models.register("caller", Caller(name, **arguments))
    turn = k.session().chat("Do it")
    return next(event for event in turn if isinstance(event, karen.ToolResult))


def test_a_model_calls_a_function(k: karen.Karen) -> None:
    @k.tool
    def add(a: int, b: int) -> int:
        return a + b

    assert k.tools()[0].name == "add"
    result = called(k, "add", a=2, b=3)
    assert (result.content, result.failed) == ("5", False)


def test_a_model_calls_a_coroutine_from_a_blocking_program(k: karen.Karen) -> None:
    @k.tool
    async def later(word: str) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"word": word}

    assert called(k, "later", word="tea").content == '{"word":"tea"}'


def test_a_coroutine_runs_on_the_loop_it_was_registered_on() -> None:
    loops: list[object] = []

    async def run() -> None:
        async with karen.AsyncKaren(":memory:") as k:

            @k.tool
            async def where() -> str:
                loops.append(asyncio.get_running_loop())
                return "here"

            k.models.register("caller", Caller("where"))
            me = await k.session()
            assert await me.chat("Do it").text() == "here"
            loops.append(asyncio.get_running_loop())

    asyncio.run(run())
    assert loops[0] is loops[1]


def test_what_a_tool_raises_is_told_to_the_model(k: karen.Karen) -> None:
    @k.tool
    def broken() -> str:
        raise LookupError("the drawer is empty")

    result = called(k, "broken")
    assert result.failed and result.content == "LookupError: the drawer is empty"


def test_wrong_arguments_are_told_to_the_model(k: karen.Karen) -> None:
    @k.tool
    def add(a: int) -> int:
        return a

    result = called(k, "add", b=1)
    assert result.failed and "unexpected keyword argument" in result.content


def test_wrong_arguments_of_a_coroutine_are_told_too(k: karen.Karen) -> None:
    @k.tool
    async def add(a: int) -> int:
        return a

    result = called(k, "add", b=1)
    assert result.failed and "unexpected keyword argument" in result.content


def test_what_is_no_json_is_told_to_the_model(k: karen.Karen) -> None:
    @k.tool
    def strange() -> object:
        return object()

    result = called(k, "strange")
    assert result.failed and "not JSON" in result.content


def test_a_tool_calls_karen(k: karen.Karen) -> None:
    me = k.session()

    @k.tool
    def note(text: str) -> str:
        me.remember(text)
        return me.recall("boat")[0].text

    assert called(k, "note", text="My boat is called Anna.").content == "My boat is called Anna."


def test_a_tool_that_takes_too_long_is_left() -> None:
    import threading

    release = threading.Event()
    with karen.open(":memory:", chat_tool_seconds=1) as k:

        @k.tool
        def slow() -> str:
            release.wait()
            return "late"

        result = called(k, "slow")
        release.set()
    assert result.failed and "longer than 1 s" in result.content
