"""Models written in Python."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from . import _host
from ._data import ReasoningDelta, ToolCall, Usage
from ._frozen import dataclass

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ._native import Pending, Pieces, Reply

BYTES_A_TOKEN = 4
"""What a token has on average, for models that do not count themselves."""

Said = str | ReasoningDelta | ToolCall | Usage
"""What a model may say: a token's text, a thought, a tool to call, or what the answer took."""


@dataclass(frozen=True)
class GenerateRequest:
    """What a model is asked."""

    messages: list[dict[str, Any]]
    """The chat, each with `role` and `content`; empty when a text is to be continued."""
    tools: list[dict[str, Any]]
    """What may be called, each with `name`, `description` and `parameters`."""
    text: str | None
    """The text to continue, when there is no chat."""
    sampling: dict[str, Any]
    stop: list[str]
    """Texts that end the answer; what comes after one is left out in any case."""
    max_tokens: int | None
    """Pieces of the answer at most; no more are taken."""


class ModelAdapter:
    """A model of your own. Override what it can do; any method may also be a coroutine.

    A text that `generate` yields counts as one token, and so does a thought.
    """

    context_tokens: int = 8192
    """Tokens of prompt and answer together at most."""

    def load(self) -> Any:
        """Makes it ready; called before the first answer."""

    def unload(self) -> Any:
        """Gives its memory back."""

    def generate(self, request: GenerateRequest) -> Iterable[Said] | AsyncIterator[Said]:
        """Answers, token by token. It is closed when no more is wanted."""
        raise NotImplementedError

    def embed(self, texts: Sequence[str]) -> Any:
        """A row of numbers for each text."""
        raise NotImplementedError

    def count(self, request: GenerateRequest) -> Any:
        """Tokens of a prompt; a fourth of its bytes, if you do not know better."""
        said = [message["content"] for message in request.messages]
        size = sum(len(text.encode()) for text in [*said, request.text or ""])
        return -(-size // BYTES_A_TOKEN)


def can(adapter: ModelAdapter, method: str) -> bool:
    """Whether the adapter overrides a method."""
    return getattr(type(adapter), method) is not getattr(ModelAdapter, method)


class Host:
    """What Karen calls of an adapter."""

    def __init__(self, adapter: ModelAdapter, home: AbstractEventLoop | None) -> None:
        self._adapter = adapter
        self._home = home

    def load(self, reply: Reply) -> None:
        self._answer(reply, "load")

    def unload(self, reply: Reply) -> None:
        self._answer(reply, "unload")

    def embed(self, texts: list[str], reply: Reply) -> None:
        self._answer(reply, "embed", texts)

    def count(self, request: dict[str, Any], reply: Reply) -> None:
        self._answer(reply, "count", GenerateRequest(**request))

    def generate(self, request: dict[str, Any], pieces: Pieces) -> None:
        asked = GenerateRequest(**request)
        if inspect.isasyncgenfunction(self._adapter.generate):
            _host.spawn(self._say_async(asked, pieces), self._home, None)
        else:
            _host.threads.run(lambda: self._say(asked, pieces))

    def _answer(self, reply: Reply, method: str, *arguments: object) -> None:
        work = getattr(self._adapter, method)
        name = f"{type(self._adapter).__name__}.{method}"
        if inspect.iscoroutinefunction(work):
            coroutine = _host.answer_async(reply, name, lambda: work(*arguments))
            _host.spawn(coroutine, self._home, reply)
        else:
            _host.threads.run(lambda: _host.answer(reply, name, lambda: work(*arguments)))

    def _say(self, request: GenerateRequest, pieces: Pieces) -> None:
        said: Iterator[Said] | None = None
        try:
            answer = self._adapter.generate(request)
            assert not isinstance(answer, AsyncIterator)
            said = iter(answer)
            for piece in said:
                sent = _put(pieces, piece)
                if not (sent if isinstance(sent, bool) else sent.wait()):
                    break
        except BaseException as error:
            pieces.fail(_host.in_words(error))
        finally:
            pieces.end()
            close = getattr(said, "close", None)
            if close is not None:
                close()

    async def _say_async(self, request: GenerateRequest, pieces: Pieces) -> None:
        from ._wait import arrive

        said: Any = self._adapter.generate(request)
        try:
            async for piece in said:
                sent = _put(pieces, piece)
                if not (sent if isinstance(sent, bool) else await arrive(sent)):
                    break
        except BaseException as error:
            pieces.fail(_host.in_words(error))
        finally:
            pieces.end()
            await said.aclose()


def _put(pieces: Pieces, piece: object) -> bool | Pending:
    if isinstance(piece, str):
        return pieces.text(piece)
    if isinstance(piece, ReasoningDelta):
        return pieces.thought(piece.text)
    if isinstance(piece, ToolCall):
        call = {"id": piece.id, "name": piece.name, "arguments": piece.arguments}
        return pieces.tool_call(call)
    if isinstance(piece, Usage):
        return pieces.usage(piece.prompt_tokens, piece.completion_tokens)
    raise TypeError(f"a model says text, ReasoningDelta, ToolCall or Usage, not {type(piece).__name__}")
