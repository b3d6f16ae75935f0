"""Which Karen this is."""

from ._native import version as version

__all__ = ["version"]
