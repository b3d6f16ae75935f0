"""Karen: an AI assistant that fits inside a program.

    import karen

    with karen.open(":memory:") as k:
        me = k.session()
        me.remember("My dog is called Biscuit.")
        print(me.recall("What is my dog's name?")[0].text)

`Karen` is synchronous, owns its threads and needs no event loop; `AsyncKaren` is the same for
`asyncio`. Everything that fails raises a `KarenError`, with a stable `code`.
"""

TYPE_CHECKING = False
"""What type checkers take for true, without an import of `typing`, which takes 5 ms."""

if TYPE_CHECKING:
    from ._async import (
        AsyncAuth,
        AsyncAnswer,
        AsyncConversations,
        AsyncEvents,
        AsyncKaren,
        AsyncMemories,
        AsyncModels,
        AsyncSession,
        AsyncTurn,
    )
    from ._data import (
        Account,
        ApiKey,
        AuditEntry,
        Capabilities,
        Check,
        Cleanup,
        Consolidated,
        Conversation,
        ConversationPage,
        Delta,
        Done,
        Event,
        Failure,
        Finished,
        Found,
        Health,
        Imported,
        Inspection,
        Link,
        MadeApiKey,
        MemoriesImported,
        Memory,
        MemoryPage,
        MemoryStats,
        MemoryUsage,
        Message,
        MessagePage,
        ModelInfo,
        News,
        Note,
        Pack,
        Recall,
        RecalledItem,
        Remembered,
        Retention,
        Sampling,
        SearchResult,
        SignedIn,
        SignInSession,
        ToolCall,
        ToolResult,
        ToolSpec,
        TurnEvent,
        TurnInfo,
        Usage,
        UsageTotal,
        Version,
    )
    from ._errors import (
        CancelledError,
        ConflictError,
        CorruptError,
        ForbiddenError,
        InternalError,
        InvalidArgumentError,
        KarenError,
        LockedError,
        ModelLoadError,
        ModelMissingError,
        NotFoundError,
        PluginFailedError,
        QuotaError,
        RateLimitedError,
        ReadOnlyError,
        StorageFullError,
        TimedOutError,
        TooLargeError,
        TooNewError,
        UnauthenticatedError,
        UnavailableError,
        UnsupportedError,
    )
    from ._model import GenerateRequest, ModelAdapter
    from ._sync import (
        Auth,
        Answer,
        Conversations,
        Events,
        Karen,
        Memories,
        Models,
        Session,
        Turn,
        open,
    )
    from ._tool import Tool, tool
    from ._version import version

__all__ = [
    "Account",
    "Answer",
    "ApiKey",
    "AsyncAnswer",
    "AsyncAuth",
    "AsyncConversations",
    "AsyncEvents",
    "AsyncKaren",
    "AsyncMemories",
    "AsyncModels",
    "AsyncSession",
    "AsyncTurn",
    "AuditEntry",
    "Auth",
    "CancelledError",
    "Capabilities",
    "Check",
    "Cleanup",
    "ConflictError",
    "Consolidated",
    "Conversation",
    "ConversationPage",
    "Conversations",
    "CorruptError",
    "Delta",
    "Done",
    "Event",
    "Events",
    "Failure",
    "Finished",
    "ForbiddenError",
    "Found",
    "GenerateRequest",
    "Health",
    "Imported",
    "Inspection",
    "InternalError",
    "InvalidArgumentError",
    "Karen",
    "KarenError",
    "Link",
    "LockedError",
    "MadeApiKey",
    "Memories",
    "MemoriesImported",
    "Memory",
    "MemoryPage",
    "MemoryStats",
    "MemoryUsage",
    "Message",
    "MessagePage",
    "ModelAdapter",
    "ModelInfo",
    "ModelLoadError",
    "ModelMissingError",
    "Models",
    "News",
    "NotFoundError",
    "Note",
    "Pack",
    "PluginFailedError",
    "QuotaError",
    "RateLimitedError",
    "ReadOnlyError",
    "Recall",
    "RecalledItem",
    "Remembered",
    "Retention",
    "Sampling",
    "SearchResult",
    "Session",
    "SignInSession",
    "SignedIn",
    "StorageFullError",
    "TimedOutError",
    "TooLargeError",
    "TooNewError",
    "Tool",
    "ToolCall",
    "ToolResult",
    "ToolSpec",
    "Turn",
    "TurnEvent",
    "TurnInfo",
    "UnauthenticatedError",
    "UnavailableError",
    "UnsupportedError",
    "Usage",
    "UsageTotal",
    "Version",
    "open",
    "tool",
    "version",
]

_MODULES = ("_errors", "_data", "_tool", "_model", "_version", "_sync", "_async")


def __getattr__(name: str) -> object:
    """Imports what is asked for at its first use, so that `import karen` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'karen' has no attribute {name!r}")
    from importlib import import_module

    for module in _MODULES:
        found = vars(import_module(f"karen.{module}")).get(name)
        if found is not None:
            globals()[name] = found
            return found
    raise AssertionError(f"{name} is listed and defined nowhere")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
