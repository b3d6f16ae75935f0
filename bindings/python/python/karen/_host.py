"""Python's side of calls that Karen makes.

Synchronous functions run on daemon threads of Python's own, coroutines on the loop that was running
when they were registered, or else on a private one. A thread of Karen's only hands the work over:
the interpreter may end while a function sleeps, and a daemon thread takes that calmly.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from ._native import Reply
    from ._tool import Tool


class Threads:
    """Daemon threads that run what they are given; as many as there is to run at once."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def run(self, work: Callable[[], object]) -> None:
        """Runs `work` soon. It catches what it raises."""
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._work.put(work)
                return
        threading.Thread(target=self._serve, args=(work,), name="karen-host", daemon=True).start()

    def _serve(self, work: Callable[[], object]) -> None:
        while True:
            work()
            with self._lock:
                self._idle += 1
            work = self._work.get()


class Loop:
    """An event loop on a daemon thread, made when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: AbstractEventLoop | None = None

    def get(self) -> AbstractEventLoop:
        """The loop, running."""
        import asyncio

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="karen-loop", daemon=True
                ).start()
            return self._loop


threads = Threads()
private_loop = Loop()


def forget_threads() -> None:
    """In a child process none of the parent's threads is there."""
    global threads, private_loop
    threads, private_loop = Threads(), Loop()


def running_loop() -> AbstractEventLoop | None:
    """The loop of whoever is calling, if there is one."""
    import sys

    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def spawn(
    coroutine: Coroutine[Any, Any, Any], home: AbstractEventLoop | None, reply: Reply | None
) -> None:
    """Runs a coroutine on its home loop while that runs; ends it when nobody waits any more."""
    import asyncio

    loop = home if home is not None and home.is_running() else private_loop.get()
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    if reply is not None:
        reply.when_abandoned(future.cancel)


def answer(reply: Reply, name: str, work: Callable[[], object]) -> None:
    """Replies with what `work` returns, or with what it raises."""
    try:
        reply.send(work())
    except BaseException as error:
        fail(reply, name, error)


async def answer_async(reply: Reply, name: str, work: Callable[[], Awaitable[object]]) -> None:
    """As `answer`, for a coroutine function."""
    try:
        reply.send(await work())
    except BaseException as error:
        fail(reply, name, error)
        if not isinstance(error, Exception):
            raise


def fail(reply: Reply, name: str, error: BaseException) -> None:
    """Tells the model what was raised, and the program's log where."""
    import logging

    logging.getLogger("karen").warning("%s failed", name, exc_info=error)
    reply.fail(in_words(error))


def in_words(error: BaseException) -> str:
    """What a model or a person can act on."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def call_tool(
    tool: Tool[Any, Any], home: AbstractEventLoop | None
) -> Callable[[dict[str, Any], str, Reply], None]:
    """What Karen calls when a model calls `tool`."""

    def call(arguments: dict[str, Any], user: str, reply: Reply) -> None:
        if tool.is_async:
            coroutine = answer_async(reply, tool.name, lambda: tool(**arguments))
            spawn(coroutine, home, reply)
        else:
            threads.run(lambda: answer(reply, tool.name, lambda: tool(**arguments)))

    return call
