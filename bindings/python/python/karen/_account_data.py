"""What operations on accounts give: plain, frozen data. Times are unix milliseconds."""

from __future__ import annotations

from typing import Any, Literal

from ._data import UsageTotal
from ._frozen import dataclass, field


@dataclass(frozen=True)
class Account:
    """An account as others may see it."""

    id: str
    tenant: str
    email: str
    name: str
    role: str
    """A built-in one, or one that the tenant made."""
    state: Literal["active", "disabled"]
    created_at: int
    email_verified_at: int | None = None
    """When its owner has shown that they read the address."""


@dataclass(frozen=True)
class SignedIn:
    """What somebody gets who has signed in. Its text shows no secret."""

    access: str = field(repr=False)
    """Opens sessions for some minutes."""
    refresh: str = field(repr=False)
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
    secret: str = field(repr=False)

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
class CodeNeeded:
    """The password was right, and the account has a second factor: `Auth.finish_log_in` is next."""

    challenge: str = field(repr=False)


@dataclass(frozen=True)
class SecondFactor:
    """The second factor of an account."""

    since: int
    recovery_codes: int
    """How many are left."""


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator is given, once. Its text shows no secret."""

    secret: str = field(repr=False)
    """In base32, for typing."""
    uri: str = field(repr=False)
    """An `otpauth://` address, for a QR code."""


@dataclass(frozen=True)
class Role:
    """A role that a tenant made."""

    name: str
    permissions: list[str]


@dataclass(frozen=True)
class TenantLimits:
    """What a tenant may use up; 0 means no limit."""

    users: int
    """Members, disabled ones too."""
    tokens_per_day: int
    """Tokens of all members together in any 24 hours."""
    tokens_per_month: int
    """Tokens of all members together in any 30 days."""
    cost_micros_per_day: int
    """Money of all members together in any 24 hours, in millionths of the unit of the models' prices."""
    cost_micros_per_month: int
    """Money of all members together in any 30 days, likewise."""
    requests_per_minute: int
    """Requests of all members together in any minute."""
    storage_mib: int
    """Mebibytes of what all members have said, been answered and noted together."""


@dataclass(frozen=True)
class Tenant:
    """People and data that others never see."""

    id: str
    name: str
    state: Literal["active", "suspended"]
    created_at: int
    limits: TenantLimits

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Tenant:
        limits = data.pop("limits")
        return cls(**data, limits=TenantLimits(**limits))


@dataclass(frozen=True)
class TenantUsage:
    """A tenant, and what it has used of what it may."""

    tenant: Tenant
    users: int
    """Members, disabled ones too."""
    stored_bytes: int
    """Bytes of what all of them have said, been answered and noted."""
    day: UsageTotal
    """What all of them used in the last 24 hours."""
    month: UsageTotal
    """What all of them used in the last 30 days."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> TenantUsage:
        return cls(
            tenant=Tenant._of(data["tenant"]),
            users=data["users"],
            stored_bytes=data["stored_bytes"],
            day=UsageTotal(**data["day"]),
            month=UsageTotal(**data["month"]),
        )


@dataclass(frozen=True)
class MadeTenant:
    """A tenant that was just made."""

    tenant: Tenant
    owner: Account

    @classmethod
    def _of(cls, data: dict[str, Any]) -> MadeTenant:
        return cls(Tenant._of(data["tenant"]), Account(**data["owner"]))


@dataclass(frozen=True)
class Invitation:
    """Somebody who is invited and has not come yet."""

    id: str
    email: str
    role: str
    created_at: int
    expires_at: int


@dataclass(frozen=True)
class Erased:
    """How much was kept, when it began to be erased."""

    accounts: int
    conversations: int
    messages: int
    turns: int
    usage_records: int
    memories: int


@dataclass(frozen=True)
class Receipt:
    """That everything of a person or a tenant was erased: what, how much, and when."""

    id: str
    tenant: str
    account: str | None
    """`None` for the whole tenant."""
    asked_by: str
    asked_at: int
    finished_at: int
    erased: Erased
    audit_seq: int
    """The entry that tells of it, in the audit log of the tenant that asked."""
    audit_hash: str
    sha256: str
    """Over this receipt as JSON, with this field empty."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> Receipt:
        fields: dict[str, Any] = {**data, "erased": Erased(**data["erased"])}
        return cls(**fields)


@dataclass(frozen=True)
class ReceiptPage:
    """A part of the receipts, oldest first."""

    receipts: list[Receipt]
    next: str | None
    """Where the next page starts; `None` at the end."""

    @classmethod
    def _of(cls, data: dict[str, Any]) -> ReceiptPage:
        return cls([Receipt._of(receipt) for receipt in data["receipts"]], data["next"])
