"""Karen for programs on an event loop: the same classes, with awaitables and async iterators."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar, overload

from . import _duckdb, _host, _life
from . import _native as _ext
from ._accounts_async import AsyncAuth, AsyncMail, AsyncRoles, AsyncSecondFactors, AsyncTenants
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
from ._sync import _EXPORTED_AT_ONCE, Setting, _sampling
from ._wait import arrive
from ._privacy_async import AsyncPrivacy

if TYPE_CHECKING:
    from ._model import ModelAdapter
    from ._tool import Tool

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E")


class AsyncKaren:
    """Karen for `asyncio`: as `Karen`, with awaitables and async iterators; use `async with`.

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
        self._file = None if config is None else os.fsdecode(config)
        self._settings = settings
        self._opened: _ext.Karen | None = None
        self._place = "no folder yet"

    def __repr__(self) -> str:
        return f"<AsyncKaren in {self._place}>"

    @classmethod
    async def open(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        config: str | os.PathLike[str] | None = None,
        **settings: Setting,
    ) -> AsyncKaren:
        """Opens Karen without a `with` block; `close` it."""
        return await cls(path, config=config, **settings).__aenter__()

    @property
    def _native(self) -> _ext.Karen:
        if self._opened is None:
            raise of_code("INVALID_ARGUMENT", "it is not open: use `async with`, or `open`")
        return self._opened

    async def session(self, token: str | None = None) -> AsyncSession:
        """What one person does: whoever `token`, an access token or an API key, belongs to.

        Without a token it is the only user of a program for one person.
        """
        return AsyncSession(await arrive(self._native.session(token)), self)

    @property
    def models(self) -> AsyncModels:
        """The models."""
        return AsyncModels(self._native.models())

    @property
    def auth(self) -> AsyncAuth:
        """Accounts and sign-ins."""
        return AsyncAuth(self._native.accounts())

    @property
    def second_factors(self) -> AsyncSecondFactors:
        """Second factors of accounts."""
        return AsyncSecondFactors(self._native.second_factors())

    @property
    def roles(self) -> AsyncRoles:
        """Roles that tenants make for themselves."""
        return AsyncRoles(self._native.roles())

    @property
    def tenants(self) -> AsyncTenants:
        """Tenants."""
        return AsyncTenants(self._native.tenants())

    @property
    def mail(self) -> AsyncMail:
        """Invitations, and links that are mailed."""
        return AsyncMail(self._native.mail())

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

    async def health(self) -> Health:
        """How each part is doing, found out by asking it."""
        return Health._of(await arrive(self._native.health()))

    async def verify(self) -> None:
        """Checks that the database is whole, page by page."""
        await arrive(self._native.verify())

    async def events(self) -> AsyncEvents:
        """What happens from here on, to whomever."""
        return AsyncEvents(await arrive(self._native.events()))

    async def close(self) -> None:
        """Stops the running turns, keeps what they said, and gives the folder free."""
        await arrive(self._native.close())

    async def __aenter__(self) -> AsyncKaren:
        if self._opened is None:
            self._opened = await arrive(_ext.open(self._file, self._settings, _duckdb.library()))
            _life.opened(self)
            self._place = self._native.folder() or ":memory:"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class AsyncSession:
    """Karen on behalf of one person: nothing of anybody else can be reached through it."""

    def __init__(self, native: _ext.Session, karen: AsyncKaren) -> None:
        self._native = native
        # While somebody has a session, the end of the interpreter closes what it belongs to.
        self._karen = karen
        whose = native.whose()
        self.user: str = whose["user"]
        self.tenant: str = whose["tenant"]
        self.role: str = whose["role"]
        self.permissions: list[str] = whose["permissions"]
        self.conversations = AsyncConversations(native)
        self.memories = AsyncMemories(native.memories())
        self.privacy = AsyncPrivacy(native.privacy())

    def __repr__(self) -> str:
        return f"<AsyncSession of {self.user} in {self.tenant}, {self.role}>"

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
    ) -> AsyncTurn:
        """Says something: when the turn is first awaited, entered or iterated over.

        Iterate over it for its events, `text_stream()` for the answer's text as it comes, await
        `text()` for all of it, or `start()` to have its id. Leaving it early does not stop it;
        `cancel()` and leaving its `async with` block do.
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
        return AsyncTurn(lambda: self._native.chat(message, chosen))

    async def resume(self, turn: str, after: int = 0) -> AsyncTurn:
        """Listens to a turn again, from the event after number `after`."""
        return await AsyncTurn(lambda: self._native.resume(turn, after)).start()

    async def turn(self, turn: str) -> TurnInfo:
        """One turn as the log keeps it."""
        return TurnInfo(**await arrive(self._native.turn(turn)))

    async def cancel(self, turn: str) -> bool:
        """Stops a turn; what it said is kept. `False` if it was over."""
        stopped: bool = await arrive(self._native.cancel(turn))
        return stopped

    async def remember(
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
        return Remembered(**await arrive(self._native.remember(text, note)))

    async def recall(self, query: str, *, limit: int = 10) -> list[RecalledItem]:
        """What is relevant to `query`, best first; 1 to 200 at most."""
        found = await arrive(self._native.recall(query, size(limit)))
        return [RecalledItem._of(item) for item in found]

    async def forget(self, memory: str) -> bool:
        """Forgets a memory for good; `False` if there was none."""
        forgotten: bool = await arrive(self._native.forget(memory))
        return forgotten

    async def usage(self, since: int = 0) -> UsageTotal:
        """What was used at or after `since`, unix milliseconds."""
        return UsageTotal(**await arrive(self._native.usage(since)))

    async def import_history(
        self, text: str, *, on_progress: Callable[[int, int], object] | None = None
    ) -> Imported:
        """Takes over a chat history: OpenAI's `conversations.json`, or JSON lines.

        `on_progress` is called with the conversations dealt with, and how many there are.
        """
        return Imported(**await arrive(self._native.import_history(text, on_progress)))

    async def generate(
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
    ) -> AsyncAnswer:
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
        return AsyncAnswer(await arrive(self._native.generate(list(messages), chosen)))


class AsyncConversations:
    """The conversations of one person."""

    def __init__(self, native: _ext.Session) -> None:
        self._native = native

    async def create(self, title: str) -> Conversation:
        """Begins a conversation without saying anything yet."""
        return Conversation(**await arrive(self._native.create_conversation(title)))

    async def list(self, *, after: str | None = None, limit: int = 50) -> ConversationPage:
        """A page of up to 200, last used first; `after` is the `next` of the page before."""
        return ConversationPage._of(await arrive(self._native.list_conversations(after, size(limit))))

    async def get(self, conversation: str) -> Conversation:
        """One conversation."""
        return Conversation(**await arrive(self._native.conversation(conversation)))

    async def messages(
        self, conversation: str, *, before: str | None = None, limit: int = 1000
    ) -> MessagePage:
        """The last messages of a conversation, or the last before one of them; oldest first."""
        return MessagePage._of(await arrive(self._native.messages(conversation, before, size(limit))))

    def running_turn(self, conversation: str) -> str | None:
        """The turn that is running in a conversation, for `resume`."""
        turn: str | None = self._native.running_turn(conversation)
        return turn

    async def rename(self, conversation: str, title: str) -> None:
        """Renames a conversation."""
        await arrive(self._native.rename_conversation(conversation, title))

    async def delete(self, conversation: str) -> bool:
        """Deletes a conversation; what was remembered of it stays until it is forgotten."""
        deleted: bool = await arrive(self._native.delete_conversation(conversation))
        return deleted


class AsyncMemories:
    """What is remembered for one person."""

    def __init__(self, native: _ext.Memories) -> None:
        self._native = native

    async def list(self, *, after: str | None = None, limit: int = 50) -> MemoryPage:
        """A page, newest first; `after` is the `next` of the page before."""
        return MemoryPage._of(await arrive(self._native.list(after, size(limit))))

    async def get(self, memory: str) -> Memory:
        """One memory."""
        return Memory._of(await arrive(self._native.one(memory)))

    async def inspect(self, memory: str) -> Inspection:
        """One memory, what it was, and what it has to do with others."""
        return Inspection._of(await arrive(self._native.inspect(memory)))

    async def search(
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
        return SearchResult._of(await arrive(self._native.search(query, chosen)))

    async def remember_all(
        self, notes: Iterable[Note], *, conversation: str | None = None
    ) -> Sequence[Remembered]:
        """Remembers 1,000 notes at most, all or none of those that are news; answers in order."""
        said = [dict(note) for note in notes]
        words = [str(note.pop("text")) for note in said]
        kept = await arrive(self._native.remember_all(words, said, conversation))
        return [Remembered(**one) for one in kept]

    async def update(
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
        return Memory._of(await arrive(self._native.update(memory, patch)))

    async def feedback(
        self, memory: str, feedback: Literal["used", "ignored", "wrong"]
    ) -> Memory:
        """Learns from what somebody thinks of a memory that was recalled."""
        return Memory._of(await arrive(self._native.feedback(memory, feedback)))

    async def restore(self, memory: str) -> Memory:
        """Brings a memory back from where cleaning up put it."""
        return Memory._of(await arrive(self._native.restore(memory)))

    async def forget_all(self) -> int:
        """Forgets everything; gives how much that was."""
        forgotten: int = await arrive(self._native.forget_all())
        return forgotten

    async def erase(self) -> int:
        """Erases everything that memory holds, decisions too; gives how many memories that were."""
        erased: int = await arrive(self._native.erase())
        return erased

    async def stats(self) -> MemoryStats:
        """How much is remembered."""
        return MemoryStats(**await arrive(self._native.stats()))

    def reports(self) -> Sequence[MemoryReport]:
        """Questions that everybody has, to ask with `report`, or to begin one of your own from."""
        return [MemoryReport(**report) for report in self._native.reports()]

    async def report(self, name: str, *, of: Literal["user", "tenant"] = "user") -> MemoryAnswer:
        """Answers a report, by its name. It takes DuckDB: `pip install karen-ai[analytics]`."""
        return MemoryAnswer(**await arrive(self._native.report(name, of)))

    async def ask(self, question: str, *, of: Literal["user", "tenant"] = "user") -> MemoryAnswer:
        """Answers a `SELECT` in DuckDB's SQL. It takes DuckDB: `pip install karen-ai[analytics]`.

        The tables hold no word of what is remembered. `memories` has `user_id`, `id`, `kind`, `session`,
        `agent`, `said_at`, `recorded_at`, `valid_from`, `valid_to`, `retired_at`, `archived_at`,
        `superseded_by`, `importance`, `pinned`, `uses`, `used_at`, `bytes`, `tags` and `proofs`; `recalls`
        has `user_id`, `hour`, `recalls`, `hits`, `items` and `partial`. `of` is whose rows are seen: one's
        own, or everybody's in the tenant, for who may see its accounts.
        """
        return MemoryAnswer(**await arrive(self._native.ask(question, of)))

    async def consent(self, *, conversation: str | None = None) -> bool:
        """Whether anything may be remembered, or what is said in a conversation."""
        may: bool = await arrive(self._native.consent(conversation))
        return may

    async def set_consent(self, remember: bool, *, conversation: str | None = None) -> None:
        """Decides that from now on. A refusal for everything holds in every conversation."""
        await arrive(self._native.set_consent(remember, conversation))

    async def retention(self) -> Retention:
        """How long memories are kept."""
        return Retention(**await arrive(self._native.retention()))

    async def set_retention(
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
        await arrive(self._native.set_retention(wish))

    async def clean_up(self) -> Cleanup:
        """Puts away what is kept no longer, and forgets what has been away for long enough."""
        return Cleanup(**await arrive(self._native.clean_up()))

    async def consolidate(self) -> Consolidated:
        """Adds what the notes since the last time have in common; the notes stay."""
        return Consolidated(**await arrive(self._native.consolidate()))

    async def export(self) -> AsyncIterator[str]:
        """Everything, a line of JSON for each memory with all that became of it."""
        after: str | None = None
        while True:
            page = await arrive(self._native.export(after, _EXPORTED_AT_ONCE))
            for line in page["lines"]:
                yield line
            after = page["next"]
            if after is None:
                return

    async def import_lines(self, lines: Iterable[str]) -> MemoriesImported:
        """Keeps what `export()` gave, all or nothing; what is there stays as it is."""
        given = texts(lines, "lines")
        return MemoriesImported(**await arrive(self._native.import_lines(given)))


class AsyncModels:
    """The models."""

    def __init__(self, native: _ext.Models) -> None:
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

    async def add(
        self, path: str | os.PathLike[str], name: str | None = None, *, keep: bool = True
    ) -> ModelInfo:
        """Adds a GGUF file or a folder of safetensors, which stays; unless `keep`, until Karen closes."""
        return ModelInfo._of(await arrive(self._native.add(os.fsdecode(path), name, keep)))

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

    async def scan(self, folder: str | os.PathLike[str], *, keep: bool = True) -> ScannedModels:
        """Adds every model of a folder that is not known yet; unless `keep`, until Karen closes.

        The GGUF files in it and in the folders in it, and those of these folders that hold safetensors.
        """
        return ScannedModels._of(await arrive(self._native.scan(os.fsdecode(folder), keep)))

    def set_pinned(self, name: str, is_pinned: bool = True) -> ModelInfo:
        """Keeps a model loaded once it is, or lets it be unloaded for others."""
        return ModelInfo._of(self._native.set_pinned(name, is_pinned))

    def memory(self) -> tuple[int, int | None]:
        """Bytes that the loaded models take, as estimated, and those that they may take together."""
        loaded, most = self._native.memory()
        return loaded, most

    def pull(self, model: str, name: str | None = None) -> AsyncPull:
        """Pulls a model from the hub, such as `hf:org/repo` or `hf:org/repo:Q4_K_M`.

        It is fetched while the steps are read, compared with the hub's checksums, and added. What is
        dropped half-way goes on from there when it is pulled again.
        """
        return AsyncPull(self._native.pull(model, name))

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

    async def remove(self, name: str) -> bool:
        """Takes a model away; its file stays. `False` if there was none."""
        removed: bool = await arrive(self._native.remove(name))
        return removed

    async def load(self, name: str) -> None:
        """Loads a model now instead of at its first use."""
        await arrive(self._native.load(name))

    async def unload(self, name: str) -> None:
        """Gives a model's memory back; it loads again at its next use."""
        await arrive(self._native.unload(name))

    async def embed(self, name: str, values: Iterable[str]) -> Sequence[Sequence[float]]:
        """Embeds each text, L2-normalised."""
        rows: list[list[float]] = await arrive(self._native.embed(name, texts(values, "values")))
        return rows

    async def rerank(self, name: str, query: str, documents: Iterable[str]) -> Sequence[float]:
        """Scores each document by how well it answers the query, 0 to 1, in the documents' order."""
        pending = self._native.rerank(name, query, texts(documents, "documents"))
        scores: list[float] = await arrive(pending)
        return scores

    async def count_text(self, name: str, text: str) -> int:
        """Tokens of a text."""
        count: int = await arrive(self._native.count_text(name, text))
        return count

    async def count_prompt(
        self,
        name: str,
        messages: Sequence[dict[str, Any]],
        *,
        tools: Sequence[ToolSpec] = (),
    ) -> int:
        """Tokens of a chat in the model's own template."""
        prompt = [dict(message) for message in messages]
        count: int = await arrive(self._native.count_prompt(name, prompt, plain(tools)))
        return count

    async def complete(
        self,
        prompt: str,
        *,
        model: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        sampling: Sampling | None = None,
        stop: Sequence[str] = (),
    ) -> AsyncAnswer:
        """Continues a text; no chat template is applied."""
        chosen = options(
            model=model,
            max_tokens=max_tokens,
            sampling=_sampling(temperature, sampling),
            stop=texts(stop, "stop"),
        )
        return AsyncAnswer(await arrive(self._native.complete(prompt, chosen)))


class _Stream(Generic[E]):
    """Events one by one, of which some come in a hop."""

    def __init__(self, native: Any, read: Callable[[dict[str, Any]], E]) -> None:
        self._native = native
        self._read = read
        self._hop: deque[dict[str, Any]] = deque()
        self._is_over = False

    def __aiter__(self) -> AsyncIterator[E]:
        return self

    async def __anext__(self) -> E:
        if not self._hop and not self._is_over:
            self._hop.extend(await arrive(self._native.next()))
            self._is_over = not self._hop
        if not self._hop:
            raise StopAsyncIteration
        return self._read(self._hop.popleft())


class AsyncTurn(_Stream[TurnEvent]):
    """A turn that is listened to: an async iterator of its events, which ends after `Done`."""

    def __init__(self, begin: Callable[[], _ext.Pending]) -> None:
        super().__init__(None, turn_event)
        self._begin = begin
        self.number = 0
        """The last event that was read, for `AsyncSession.resume`."""

    async def start(self) -> AsyncTurn:
        """Begins the turn if nothing has yet; the message is durable when this returns."""
        if self._native is None:
            self._native = await arrive(self._begin())
        return self

    @property
    def id(self) -> str:
        """The turn, for `AsyncSession.resume`."""
        return self._started().id

    @property
    def conversation(self) -> str:
        """Where it takes place, for the next `AsyncSession.chat`."""
        return self._started().conversation

    async def __anext__(self) -> TurnEvent:
        await self.start()
        event = await super().__anext__()
        self.number = event.number
        return event

    async def text_stream(self) -> AsyncIterator[str]:
        """The answer's text as it comes. Raises what ended the turn if it failed."""
        async for event in self:
            if isinstance(event, Delta):
                yield event.text
            elif isinstance(event, Done) and event.error is not None:
                raise of_code(event.error.code, event.error.message)

    async def text(self) -> str:
        """The whole answer, waited for."""
        return "".join([piece async for piece in self.text_stream()])

    def cancel(self) -> None:
        """Stops the turn; what it said is kept. Nothing happens if it has not begun."""
        if self._native is not None:
            self._native.cancel()

    async def __aenter__(self) -> AsyncTurn:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()

    def _started(self) -> _ext.Turn:
        if self._native is None:
            raise of_code("INVALID_ARGUMENT", "the turn has not begun: await its `start()`")
        turn: _ext.Turn = self._native
        return turn


class AsyncAnswer(_Stream[Event]):
    """An answer without a conversation: an async iterator of its events. Dropping it ends it."""

    def __init__(self, native: _ext.Answer) -> None:
        super().__init__(native, answer_event)
        self.model: str = native.model
        """The model that answers."""

    @property
    def served(self) -> Served:
        """Which model answers, and why that one."""
        return Served._of(self._native.served())

    async def text_stream(self) -> AsyncIterator[str]:
        """The answer's text as it comes."""
        async for event in self:
            if isinstance(event, Delta):
                yield event.text

    async def text(self) -> str:
        """The whole answer, waited for."""
        return "".join([piece async for piece in self.text_stream()])

    def cancel(self) -> None:
        """Ends the answer; its last events still come."""
        self._native.cancel()


class AsyncPull(_Stream[PullStep]):
    """A model on its way from a hub: an async iterator of its steps. Dropping it ends it."""

    def __init__(self, native: _ext.Pull) -> None:
        super().__init__(native, PullStep._of)

    async def model(self) -> ModelInfo:
        """The model, waited for."""
        async for step in self:
            if step.model is not None:
                return step.model
        raise ValueError("the steps were read before: the last of them has the model")


class AsyncEvents(_Stream[News]):
    """News of what happens. It ends when Karen closes."""

    def __init__(self, native: _ext.Events) -> None:
        super().__init__(native, lambda news: News(**news))
