"""Frozen dataclasses that are made when the first instance is.

Making one takes long, and so does the import of `dataclasses`: together more than all else of opening
Karen. A program has use for few of them. To type checkers they are what they come to be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
else:
    from threading import Lock

    _making = Lock()

    class _Field:
        """What `field` was told, until it is one."""

        def __init__(self, **options):
            self.options = options

    field = _Field

    def dataclass(**options):
        """As `dataclasses.dataclass`, later."""

        def put_off(kind):
            def first(cls, *arguments, **named):
                with _making:
                    if kind.__new__ is first:
                        _make(kind, options)
                return object.__new__(cls)

            kind.__new__ = first
            return kind

        return put_off

    def _make(kind, options):
        import dataclasses

        for name, value in list(vars(kind).items()):
            if isinstance(value, _Field):
                setattr(kind, name, dataclasses.field(**value.options))
        dataclasses.dataclass(**options)(kind)
        # It stays: a class that loses its own does not get that of `object` back.
        kind.__new__ = _plain_new

    def _plain_new(cls, *arguments, **named):
        return object.__new__(cls)
