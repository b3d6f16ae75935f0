"""What operations give: plain, frozen data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypedDict

from ._errors import KarenError, of_failure


@dataclass(frozen=True)
class RecalledItem:
    """A memory that matters to a question, and why."""

    id: str
    speaker: str
    text: str
    at: int
    """Unix milliseconds when it was said."""
    score: float
    """Comparable within one recall only."""
    terms: list[str]
    """The words that matched it."""
    channels: dict[str, float]
    """How much each channel of ranking gave it."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> RecalledItem:
        fields: dict[str, Any] = {**data, "channels": dict(data["channels"])}
        return cls(**fields)


@dataclass(frozen=True)
class Memory:
    """One thing remembered."""

    id: str
    kind: str
    """`fact` or `turn`."""
    session: str | None
    """The conversation that it was said in."""
    speaker: str
    text: str
    caption: str | None
    tags: list[str]
    source: str | None
    """What it was made from, such as a message's id."""
    at: int
    """Unix milliseconds when it was said."""


@dataclass(frozen=True)
class MemoryPage:
    """A part of the memories, newest first."""

    memories: list[Memory]
    next: str | None
    """Where the next page starts; `None` at the end."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> MemoryPage:
        return cls([Memory(**memory) for memory in data["memories"]], data["next"])


@dataclass(frozen=True)
class Remembered:
    """What came of remembering a note."""

    id: str
    stored: bool
    """`False` when the same was remembered already."""
    reinforces: str | None
    """The memory that it says again."""
    supersedes: list[str]
    """Memories that hold no longer, because this one took their place."""
    conflicts: list[str]
    """Memories that cannot be true together with this one."""
    refusal: str | None
    """Why it was not kept, such as `same` or `consent`."""


@dataclass(frozen=True)
class Conversation:
    """A conversation."""

    id: str
    title: str
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class Message:
    """A message of a conversation."""

    id: str
    turn: str | None
    role: Literal["user", "assistant"]
    content: str
    state: Literal["complete", "cancelled", "interrupted", "failed"]
    model: str | None
    created_at: int


@dataclass(frozen=True)
class ConversationPage:
    """A part of the conversations, last used first."""

    conversations: list[Conversation]
    next: str | None
    """Where the next page starts, for `Conversations.list`; None at the end."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> ConversationPage:
        found = [Conversation(**conversation) for conversation in data["conversations"]]
        return cls(found, data["next"])


@dataclass(frozen=True)
class MessagePage:
    """A part of a conversation, oldest message first."""

    messages: list[Message]
    has_earlier: bool
    """Whether others came before these."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> MessagePage:
        return cls([Message(**message) for message in data["messages"]], data["has_earlier"])


@dataclass(frozen=True)
class TurnInfo:
    """A turn as the log keeps it."""

    id: str
    conversation: str
    message: str
    answer: str
    prompt: str
    remember: bool
    """Whether memory is given it and the answer."""
    state: Literal["running", "finished"]
    created_at: int


@dataclass(frozen=True)
class UsageTotal:
    """What was used."""

    turns: int
    tokens: int


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    conversations: int
    messages: int
    skipped: int


@dataclass(frozen=True)
class Capabilities:
    """What a model can do."""

    generate: bool
    complete: bool
    """Continues plain text."""
    embed: bool
    tools: bool
    """Asks for tools."""
    tool_choice: bool
    """Can be made to ask for a tool."""
    images: bool
    formats: bool
    """Keeps an answer to JSON, or to a schema."""
    exact_counts: bool
    """Whether counts of tokens are the model's own; others are estimates."""
    context_tokens: int


@dataclass(frozen=True)
class ModelInfo:
    """A model."""

    name: str
    format: str
    path: str | None
    architecture: str | None
    size_bytes: int
    remote: Mapping[str, Any] | None
    """Where a provider runs it."""
    context_tokens: int
    capabilities: Capabilities
    state: Literal["absent", "idle", "warm"]

    @classmethod
    def _of(cls, data: dict[str, Any]) -> ModelInfo:
        fields: dict[str, Any] = {**data, "capabilities": Capabilities(**data["capabilities"])}
        return cls(**fields)


@dataclass(frozen=True)
class ToolSpec:
    """What a tool says of itself."""

    name: str
    description: str
    parameters: dict[str, Any]
    """The JSON schema of its arguments, an object."""


@dataclass(frozen=True)
class Check:
    """How one part is doing."""

    status: Literal["ok", "degraded", "failed"]
    detail: str


@dataclass(frozen=True)
class Health:
    """How each part is doing."""

    database: Check
    memory: Check
    models: Check

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Health:
        return cls(**{part: Check(**check) for part, check in data.items()})

    @property
    def status(self) -> Literal["ok", "degraded", "failed"]:
        """The worst of the parts."""
        found = {self.database.status, self.memory.status, self.models.status}
        return "failed" if "failed" in found else "degraded" if "degraded" in found else "ok"


@dataclass(frozen=True)
class Account:
    """An account as others may see it."""

    id: str
    tenant: str
    email: str
    name: str
    role: str
    state: str
    created_at: int


@dataclass(frozen=True)
class SignedIn:
    """What somebody gets who has signed in. Its text shows no secret."""

    access: str = dataclasses.field(repr=False)
    """Opens sessions for some minutes."""
    refresh: str = dataclasses.field(repr=False)
    """Fetches the next tokens, once."""
    expires_in: float
    """Seconds that `access` is good for."""
    account: Account

    @classmethod
    def _of(cls, data: dict[str, Any]) -> SignedIn:
        fields: dict[str, Any] = {**data, "account": Account(**data["account"])}
        return cls(**fields)


@dataclass(frozen=True)
class SignInSession:
    """One device that has signed in."""

    id: str
    device: str | None
    created_at: int
    refreshed_at: int
    expires_at: int
    is_current: bool


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret."""

    id: str
    name: str
    prefix: str
    permissions: list[str]
    created_at: int
    last_used_at: int | None
    expires_at: int | None


@dataclass(frozen=True)
class MadeApiKey:
    """An API key that was just made; its secret is shown here and never again."""

    key: ApiKey
    secret: str = dataclasses.field(repr=False)

    @classmethod
    def _of(cls, data: dict[str, Any]) -> MadeApiKey:
        return cls(ApiKey(**data["key"]), data["secret"])


@dataclass(frozen=True)
class AuditEntry:
    """An entry of the audit log."""

    number: int
    at: int
    action: str
    outcome: Literal["allowed", "refused"]
    actor: str | None
    subject: str | None
    address: str | None
    hash: str


@dataclass(frozen=True)
class News:
    """Something that happened to somebody's data."""

    tenant: str
    user: str
    kind: Literal["turn_finished", "memory_changed"]
    turn: str | None


@dataclass(frozen=True)
class Failure:
    """What ended a turn that failed."""

    code: str
    message: str

    def error(self) -> KarenError:
        """It as an exception."""
        return of_failure(self.code, self.message, False, "", None, [])


@dataclass(frozen=True)
class Recall:
    """What memory brought to a turn, best first."""

    type: ClassVar[Literal["recall"]] = "recall"
    items: list[RecalledItem]
    number: int = 0


@dataclass(frozen=True)
class Delta:
    """A piece of an answer."""

    type: ClassVar[Literal["delta"]] = "delta"
    text: str
    number: int = 0


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model wants called."""

    type: ClassVar[Literal["tool_call"]] = "tool_call"
    id: str
    name: str
    arguments: dict[str, Any]
    number: int = 0


@dataclass(frozen=True)
class ToolResult:
    """What a tool gave back."""

    type: ClassVar[Literal["tool_result"]] = "tool_result"
    id: str
    content: str
    failed: bool
    number: int = 0


@dataclass(frozen=True)
class Usage:
    """Tokens of one round with a model."""

    type: ClassVar[Literal["usage"]] = "usage"
    prompt_tokens: int
    completion_tokens: int
    number: int = 0


@dataclass(frozen=True)
class Done:
    """The end of a turn."""

    type: ClassVar[Literal["done"]] = "done"
    message_id: str
    finish: str
    """`stop`, `length`, `tool_rounds`, `cancelled`, `interrupted`, `no_model` or `failed`."""
    model_asked: str | None
    model_answered: str | None
    model_why: Literal["named", "default", "routed", "fallback"] | None
    """Why it is this one."""
    error: Failure | None
    number: int = 0


@dataclass(frozen=True)
class Finished:
    """The end of an answer without a conversation."""

    type: ClassVar[Literal["done"]] = "done"
    finish: Literal["stop", "length", "tool_calls", "cancelled"]


TurnEvent = Recall | Delta | ToolCall | ToolResult | Usage | Done
"""What a turn says, each with its `type` and its `number`."""

Event = Delta | ToolCall | Usage | Finished
"""What an answer without a conversation says."""


class Sampling(TypedDict, total=False):
    """How the next token is chosen; what is not said is as core has it."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float
    repeat_penalty: float
    presence_penalty: float
    frequency_penalty: float
    seed: int | None


def turn_event(data: dict[str, Any]) -> TurnEvent:
    """The event that a turn said."""
    kind = data.pop("type")
    if kind == "delta":
        return Delta(data["text"], data["number"])
    if kind == "recall":
        return Recall([RecalledItem._of(item) for item in data["items"]], data["number"])
    if kind == "done":
        error = data.pop("error")
        return Done(**data, error=error and Failure(**error))
    kinds: dict[str, type[ToolCall | ToolResult | Usage]] = {
        "tool_call": ToolCall,
        "tool_result": ToolResult,
        "usage": Usage,
    }
    return kinds[kind](**data)


def answer_event(data: dict[str, Any]) -> Event:
    """The event that an answer said."""
    kinds: dict[str, type[Event]] = {
        "delta": Delta,
        "tool_call": ToolCall,
        "usage": Usage,
        "done": Finished,
    }
    return kinds[data.pop("type")](**data)


def options(**values: object) -> dict[str, Any]:
    """What was said of `values`; the rest is as configured."""
    return {name: value for name, value in values.items() if value is not None}


def texts(values: Iterable[str], name: str) -> list[str]:
    """A list of texts. One text is no list of its letters."""
    if isinstance(values, str):
        raise TypeError(f"{name} is a list of texts, not one text")
    return list(values)


def plain(values: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Tools as plain data."""
    return [dataclasses.asdict(value) for value in values]
