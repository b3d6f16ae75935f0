"""The end of the interpreter, and the beginning of a child process."""

from __future__ import annotations

import atexit
import os
import weakref
from typing import Protocol

from . import _host
from ._native import Karen, forked, leave

CLOSE_SECONDS = 2.0
"""How long the end of the interpreter waits for what is open to close."""
LEAVE_SECONDS = 1.0
"""How long it waits for Karen's threads to be out of the interpreter."""
LOCK = "karen.lock"
DESCRIPTORS = "/proc/self/fd"
"""Where Linux lists what a process has open."""


class Open(Protocol):
    """A Karen that is open."""

    @property
    def _native(self) -> Karen: ...


_open: weakref.WeakSet[Open] = weakref.WeakSet()
_folders: set[str] = set()


def opened(karen: Open) -> None:
    """Remembers what is to be closed at the end."""
    _open.add(karen)
    folder = karen._native.folder()
    if folder is not None:
        _folders.add(folder)


@atexit.register
def _end() -> None:
    """Keeps what running turns have said, and lets no thread come back to a dead interpreter."""
    closing = [karen._native.close() for karen in list(_open)]
    for pending in closing:
        pending.is_ready(CLOSE_SECONDS)
    leave(LEAVE_SECONDS)


def _begin_child() -> None:
    """What the parent has open is the parent's: its folders stay locked by it alone."""
    forked()
    _host.forget_threads()
    _open.clear()
    folders = {os.path.join(folder, LOCK) for folder in _folders}
    _folders.clear()
    if not folders or not os.path.isdir(DESCRIPTORS):
        return
    for entry in os.listdir(DESCRIPTORS):
        try:
            if os.readlink(f"{DESCRIPTORS}/{entry}") in folders:
                os.close(int(entry))
        except OSError:
            # It was the descriptor of the listing itself, which is closed by now.
            continue


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_child)
