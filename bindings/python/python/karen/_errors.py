"""What Karen raises: one exception a code, each also the built-in that says the same."""

from __future__ import annotations


class KarenError(Exception):
    """Something failed. Branch on the class or on `code`; `help` says what to do next."""

    code: str
    """The stable code, the same in every language."""
    retryable: bool
    """Whether the same call may succeed later, unchanged."""
    help: str
    """What to do next."""
    retry_after: float | None
    """Seconds to wait before trying again, where that is known."""
    causes: list[str]
    """What lies beneath, nearest first."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "INTERNAL",
        retryable: bool = False,
        help: str = "",
        retry_after: float | None = None,
        causes: list[str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.help = help
        self.retry_after = retry_after
        self.causes = causes or []

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[object, ...]:
        fields = (self.code, str(self), self.retryable, self.help, self.retry_after, self.causes)
        return (of_failure, fields)


class NotFoundError(KarenError, LookupError):
    """The thing does not exist, or not for who is asking."""


class UnauthenticatedError(KarenError, PermissionError):
    """Who is asking is not known."""


class ForbiddenError(KarenError, PermissionError):
    """Who is asking may not do this."""


class LoginNotRecentError(ForbiddenError):
    """Who is asking must show their credentials once more."""


class InvalidArgumentError(KarenError, ValueError):
    """An argument cannot be used as it stands."""


class ConflictError(KarenError):
    """It collides with what exists or with what is going on."""


class ModelMissingError(KarenError, LookupError):
    """No such model, or none at all."""


class ModelLoadError(KarenError, RuntimeError):
    """The model cannot be loaded."""


class CancelledError(KarenError):
    """Somebody cancelled it."""


class TimedOutError(KarenError, TimeoutError):
    """It took longer than allowed."""


class QuotaError(KarenError):
    """A budget is used up."""


class RateLimitedError(KarenError):
    """Too many requests in too short a time; see `retry_after`."""


class PluginFailedError(KarenError, RuntimeError):
    """A tool failed."""


class UnavailableError(KarenError, ConnectionError):
    """Something it needs cannot be reached; try again."""


class StorageFullError(KarenError, OSError):
    """The disk is full."""


class ReadOnlyError(KarenError, PermissionError):
    """The data folder cannot be written."""


class LockedError(KarenError, BlockingIOError):
    """Another process owns the data folder."""


class TooNewError(KarenError):
    """A newer version wrote the data folder."""


class TooLargeError(KarenError, ValueError):
    """Larger than a stated limit."""


class CorruptError(KarenError, OSError):
    """Stored data is damaged."""


class UnsupportedError(KarenError, NotImplementedError):
    """Not in this build, or not possible here."""


class InternalError(KarenError, RuntimeError):
    """A mistake of Karen's."""


_BY_CODE: dict[str, type[KarenError]] = {
    "NOT_FOUND": NotFoundError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "FORBIDDEN": ForbiddenError,
    "LOGIN_NOT_RECENT": LoginNotRecentError,
    "INVALID_ARGUMENT": InvalidArgumentError,
    "CONFLICT": ConflictError,
    "MODEL_MISSING": ModelMissingError,
    "MODEL_LOAD": ModelLoadError,
    "CANCELLED": CancelledError,
    "TIMEOUT": TimedOutError,
    "QUOTA": QuotaError,
    "RATE_LIMITED": RateLimitedError,
    "PLUGIN_FAILED": PluginFailedError,
    "UNAVAILABLE": UnavailableError,
    "STORAGE_FULL": StorageFullError,
    "READ_ONLY": ReadOnlyError,
    "LOCKED": LockedError,
    "TOO_NEW": TooNewError,
    "TOO_LARGE": TooLargeError,
    "CORRUPT": CorruptError,
    "UNSUPPORTED": UnsupportedError,
    "INTERNAL": InternalError,
}


def of_failure(
    code: str,
    message: str,
    retryable: bool,
    help: str,
    retry_after: float | None,
    causes: list[str],
) -> KarenError:
    """The exception of a failure."""
    kind = _BY_CODE.get(code, KarenError)
    return kind(
        message,
        code=code,
        retryable=retryable,
        help=help,
        retry_after=retry_after,
        causes=causes,
    )


def of_code(code: str, message: str) -> KarenError:
    """The exception of a failure that the Python side finds itself."""
    from ._native import codes

    return of_failure(code, message, False, dict(codes())[code], None, [])
