"""Python functions as tools: their schema from annotations and docstring."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, Generic, Literal, ParamSpec, TypeVar, Union, overload

P = ParamSpec("P")
R = TypeVar("R")

_PLAIN: dict[object, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    tuple: "array",
    dict: "object",
    type(None): "null",
}


class Tool(Generic[P, R]):
    """A function that a model may call in a turn, and you by hand."""

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> None:
        summary, arguments = _read_docstring(inspect.getdoc(function) or "")
        self.function = function
        self.name = name or function.__name__
        self.description = description or summary
        self.parameters = _schema(function, arguments)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    function: None = None, /, *, name: str | None = None, description: str | None = None
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
) -> Tool[P, R] | Callable[[Callable[P, R]], Tool[P, R]]:
    """Makes a tool of a function, sync or async.

    Its parameters' annotations become the schema, its docstring the description; lines such as
    `zone: where` under `Args:` describe the parameters.
    """

    def make(function: Callable[P, R]) -> Tool[P, R]:
        return Tool(function, name=name, description=description)

    return make if function is None else make(function)


def _schema(function: Callable[..., Any], described: dict[str, str]) -> dict[str, Any]:
    hints = typing.get_type_hints(function, include_extras=True)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{function.__name__}: a tool names each of its parameters")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(f"{function.__name__}: {name} must be callable by its name")
        properties[name] = _of_type(hints.get(name, Any))
        if name in described:
            properties[name].setdefault("description", described[name])
        if parameter.default is parameter.empty:
            required.append(name)
        elif _is_plain(parameter.default):
            properties[name]["default"] = parameter.default
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _of_type(hint: Any) -> dict[str, Any]:
    if hint is Any:
        return {}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        texts = [text for text in arguments[1:] if isinstance(text, str)]
        return {**_of_type(arguments[0]), **({"description": texts[0]} if texts else {})}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_type(argument) for argument in arguments]}
    if origin in (list, set, frozenset) or _is_sequence(origin):
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is dict or _is_mapping(origin):
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    if typing.is_typeddict(hint):
        fields = typing.get_type_hints(hint, include_extras=True)
        properties = {name: _of_type(field) for name, field in fields.items()}
        required = sorted(hint.__required_keys__)
        return {"type": "object", "properties": properties, "required": required}
    raise TypeError(f"{hint!r} has no JSON schema: use str, int, list[...], Literal[...] and such")


def _is_sequence(origin: Any) -> bool:
    from collections.abc import Sequence

    return isinstance(origin, type) and issubclass(origin, Sequence)


def _is_mapping(origin: Any) -> bool:
    from collections.abc import Mapping

    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """What comes before `Args:`, and what stands there of each parameter."""
    head, _, rest = text.partition("\nArgs:\n")
    described: dict[str, str] = {}
    for line in rest.splitlines():
        if line and not line.startswith(" "):
            break
        name, colon, about = line.strip().partition(":")
        if colon and name.split("(")[0].strip().isidentifier():
            described[name.split("(")[0].strip()] = about.strip()
    return head.strip(), described
