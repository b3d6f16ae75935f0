"""Karen for programs that block: scripts, notebooks, Streamlit."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar, overload

from . import _duckdb, _host, _life, _native
from ._accounts import Auth, Mail, Roles, SecondFactors, Tenants
from ._data import (
    AnswerFormat,
    Cleanup,
    Consolidated,
    Conversation,
    ConversationPage,
    Delta,
    Done,
    Event,
    Health,
    Imported,
    Inspection,
    MemoriesImported,
    Memory,
    MemoryAnswer,
    MemoryPage,
    MemoryReport,
    MemoryStats,
    MessagePage,
    ModelInfo,
    News,
    Note,
    Price,
    PullStep,
    RecalledItem,
    Remembered,
    Retention,
    RouteInfo,
    Sampling,
    ScannedModels,
    SearchResult,
    Served,
    ToolSpec,
    TurnEvent,
    TurnInfo,
    UsageTotal,
    answer_event,
    choice,
    form,
    options,
    plain,
    size,
    texts,
    turn_event,
)
from ._errors import of_code
from ._privacy import Privacy

if TYPE_CHECKING:
    from ._model import ModelAdapter
    from ._tool import Tool

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E")

_EXPORTED_AT_ONCE = 200
"""Memories that an export reads at once."""

Setting = str | int | float | bool
"""What a setting may be."""


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    **settings: Setting,
) -> Karen:
    """Opens Karen on a data folder; see `Karen`."""
    return Karen(path, config=config, **settings)


class Karen:
    """Karen, opened. Any thread may use it; nothing of it needs an event loop.

    `path` is the data folder, `./karen-data` if not said; `":memory:"` keeps nothing. `config` is a
    karen.toml, which is read with the `KAREN_*` variables. Settings win over both, by their names
    in the file with `_` for the dot: `chat_temperature=0.2`. Short names are `model` (a GGUF file
    that answers while no other model has been added), `instructions` and `start`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        config: str | os.PathLike[str] | None = None,
        **settings: Setting,
    ) -> None:
        if path is not None:
            settings = {"data.folder": os.fsdecode(path), **settings}
        file = None if config is None else os.fsdecode(config)
        self._native: _native.Karen = _native.open(file, settings, _duckdb.library()).wait()
        _life.opened(self)
        self._place = self._native.folder() or ":memory:"

    def __repr__(self) -> str:
        return f"<Karen in {self._place}>"

    def session(self, token: str | None = None) -> Session:
        """What one person does: whoever `token`, an access token or an API key, belongs to.

        Without a token it is the only user of a program for one person.
        """
        return Session(self._native.session(token).wait(), self)

    @property
    def models(self) -> Models:
        """The models."""
        return Models(self._native.models())

    @property
    def auth(self) -> Auth:
        """Accounts and sign-ins."""
        return Auth(self._native.accounts())

    @property
    def second_factors(self) -> SecondFactors:
        """Second factors of accounts."""
        return SecondFactors(self._native.second_factors())

    @property
    def roles(self) -> Roles:
        """Roles that tenants make for themselves."""
        return Roles(self._native.roles())

    @property
    def tenants(self) -> Tenants:
        """Tenants."""
        return Tenants(self._native.tenants())

    @property
    def mail(self) -> Mail:
        """Invitations, and links that are mailed."""
        return Mail(self._native.mail())

    @property
    def folder(self) -> str | None:
        """The data folder; `None` when everything is in memory."""
        return self._native.folder()

    @property
    def config(self) -> dict[str, Any]:
        """The configuration in use; secrets are `***`."""
        config: dict[str, Any] = self._native.config()
        return config

    @overload
    def tool(self, function: Callable[P, R], /) -> Tool[P, R]: ...
    @overload
    def tool(
        self, function: None = None, /, *, name: str | None = None, description: str | None = None
    ) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
    def tool(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> Any:
        """Makes a tool of a function, and lets turns call it from the next one on."""
        from ._tool import tool as make_tool

        def make(function: Callable[..., Any]) -> Tool[..., Any]:
            return self.register(make_tool(name=name, description=description)(function))

        return make if function is None else make(function)

    def register(self, tool: Tool[P, R]) -> Tool[P, R]:
        """Lets turns call a tool from the next one on."""
        spec = {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
        }
        self._native.register_tool(spec, _host.call_tool(tool, _host.running_loop()))
        return tool

    def unregister(self, name: str) -> bool:
        """Takes a tool away; `False` if there was none."""
        return self._native.unregister_tool(name)

    def tools(self) -> list[ToolSpec]:
        """What each tool says of itself."""
        return [ToolSpec(**spec) for spec in self._native.tools()]

    def live_turns(self) -> int:
        """How many turns are running."""
        return self._native.live_turns()

    def health(self) -> Health:
        """How each part is doing, found out by asking it."""
        return Health._of(self._native.health().wait())

    def verify(self) -> None:
        """Checks that the database is whole, page by page."""
        self._native.verify().wait()

    def events(self) -> Events:
        """What happens from here on, to whomever."""
        return Events(self._native.events().wait())

    def close(self) -> None:
        """Stops the running turns, keeps what they said, and gives the folder free."""
        self._native.close().wait()

    def __enter__(self) -> Karen:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Session:
    """Karen on behalf of one person: nothing of anybody else can be reached through it."""

    def __init__(self, native: _native.Session, karen: Karen) -> None:
        self._native = native
        # While somebody has a session, the end of the interpreter closes what it belongs to.
        self._karen = karen
        whose = native.whose()
        self.user: str = whose["user"]
        self.tenant: str = whose["tenant"]
        self.role: str = whose["role"]
        self.permissions: list[str] = whose["permissions"]
        self.conversations = Conversations(native)
        self.memories = Memories(native.memories())
        self.privacy = Privacy(native.privacy())

    def __repr__(self) -> str:
        return f"<Session of {self.user} in {self.tenant}, {self.role}>"

    def chat(
        self,
        message: str,
        *,
        conversation: str | None = None,
        model: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        sampling: Sampling | None = None,
        stop: Sequence[str] = (),
        remember: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Turn:
        """Says something. The message is durable when this returns, and the turn goes on by itself.

        Iterate over the turn for its events, `text_stream()` for the answer's text as it comes,
        `text()` for all of it. Leaving it early does not stop it; `cancel()` and leaving its `with`
        block do.
        """
        chosen = options(
            conversation=conversation,
            model=model,
            max_tokens=max_tokens,
            sampling=_sampling(temperature, sampling),
            stop=texts(stop, "stop"),
            remember=remember,
            idempotency_key=idempotency_key,
        )
        return Turn(self._native.chat(message, chosen).wait())

    def resume(self, turn: str, after: int = 0) -> Turn:
        """Listens to a turn again, from the event after number `after`."""
        return Turn(self._native.resume(turn, after).wait())

    def turn(self, turn: str) -> TurnInfo:
        """One turn as the log keeps it."""
        return TurnInfo(**self._native.turn(turn).wait())

    def cancel(self, turn: str) -> bool:
        """Stops a turn; what it said is kept. `False` if it was over."""
        stopped: bool = self._native.cancel(turn).wait()
        return stopped

    def remember(
        self,
        text: str,
        *,
        tags: Iterable[str] = (),
        instruction: bool = False,
        conversation: str | None = None,
        speaker: str | None = None,
        source: str | None = None,
        at: int | None = None,
        importance: float | None = None,
        pinned: bool = False,
        valid_from: int | None = None,
        valid_to: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Remembered:
        """Remembers a note; the next recall finds it. Times are unix milliseconds.

        An `instruction` says how to behave, and comes with every recall. What is written again with
        the same `idempotency_key` is written once.
        """
        note = options(
            tags=texts(tags, "tags"),
            instruction=instruction,
            conversation=conversation,
            speaker=speaker,
            source=source,
            at=at,
            importance=importance,
            pinned=pinned,
            valid_from=valid_from,
            valid_to=valid_to,
            metadata=None if metadata is None else dict(metadata),
            idempotency_key=idempotency_key,
        )
        return Remembered(**self._native.remember(text, note).wait())

    def recall(self, query: str, *, limit: int = 10) -> list[RecalledItem]:
        """What is relevant to `query`, best first; 1 to 200 at most."""
        found = self._native.recall(query, size(limit)).wait()
        return [RecalledItem._of(item) for item in found]

    def forget(self, memory: str) -> bool:
        """Forgets a memory for good; `False` if there was none."""
        forgotten: bool = self._native.forget(memory).wait()
        return forgotten

    def usage(self, since: int = 0) -> UsageTotal:
        """What was used at or after `since`, unix milliseconds."""
        return UsageTotal(**self._native.usage(since).wait())

    def import_history(
        self, text: str, *, on_progress: Callable[[int, int], object] | None = None
    ) -> Imported:
        """Takes over a chat history: OpenAI's `conversations.json`, or JSON lines.

        `on_progress` is called with the conversations dealt with, and how many there are.
        """
        return Imported(**self._native.import_history(text, on_progress).wait())

    def generate(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        model: str | None = None,
        tools: Sequence[ToolSpec] = (),
        tool_choice: str | None = None,
        format: AnswerFormat | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        sampling: Sampling | None = None,
        stop: Sequence[str] = (),
    ) -> Answer:
        """Answers a chat that you keep yourself: nothing is remembered or recalled.

        `tool_choice` is `auto`, `required`, or the name of the tool that must be called; `format` is
        what the answer must be: `json`, or a `Schema`, `Regex` or `Grammar`.
        """
        chosen = options(
            model=model,
            tools=plain(tools),
            tool_choice=choice(tool_choice),
            format=form(format),
            max_tokens=max_tokens,
            sampling=_sampling(temperature, sampling),
            stop=texts(stop, "stop"),
        )
        return Answer(self._native.generate(list(messages), chosen).wait())


class Conversations:
    """The conversations of one person."""

    def __init__(self, native: _native.Session) -> None:
        self._native = native

    def create(self, title: str) -> Conversation:
        """Begins a conversation without saying anything yet."""
        return Conversation(**self._native.create_conversation(title).wait())

    def list(self, *, after: str | None = None, limit: int = 50) -> ConversationPage:
        """A page of up to 200, last used first; `after` is the `next` of the page before."""
        return ConversationPage._of(self._native.list_conversations(after, size(limit)).wait())

    def get(self, conversation: str) -> Conversation:
        """One conversation."""
        return Conversation(**self._native.conversation(conversation).wait())

    def messages(
        self, conversation: str, *, before: str | None = None, limit: int = 1000
    ) -> MessagePage:
        """The last messages of a conversation, or the last before one of them; oldest first."""
        return MessagePage._of(self._native.messages(conversation, before, size(limit)).wait())

    def running_turn(self, conversation: str) -> str | None:
        """The turn that is running in a conversation, for `resume`."""
        turn: str | None = self._native.running_turn(conversation)
        return turn

    def rename(self, conversation: str, title: str) -> None:
        """Renames a conversation."""
        self._native.rename_conversation(conversation, title).wait()

    def delete(self, conversation: str) -> bool:
        """Deletes a conversation; what was remembered of it stays until it is forgotten."""
        deleted: bool = self._native.delete_conversation(conversation).wait()
        return deleted


class Memories:
    """What is remembered for one person."""

    def __init__(self, native: _native.Memories) -> None:
        self._native = native

    def list(self, *, after: str | None = None, limit: int = 50) -> MemoryPage:
        """A page, newest first; `after` is the `next` of the page before."""
        return MemoryPage._of(self._native.list(after, size(limit)).wait())

    def get(self, memory: str) -> Memory:
        """One memory."""
        return Memory._of(self._native.one(memory).wait())

    def inspect(self, memory: str) -> Inspection:
        """One memory, what it was, and what it has to do with others."""
        return Inspection._of(self._native.inspect(memory).wait())

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        skip: int = 0,
        conversation: str | None = None,
        kinds: Iterable[str] | None = None,
        tags: Iterable[str] = (),
        sources: Iterable[str] = (),
        agent: str | None = None,
        said_from: int | None = None,
        said_before: int | None = None,
        importance_min: float = 0.0,
        as_of: int | tuple[int, int] | None = None,
        include_superseded: bool = False,
        score_min: float | None = None,
        hop: bool = False,
        relevant_only: bool = True,
        pack_tokens: int | None = None,
    ) -> SearchResult:
        """What matters most to `query`, and why. Times are unix milliseconds.

        `as_of` asks memory as it was: what held then, as it was known then or at a second time.
        `hop` follows names, for questions whose answer lies in two places. `pack_tokens` asks for
        lines of a prompt.
        """
        chosen = options(
            limit=limit,
            skip=skip,
            conversation=conversation,
            kinds=None if kinds is None else texts(kinds, "kinds"),
            tags=texts(tags, "tags"),
            sources=texts(sources, "sources"),
            agent=agent,
            said_from=said_from,
            said_before=said_before,
            importance_min=importance_min,
            as_of=[as_of, as_of] if isinstance(as_of, int) else as_of and list(as_of),
            include_superseded=include_superseded,
            score_min=score_min,
            hop=hop,
            relevant_only=relevant_only,
            pack_tokens=pack_tokens,
        )
        return SearchResult._of(self._native.search(query, chosen).wait())

    def remember_all(
        self, notes: Iterable[Note], *, conversation: str | None = None
    ) -> Sequence[Remembered]:
        """Remembers 1,000 notes at most, all or none of those that are news; answers in order."""
        said = [dict(note) for note in notes]
        words = [str(note.pop("text")) for note in said]
        kept = self._native.remember_all(words, said, conversation).wait()
        return [Remembered(**one) for one in kept]

    def update(
        self,
        memory: str,
        *,
        text: str | None = None,
        tags: Iterable[str] | None = None,
        importance: float | None = None,
        pinned: bool | None = None,
        valid_from: int | None = None,
        valid_to: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Memory:
        """Corrects a memory, and keeps what it was; what is not said stays."""
        patch = options(
            text=text,
            tags=None if tags is None else texts(tags, "tags"),
            importance=importance,
            pinned=pinned,
            valid_from=valid_from,
            valid_to=valid_to,
            metadata=None if metadata is None else dict(metadata),
        )
        return Memory._of(self._native.update(memory, patch).wait())

    def feedback(
        self, memory: str, feedback: Literal["used", "ignored", "wrong"]
    ) -> Memory:
        """Learns from what somebody thinks of a memory that was recalled."""
        return Memory._of(self._native.feedback(memory, feedback).wait())

    def restore(self, memory: str) -> Memory:
        """Brings a memory back from where cleaning up put it."""
        return Memory._of(self._native.restore(memory).wait())

    def forget_all(self) -> int:
        """Forgets everything; gives how much that was."""
        forgotten: int = self._native.forget_all().wait()
        return forgotten

    def erase(self) -> int:
        """Erases everything that memory holds, decisions too; gives how many memories that were."""
        erased: int = self._native.erase().wait()
        return erased

    def stats(self) -> MemoryStats:
        """How much is remembered."""
        return MemoryStats(**self._native.stats().wait())

    def reports(self) -> Sequence[MemoryReport]:
        """Questions that everybody has, to ask with `report`, or to begin one of your own from."""
        return [MemoryReport(**report) for report in self._native.reports()]

    def report(self, name: str, *, of: Literal["user", "tenant"] = "user") -> MemoryAnswer:
        """Answers a report, by its name. It takes DuckDB: `pip install karen-ai[analytics]`."""
        return MemoryAnswer(**self._native.report(name, of).wait())

    def ask(self, question: str, *, of: Literal["user", "tenant"] = "user") -> MemoryAnswer:
        """Answers a `SELECT` in DuckDB's SQL. It takes DuckDB: `pip install karen-ai[analytics]`.

        The tables hold no word of what is remembered. `memories` has `user_id`, `id`, `kind`, `session`,
        `agent`, `said_at`, `recorded_at`, `valid_from`, `valid_to`, `retired_at`, `archived_at`,
        `superseded_by`, `importance`, `pinned`, `uses`, `used_at`, `bytes`, `tags` and `proofs`; `recalls`
        has `user_id`, `hour`, `recalls`, `hits`, `items` and `partial`. `of` is whose rows are seen: one's
        own, or everybody's in the tenant, for who may see its accounts.
        """
        return MemoryAnswer(**self._native.ask(question, of).wait())

    def consent(self, *, conversation: str | None = None) -> bool:
        """Whether anything may be remembered, or what is said in a conversation."""
        may: bool = self._native.consent(conversation).wait()
        return may

    def set_consent(self, remember: bool, *, conversation: str | None = None) -> None:
        """Decides that from now on. A refusal for everything holds in every conversation."""
        self._native.set_consent(remember, conversation).wait()

    def retention(self) -> Retention:
        """How long memories are kept."""
        return Retention(**self._native.retention().wait())

    def set_retention(
        self,
        *,
        short_days: int | None = None,
        medium_days: int | None = None,
        long_days: int | None = None,
        grace_days: int = 30,
    ) -> None:
        """Decides that; `None` keeps for good. `clean_up()` acts on it."""
        wish = {
            "short_days": short_days,
            "medium_days": medium_days,
            "long_days": long_days,
            "grace_days": grace_days,
        }
        self._native.set_retention(wish).wait()

    def clean_up(self) -> Cleanup:
        """Puts away what is kept no longer, and forgets what has been away for long enough."""
        return Cleanup(**self._native.clean_up().wait())

    def consolidate(self) -> Consolidated:
        """Adds what the notes since the last time have in common; the notes stay."""
        return Consolidated(**self._native.consolidate().wait())

    def export(self) -> Iterator[str]:
        """Everything, a line of JSON for each memory with all that became of it."""
        after: str | None = None
        while True:
            page = self._native.export(after, _EXPORTED_AT_ONCE).wait()
            yield from page["lines"]
            after = page["next"]
            if after is None:
                return

    def import_lines(self, lines: Iterable[str]) -> MemoriesImported:
        """Keeps what `export()` gave, all or nothing; what is there stays as it is."""
        given = texts(lines, "lines")
        return MemoriesImported(**self._native.import_lines(given).wait())


class Models:
    """The models."""

    def __init__(self, native: _native.Models) -> None:
        self._native = native

    def list(self) -> Sequence[ModelInfo]:
        """Every model, in the order of adding."""
        return [ModelInfo._of(model) for model in self._native.list()]

    def get(self, name: str | None = None) -> ModelInfo:
        """One model; the default one if none is named."""
        return ModelInfo._of(self._native.get(name))

    @property
    def default(self) -> str | None:
        """The model that answers when none is named."""
        return self._native.default_name()

    def set_default(self, name: str) -> None:
        """Sets the model that answers when none is named, and keeps that."""
        self._native.set_default(name)

    def add(
        self, path: str | os.PathLike[str], name: str | None = None, *, keep: bool = True
    ) -> ModelInfo:
        """Adds a GGUF file or a folder of safetensors, which stays; unless `keep`, until Karen closes."""
        return ModelInfo._of(self._native.add(os.fsdecode(path), name, keep).wait())

    def add_remote(
        self,
        model: str,
        name: str | None = None,
        *,
        provider: Literal["openai", "gemini"] = "openai",
        base_url: str | None = None,
        key_env: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        context_tokens: int | None = None,
        embeds: bool | None = None,
        reasons: bool = False,
        answers_whole: bool = False,
        price: Price | None = None,
        keep: bool = True,
    ) -> ModelInfo:
        """Adds a model that a provider runs, which is not asked; unless `keep`, until Karen closes.

        `provider` is `openai`, also for servers that speak as OpenAI does (give their `base_url`), or
        `gemini`. The key is read from the variable `key_env` or the file `key_file`; the provider's
        usual variable if none of the three is given. It is never kept.
        """
        remote = options(
            model=model,
            provider=provider,
            base_url=base_url,
            key_env=key_env,
            key_file=None if key_file is None else os.fsdecode(key_file),
            context_tokens=context_tokens,
            embeds=embeds,
            reasons=reasons,
            answers_whole=answers_whole,
            price=price,
        )
        return ModelInfo._of(self._native.add_remote(name, remote, keep))

    def scan(self, folder: str | os.PathLike[str], *, keep: bool = True) -> ScannedModels:
        """Adds every model of a folder that is not known yet; unless `keep`, until Karen closes.

        The GGUF files in it and in the folders in it, and those of these folders that hold safetensors.
        """
        return ScannedModels._of(self._native.scan(os.fsdecode(folder), keep).wait())

    def set_pinned(self, name: str, is_pinned: bool = True) -> ModelInfo:
        """Keeps a model loaded once it is, or lets it be unloaded for others."""
        return ModelInfo._of(self._native.set_pinned(name, is_pinned))

    def memory(self) -> tuple[int, int | None]:
        """Bytes that the loaded models take, as estimated, and those that they may take together."""
        loaded, most = self._native.memory()
        return loaded, most

    def pull(self, model: str, name: str | None = None) -> Pull:
        """Pulls a model from the hub, such as `hf:org/repo` or `hf:org/repo:Q4_K_M`.

        It is fetched while the steps are read, compared with the hub's checksums, and added. What is
        dropped half-way goes on from there when it is pulled again.
        """
        return Pull(self._native.pull(model, name))

    def routes(self) -> Sequence[RouteInfo]:
        """The names that stand for models, by name."""
        return [RouteInfo(**route) for route in self._native.routes()]

    def set_route(
        self,
        name: str,
        targets: Iterable[str],
        *,
        choose: Literal["order", "balance", "split"] = "order",
        weights: Sequence[int] = (),
        keep: bool = True,
    ) -> None:
        """Sets what a name stands for; unless `keep`, until Karen closes.

        `choose` says which target is asked first: the first, each in turn, or by user and always the
        same; `weights` are shares, one a target. The others are asked when it fails.
        """
        route = {
            "targets": texts(targets, "targets"),
            "choose": choose,
            "weights": list(weights),
        }
        self._native.set_route(name, route, keep)

    def remove_route(self, name: str) -> bool:
        """Takes a route away; its models stay. `False` if there was none."""
        return self._native.remove_route(name)

    def register(self, name: str, adapter: ModelAdapter) -> None:
        """Makes a model of your own usable like any other, until Karen closes."""
        from ._model import Host, can

        host = Host(adapter, _host.running_loop())
        generates, embeds = can(adapter, "generate"), can(adapter, "embed")
        self._native.register(name, host, generates, embeds, adapter.context_tokens)

    def remove(self, name: str) -> bool:
        """Takes a model away; its file stays. `False` if there was none."""
        removed: bool = self._native.remove(name).wait()
        return removed

    def load(self, name: str) -> None:
        """Loads a model now instead of at its first use."""
        self._native.load(name).wait()

    def unload(self, name: str) -> None:
        """Gives a model's memory back; it loads again at its next use."""
        self._native.unload(name).wait()

    def embed(self, name: str, values: Iterable[str]) -> Sequence[Sequence[float]]:
        """Embeds each text, L2-normalised."""
        rows: list[list[float]] = self._native.embed(name, texts(values, "values")).wait()
        return rows

    def rerank(self, name: str, query: str, documents: Iterable[str]) -> Sequence[float]:
        """Scores each document by how well it answers the query, 0 to 1, in the documents' order."""
        pending = self._native.rerank(name, query, texts(documents, "documents"))
        scores: list[float] = pending.wait()
        return scores

    def count_text(self, name: str, text: str) -> int:
        """Tokens of a text."""
        count: int = self._native.count_text(name, text).wait()
        return count

    def count_prompt(
        self,
        name: str,
        messages: Sequence[dict[str, Any]],
        *,
        tools: Sequence[ToolSpec] = (),
    ) -> int:
        """Tokens of a chat in the model's own template."""
        prompt = [dict(message) for message in messages]
        count: int = self._native.count_prompt(name, prompt, plain(tools)).wait()
        return count

    def complete(
        self,
        prompt: str,
        *,
        model: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        sampling: Sampling | None = None,
        stop: Sequence[str] = (),
    ) -> Answer:
        """Continues a text; no chat template is applied."""
        chosen = options(
            model=model,
            max_tokens=max_tokens,
            sampling=_sampling(temperature, sampling),
            stop=texts(stop, "stop"),
        )
        return Answer(self._native.complete(prompt, chosen).wait())


class _Stream(Generic[E]):
    """Events one by one, of which some come in a hop."""

    def __init__(self, native: Any, read: Callable[[dict[str, Any]], E]) -> None:
        self._native = native
        self._read = read
        self._hop: deque[dict[str, Any]] = deque()
        self._is_over = False

    def __iter__(self) -> Iterator[E]:
        return self

    def __next__(self) -> E:
        if not self._hop and not self._is_over:
            self._hop.extend(self._native.next().wait())
            self._is_over = not self._hop
        if not self._hop:
            raise StopIteration
        return self._read(self._hop.popleft())


class Turn(_Stream[TurnEvent]):
    """A turn that is listened to: an iterator of its events, which ends after `Done`."""

    def __init__(self, native: _native.Turn) -> None:
        super().__init__(native, turn_event)
        self.id: str = native.id
        """The turn, for `Session.resume`."""
        self.conversation: str = native.conversation
        """Where it takes place, for the next `Session.chat`."""
        self.number = 0
        """The last event that was read, for `Session.resume`."""

    def __next__(self) -> TurnEvent:
        event = super().__next__()
        self.number = event.number
        return event

    def text_stream(self) -> Iterator[str]:
        """The answer's text as it comes. Raises what ended the turn if it failed."""
        for event in self:
            if isinstance(event, Delta):
                yield event.text
            elif isinstance(event, Done) and event.error is not None:
                raise of_code(event.error.code, event.error.message)

    def text(self) -> str:
        """The whole answer, waited for."""
        return "".join(self.text_stream())

    def cancel(self) -> None:
        """Stops the turn; what it said is kept."""
        self._native.cancel()

    def __enter__(self) -> Turn:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()


class Answer(_Stream[Event]):
    """An answer without a conversation: an iterator of its events. Dropping it ends it."""

    def __init__(self, native: _native.Answer) -> None:
        super().__init__(native, answer_event)
        self.model: str = native.model
        """The model that answers."""

    @property
    def served(self) -> Served:
        """Which model answers, and why that one."""
        return Served._of(self._native.served())

    def text_stream(self) -> Iterator[str]:
        """The answer's text as it comes."""
        for event in self:
            if isinstance(event, Delta):
                yield event.text

    def text(self) -> str:
        """The whole answer, waited for."""
        return "".join(self.text_stream())

    def cancel(self) -> None:
        """Ends the answer; its last events still come."""
        self._native.cancel()


class Pull(_Stream[PullStep]):
    """A model on its way from a hub: an iterator of its steps. Dropping it ends it."""

    def __init__(self, native: _native.Pull) -> None:
        super().__init__(native, PullStep._of)

    def model(self) -> ModelInfo:
        """The model, waited for."""
        for step in self:
            if step.model is not None:
                return step.model
        raise ValueError("the steps were read before: the last of them has the model")


class Events(_Stream[News]):
    """News of what happens. It ends when Karen closes."""

    def __init__(self, native: _native.Events) -> None:
        super().__init__(native, lambda news: News(**news))


def _sampling(temperature: float | None, sampling: Sampling | None) -> Sampling | None:
    if temperature is None:
        return sampling
    return {**(sampling or {}), "temperature": temperature}
