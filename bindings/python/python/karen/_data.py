"""What operations give: plain, frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypedDict

from ._errors import KarenError, of_code, of_failure
from ._frozen import dataclass


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
class MemoryUsage:
    """How often a memory was of use."""

    count: int
    last_at: int | None
    """Unix milliseconds of the last time."""


@dataclass(frozen=True)
class Memory:
    """One thing remembered. Times are unix milliseconds."""

    id: str
    kind: Literal["fact", "turn", "instruction", "summary"]
    session: str | None
    """The conversation that it belongs to."""
    agent: str | None
    """The assistant or program that wrote it."""
    speaker: str
    text: str
    caption: str | None
    tags: list[str]
    source: str | None
    """What it was made from, such as a message's id."""
    at: int
    """When it was said."""
    importance: float
    """How much it matters, 0 to 1."""
    pinned: bool
    """Never ages, and is never cleaned up."""
    valid_from: int
    """From when it holds."""
    valid_to: int | None
    """Just before when it still holds; `None` while no end is known."""
    recorded_at: int
    """When it was written."""
    retired_at: int | None
    """When it became known that it holds no longer, or never did."""
    archived_at: int | None
    """When cleaning up put it away."""
    superseded_by: str | None
    """The memory that took its place."""
    usage: MemoryUsage
    metadata: dict[str, Any]
    """The program's own."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Memory:
        fields: dict[str, Any] = {**data, "usage": MemoryUsage(**data["usage"])}
        return cls(**fields)


@dataclass(frozen=True)
class MemoryPage:
    """A part of the memories, newest first."""

    memories: list[Memory]
    next: str | None
    """Where the next page starts; `None` at the end."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> MemoryPage:
        return cls([Memory._of(memory) for memory in data["memories"]], data["next"])


@dataclass(frozen=True)
class Found:
    """A memory that a search found, and why."""

    memory: Memory
    score: float
    """Comparable within one search only."""
    terms: list[str]
    """Stems of the query that it shares."""
    channels: dict[str, float]
    """How much each channel of ranking gave it."""
    cosine: float | None
    """How alike the meanings are, -1 to 1; `None` where they were not compared."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Found:
        why: dict[str, Any] = {**data["why"], "channels": dict(data["why"]["channels"])}
        return cls(memory=Memory._of(data["record"]), score=data["score"], **why)


@dataclass(frozen=True)
class Pack:
    """Memories as lines of a prompt."""

    text: str
    tokens: int
    ids: list[str]
    """The memories in the lines, in their order."""


@dataclass(frozen=True)
class SearchResult:
    """What a search found."""

    items: list[Found]
    """Best first; empty when nothing is relevant."""
    instructions: list[Memory]
    """The standing instructions, whatever the question."""
    missing: list[str]
    """Channels of ranking that could not be asked."""
    pack: Pack | None
    """Lines of a prompt, if asked for."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> SearchResult:
        return cls(
            items=[Found._of(item) for item in data["items"]],
            instructions=[Memory._of(memory) for memory in data["instructions"]],
            missing=data["missing"],
            pack=Pack(**data["pack"]) if data["pack"] else None,
        )


@dataclass(frozen=True)
class Version:
    """What a memory was before a change."""

    version: int
    """Counts from 1."""
    changed_at: int
    change: Literal["edited", "superseded", "retired", "archived", "restored"]
    """What ended this version."""
    memory: Memory

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Version:
        fields: dict[str, Any] = {**data, "memory": Memory._of(data["record"])}
        del fields["record"]
        return cls(**fields)


@dataclass(frozen=True)
class Link:
    """One memory says something of another."""

    source: str
    target: str
    relation: Literal["supersedes", "conflicts", "evidence"]


@dataclass(frozen=True)
class Inspection:
    """A memory with everything that is known of it."""

    memory: Memory
    history: list[Version]
    """What it was before each of its changes, oldest first."""
    links: list[Link]
    """What it says of others, and others of it."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Inspection:
        return cls(
            memory=Memory._of(data["record"]),
            history=[Version._of(version) for version in data["history"]],
            links=[Link(one["from"], one["to"], one["relation"]) for one in data["links"]],
        )


@dataclass(frozen=True)
class MemoryReport:
    """A question about all memories that everybody has."""

    name: str
    about: str
    """What it tells."""
    sql: str
    """The question itself."""


@dataclass(frozen=True)
class MemoryAnswer:
    """What a question about all memories is answered."""

    columns: list[str]
    rows: list[list[Any]]
    """A value for each column; times are RFC 3339, and what JSON has no form for is a string."""
    truncated: bool
    """Whether there are more rows than the 10,000 that are given."""
    behind: int
    """Changes of memories that the answer does not know of yet."""


@dataclass(frozen=True)
class MemoryStats:
    """How much is remembered. Memories of one sort may be of another too."""

    records: int
    facts: int
    turns: int
    instructions: int
    summaries: int
    present: int
    """Neither over, nor retired, nor put away."""
    pinned: int
    superseded: int
    archived: int
    first_at: int | None
    last_at: int | None


@dataclass(frozen=True)
class Retention:
    """Days that memories are kept after their last use; `None` keeps them for good."""

    short_days: int | None = None
    """What matters little: an importance below 0.5."""
    medium_days: int | None = None
    """What nobody rated."""
    long_days: int | None = None
    """What matters: an importance of 0.8 or more."""
    grace_days: int = 30
    """Days that a memory stays put away, and can be restored."""


@dataclass(frozen=True)
class Cleanup:
    """What cleaning up did."""

    archived: int
    """Put away, and can be restored."""
    purged: int
    """Forgotten for good."""


@dataclass(frozen=True)
class Consolidated:
    """What consolidating did."""

    examined: int
    added: int
    superseded: int
    refused: int


@dataclass(frozen=True)
class MemoriesImported:
    """What came of an import of memories."""

    stored: int
    """Those that were not there before."""
    known: int
    """Those that were, by their id or by what they say."""


class Note(TypedDict, total=False):
    """Something to remember with others; `text` is needed."""

    text: str
    instruction: bool
    speaker: str
    tags: list[str]
    source: str
    at: int
    importance: float
    pinned: bool
    valid_from: int
    valid_to: int
    metadata: dict[str, Any]
    idempotency_key: str


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
    instance: str
    """Which of the instances that share a database runs it."""


@dataclass(frozen=True)
class UsageTotal:
    """What was used."""

    turns: int
    tokens: int
    cost_micros: int
    """What the tokens cost, in millionths of the unit that prices are in."""


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
    rerank: bool
    """Scores documents for a query."""
    tools: bool
    """Asks for tools."""
    tool_choice: bool
    """Can be made to ask for a tool."""
    images: bool
    formats: bool
    """Keeps an answer to JSON, or to a schema."""
    grammars: bool
    """Keeps an answer to a regular expression, or to a grammar."""
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
    quantization: str | None
    """How its numbers are packed, such as `Q4_K_M`."""
    parameters: int
    """Numbers that it consists of; 0 where that is not known."""
    memory_bytes: int
    """Bytes that it takes in memory when it is loaded, as estimated."""
    is_pinned: bool
    """Whether it is unloaded for no other."""
    remote: Mapping[str, Any] | None
    """Where a provider runs it."""
    context_tokens: int
    capabilities: Capabilities
    state: Literal["absent", "idle", "loading", "warm", "evicting", "failed"]
    failure: str | None
    """Why it did not load, where it failed."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> ModelInfo:
        fields: dict[str, Any] = {**data, "capabilities": Capabilities(**data["capabilities"])}
        return cls(**fields)


@dataclass(frozen=True)
class RefusedModel:
    """A file or folder that looks like a model and was not added."""

    path: str
    code: str
    message: str


@dataclass(frozen=True)
class ScannedModels:
    """What a look into a folder found."""

    added: list[ModelInfo]
    """The models that were not known before."""
    refused: list[RefusedModel]

    @classmethod
    def _of(cls, data: dict[str, Any]) -> ScannedModels:
        added = [ModelInfo._of(model) for model in data["added"]]
        return cls(added, [RefusedModel(**refused) for refused in data["refused"]])


@dataclass(frozen=True)
class PullStep:
    """How far a pull is. The last one, `done`, has the model."""

    type: Literal["listed", "fetched", "checking", "done"]
    bytes: int = 0
    """Bytes of all files."""
    done_bytes: int = 0
    """Bytes of them that are here."""
    file: str | None = None
    """The file that grows, or is compared with its checksum."""
    files: int = 0
    commit: str | None = None
    model: ModelInfo | None = None

    @classmethod
    def _of(cls, data: dict[str, Any]) -> PullStep:
        values = dict(data)
        if values.get("model") is not None:
            values["model"] = ModelInfo._of(values["model"])
        return cls(**values)


class Price(TypedDict):
    """What tokens cost, in millionths of a currency unit for a million of them."""

    prompt_micros: int
    completion_micros: int


@dataclass(frozen=True)
class RouteInfo:
    """A name that stands for models."""

    name: str
    choose: Literal["order", "balance", "split"]
    """How the first target is chosen: the first one, in turn, or by user. The others follow."""
    targets: list[str]
    """Models, or further routes."""
    weights: list[int]
    """Shares, one a target; equal if empty."""
    is_kept: bool
    """Whether it is there after this Karen is closed."""
    cooling: dict[str, float]
    """Models behind it that failed, and seconds for which they are still passed over."""


@dataclass(frozen=True)
class PassedOver:
    """A model that a route passed over."""

    model: str
    reason: str


@dataclass(frozen=True)
class Served:
    """Which model answers, and why that one."""

    asked: str | None
    answered: str
    why: Literal["named", "default", "routed", "fallback"]
    passed_over: list[PassedOver]
    """Those that a route would have preferred."""
    from_cache: bool
    is_similar: bool
    """Whether it was given to another question, which means the same."""
    """Whether the answer was given before, and the model was not asked again."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Served:
        passed_over = [PassedOver(**model) for model in data["passed_over"]]
        fields: dict[str, Any] = {**data, "passed_over": passed_over}
        return cls(**fields)


@dataclass(frozen=True)
class ToolSpec:
    """What a tool says of itself."""

    name: str
    description: str
    parameters: dict[str, Any]
    """The JSON schema of its arguments, an object."""


@dataclass(frozen=True)
class Schema:
    """The form of an answer that is JSON and validates."""

    schema: dict[str, Any]
    """A JSON schema."""
    name: str = "answer"
    strict: bool = True
    """Whether a provider must hold to every word of it; some can do so for plain schemas only."""


@dataclass(frozen=True)
class Regex:
    """The form of an answer that matches an expression as a whole; for models that run here."""

    pattern: str
    """In the syntax of Rust's `regex`, without look-around and anchors."""


@dataclass(frozen=True)
class Grammar:
    """The form of an answer that belongs to a grammar; for models that run here."""

    text: str
    """In llguidance's variant of Lark; its rule `start` is the answer."""


AnswerFormat = Literal["text", "json"] | Schema | Regex | Grammar
"""What an answer must be: anything, a JSON object, or of a form."""


@dataclass(frozen=True)
class Check:
    """How one part is doing."""

    status: Literal["ok", "degraded", "failed"]
    detail: str


@dataclass(frozen=True)
class ServerCheck:
    """How a server is doing that instances share."""

    name: str
    status: Literal["ok", "degraded", "failed"]
    detail: str
    waiting_users: int
    lag_ms: int


@dataclass(frozen=True)
class AnalyticsCheck:
    """What reports and questions have not been brought yet; a question brings it."""

    waiting_users: int
    lag_ms: int


@dataclass(frozen=True)
class Health:
    """How each part is doing."""

    database: Check
    memory: Check
    models: Check
    servers: tuple[ServerCheck, ...]
    analytics: AnalyticsCheck | None
    """`None` where they are off, as in this package."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Health:
        servers = tuple(ServerCheck(**server) for server in data.pop("servers"))
        lag = data.pop("analytics")
        analytics = AnalyticsCheck(**lag) if lag else None
        parts = {part: Check(**check) for part, check in data.items()}
        return cls(servers=servers, analytics=analytics, **parts)

    @property
    def status(self) -> Literal["ok", "degraded", "failed"]:
        """The worst of the parts."""
        parts = {self.database.status, self.memory.status, self.models.status}
        found = parts | {server.status for server in self.servers}
        return "failed" if "failed" in found else "degraded" if "degraded" in found else "ok"


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
class ReasoningDelta:
    """A piece of what a model thinks before it answers."""

    type: ClassVar[Literal["reasoning_delta"]] = "reasoning_delta"
    text: str


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

Event = Delta | ReasoningDelta | ToolCall | Usage | Finished
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
        "reasoning_delta": ReasoningDelta,
        "tool_call": ToolCall,
        "usage": Usage,
        "done": Finished,
    }
    return kinds[data.pop("type")](**data)


def options(**values: object) -> dict[str, Any]:
    """What was said of `values`; the rest is as configured."""
    return {name: value for name, value in values.items() if value is not None}


def size(limit: int) -> int:
    """A limit that can be passed on, to be told what it may be."""
    if not 0 <= limit < 1 << 32:
        raise of_code("INVALID_ARGUMENT", f"a limit of {limit} is out of range")
    return limit


def texts(values: Iterable[str], name: str) -> list[str]:
    """A list of texts. One text is no list of its letters."""
    if isinstance(values, str):
        raise TypeError(f"{name} is a list of texts, not one text")
    return list(values)


def plain(values: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Tools as plain data."""
    import dataclasses

    return [dataclasses.asdict(value) for value in values]


def form(value: AnswerFormat | None) -> object:
    """The form of an answer as plain data."""
    import dataclasses

    match value:
        case Schema():
            return {"schema": dataclasses.asdict(value)}
        case Regex(pattern):
            return {"regex": pattern}
        case Grammar(text):
            return {"grammar": text}
        case _:
            return value


def choice(value: str | None) -> object:
    """Whether a tool must be called, as plain data; what is no word for it is a tool's name."""
    return value if value in (None, "auto", "required") else {"named": value}
