"""Where DuckDB is, which comes with `pip install karen-ai[analytics]`."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder

MODULE = "_duckdb"
"""The native module of the package `duckdb`."""


def library() -> str | None:
    """The file of DuckDB's library; `None` where it is not installed. It is not loaded by that."""
    loaded = sys.modules.get(MODULE)
    if loaded is not None:
        return loaded.__file__
    found = PathFinder.find_spec(MODULE)
    return None if found is None else found.origin
