"""Accounts for programs on asyncio. What acts on somebody's behalf takes that session first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from . import _native as _ext
from ._account_data import (
    Account,
    ApiKey,
    AuditEntry,
    CodeNeeded,
    Enrolment,
    Invitation,
    MadeApiKey,
    MadeTenant,
    Role,
    SecondFactor,
    SignedIn,
    SignInSession,
    Tenant,
    TenantUsage,
)
from ._data import size
from ._accounts import _log_in
from ._data import texts
from ._wait import arrive

if TYPE_CHECKING:
    from ._async import AsyncSession


class AsyncAuth:
    """Accounts, sign-ins and keys. What acts on somebody's behalf takes that session first."""

    def __init__(self, native: _ext.Accounts) -> None:
        self._native = native

    async def setup_needed(self) -> bool:
        """Whether there is no account yet."""
        needed: bool = await arrive(self._native.setup_needed())
        return needed

    async def setup_token(self) -> str | None:
        """The token that makes the first account; `None` once there is one."""
        token: str | None = await arrive(self._native.setup_token())
        return token

    async def set_up(self, token: str, *, email: str, name: str, password: str) -> SignedIn:
        """Makes the first account, the owner, and signs it in.

        Passwords have 15 to 128 characters.
        """
        return SignedIn._of(await arrive(self._native.set_up(token, email, name, password)))

    async def register(
        self, *, email: str, name: str, password: str, device: str | None = None
    ) -> SignedIn:
        """Makes an account for whoever asks, if `auth_registration` is `open`, and signs it in."""
        return SignedIn._of(await arrive(self._native.register(email, name, password, device)))

    async def log_in(self, email: str, password: str, *, device: str | None = None) -> SignedIn:
        """Signs in an account without a second factor; `begin_log_in` is for both."""
        return SignedIn._of(await arrive(self._native.log_in(email, password, device)))

    async def begin_log_in(
        self, email: str, password: str, *, device: str | None = None
    ) -> SignedIn | CodeNeeded:
        """Signs in, unless the account has a second factor: then `finish_log_in` is next."""
        return _log_in(await arrive(self._native.begin_log_in(email, password, device)))

    async def finish_log_in(self, challenge: str, code: str) -> SignedIn:
        """Signs in with the code of an authenticator, or with a recovery code."""
        return SignedIn._of(await arrive(self._native.finish_log_in(challenge, code)))

    async def require_recent(self, session: AsyncSession) -> None:
        """Checks that the password was given a moment ago, as what is dangerous needs."""
        await arrive(self._native.require_recent(session._native))

    async def reauthenticate(self, session: AsyncSession, password: str, code: str | None = None) -> None:
        """Takes the password once more, and a code from an account with a second factor."""
        await arrive(self._native.reauthenticate(session._native, password, code))

    async def refresh(self, token: str) -> SignedIn:
        """Gives new tokens for a refresh token, which must not be used again."""
        return SignedIn._of(await arrive(self._native.refresh(token)))

    async def log_out(self, session: AsyncSession) -> None:
        """Ends the sign-in that `session` was made from."""
        await arrive(self._native.log_out(session._native))

    async def log_out_everywhere(self, session: AsyncSession) -> None:
        """Ends every sign-in of the session's account."""
        await arrive(self._native.log_out_everywhere(session._native))

    async def sessions(self, session: AsyncSession) -> list[SignInSession]:
        """The sign-ins of the session's account, newest first."""
        found = await arrive(self._native.sessions(session._native))
        return [SignInSession(**item) for item in found]

    async def name_session(self, session: AsyncSession, id: str, name: str) -> None:
        """Calls the device of one sign-in of the session's account by a name."""
        await arrive(self._native.name_session(session._native, id, name))

    async def revoke_session(self, session: AsyncSession, id: str) -> None:
        """Ends one sign-in of the session's account."""
        await arrive(self._native.revoke_session(session._native, id))

    async def change_password(self, session: AsyncSession, current: str, new: str) -> None:
        """Changes the password of the session's account, and ends its other sign-ins."""
        await arrive(self._native.change_password(session._native, current, new))

    async def own_account(self, session: AsyncSession) -> Account:
        """The session's own account."""
        return Account(**await arrive(self._native.own(session._native)))

    async def account(self, session: AsyncSession, account: str) -> Account:
        """One account of the session's tenant."""
        return Account(**await arrive(self._native.one(session._native, account)))

    async def accounts(
        self, session: AsyncSession, *, after: str | None = None, limit: int = 200
    ) -> list[Account]:
        """The accounts of the session's tenant, ordered by id."""
        found = await arrive(self._native.list(session._native, after, size(limit)))
        return [Account(**account) for account in found]

    async def create_account(
        self, session: AsyncSession, *, email: str, name: str, password: str, role: str = "member"
    ) -> Account:
        """Makes an account in the session's tenant."""
        made = self._native.create(session._native, email, name, password, role)
        return Account(**await arrive(made))

    async def import_account(
        self, session: AsyncSession, *, email: str, name: str, password_hash: str, role: str = "member"
    ) -> Account:
        """Makes an account whose password another program has hashed, by bcrypt or argon2id."""
        made = self._native.import_hashed(session._native, email, name, password_hash, role)
        return Account(**await arrive(made))

    async def remove_account(self, session: AsyncSession, account: str) -> None:
        """Takes an account out of the session's tenant; one that is in no other is deleted."""
        await arrive(self._native.remove(session._native, account))

    async def disable_account(self, session: AsyncSession, account: str) -> None:
        """Shuts an account out."""
        await arrive(self._native.disable(session._native, account))

    async def enable_account(self, session: AsyncSession, account: str) -> None:
        """Lets a disabled account sign in again."""
        await arrive(self._native.enable(session._native, account))

    async def create_api_key(
        self,
        session: AsyncSession,
        name: str,
        *,
        permissions: Iterable[str] | None = None,
        lifetime: float | None = None,
    ) -> MadeApiKey:
        """Makes an API key: what it allows, all if not said, and how many seconds it lasts."""
        allowed = None if permissions is None else texts(permissions, "permissions")
        made = self._native.create_api_key(session._native, name, allowed, lifetime)
        return MadeApiKey._of(await arrive(made))

    async def api_keys(self, session: AsyncSession) -> list[ApiKey]:
        """The API keys of the session's account, newest first."""
        found = await arrive(self._native.api_keys(session._native))
        return [ApiKey(**key) for key in found]

    async def revoke_api_key(self, session: AsyncSession, id: str) -> None:
        """Ends an API key of the session's account."""
        await arrive(self._native.revoke_api_key(session._native, id))

    async def audit_log(self, session: AsyncSession, *, after: int = 0, limit: int = 200) -> list[AuditEntry]:
        """Entries of the tenant's audit log whose number is above `after`."""
        found = await arrive(self._native.audit_log(session._native, after, size(limit)))
        return [AuditEntry(**entry) for entry in found]

    async def verify_audit_log(self, session: AsyncSession, *, checkpoints: Iterable[str] = ()) -> int:
        """Checks the tenant's audit log from its beginning, and that nothing is gone that
        `checkpoints` signed; gives how many entries it has."""
        kept = texts(checkpoints, "checkpoints")
        count: int = await arrive(self._native.verify_audit_log(session._native, kept))
        return count

    async def audit_checkpoint(self, session: AsyncSession) -> str:
        """Checks the tenant's audit log and signs where it ends: a line to be kept elsewhere."""
        checkpoint: str = await arrive(self._native.audit_checkpoint(session._native))
        return checkpoint


class AsyncSecondFactors:
    """An authenticator beside the password, and recovery codes for when it is lost."""

    def __init__(self, native: _ext.SecondFactors) -> None:
        self._native = native

    async def get(self, session: AsyncSession) -> SecondFactor | None:
        """The second factor of the session's account; `None` without one."""
        found = await arrive(self._native.get(session._native))
        return found and SecondFactor(**found)

    async def begin(self, session: AsyncSession) -> Enrolment:
        """Gives the secret for an authenticator, which is in use once `confirm` has seen a code."""
        return Enrolment(**await arrive(self._native.begin(session._native)))

    async def confirm(self, session: AsyncSession, code: str) -> list[str]:
        """Takes the authenticator into use; gives the recovery codes, once."""
        codes: list[str] = await arrive(self._native.confirm(session._native, code))
        return codes

    async def disable(self, session: AsyncSession, password: str, code: str) -> None:
        """Puts it out of use, with the password and a code."""
        await arrive(self._native.disable(session._native, password, code))

    async def renew_codes(self, session: AsyncSession) -> list[str]:
        """Gives new recovery codes; the earlier ones are void."""
        codes: list[str] = await arrive(self._native.renew_codes(session._native))
        return codes


class AsyncRoles:
    """The roles that a tenant makes for itself, and who holds which."""

    def __init__(self, native: _ext.Roles) -> None:
        self._native = native

    async def give(self, session: AsyncSession, account: str, role: str) -> None:
        """Gives an account a role, a built-in one or one of the tenant's own."""
        await arrive(self._native.give(session._native, account, role))

    async def put(self, session: AsyncSession, name: str, permissions: Iterable[str]) -> None:
        """Makes a role, or changes one for everybody who holds it."""
        allowed = texts(permissions, "permissions")
        await arrive(self._native.put(session._native, name, allowed))

    async def delete(self, session: AsyncSession, name: str) -> None:
        """Deletes a role that nobody holds."""
        await arrive(self._native.delete(session._native, name))

    async def list(self, session: AsyncSession) -> list[Role]:
        """The roles that the session's tenant made, ordered by name."""
        return [Role(**role) for role in await arrive(self._native.list(session._native))]


class AsyncTenants:
    """Tenants: for operators of an installation, and for who belongs to several."""

    def __init__(self, native: _ext.Tenants) -> None:
        self._native = native

    async def create(
        self,
        session: AsyncSession,
        name: str,
        *,
        owner_email: str,
        owner_name: str,
        owner_password: str,
    ) -> MadeTenant:
        """Makes a tenant, and the account that owns it."""
        made = self._native.create(
            session._native, name, owner_email, owner_name, owner_password
        )
        return MadeTenant._of(await arrive(made))

    async def suspend(self, session: AsyncSession, tenant: str) -> None:
        """Shuts everybody out of a tenant."""
        await arrive(self._native.suspend(session._native, tenant))

    async def resume(self, session: AsyncSession, tenant: str) -> None:
        """Lets the members of a suspended tenant in again."""
        await arrive(self._native.resume(session._native, tenant))

    async def limit(
        self,
        session: AsyncSession,
        tenant: str,
        *,
        users: int = 0,
        tokens_per_day: int = 0,
        tokens_per_month: int = 0,
        cost_micros_per_day: int = 0,
        cost_micros_per_month: int = 0,
        requests_per_minute: int = 0,
        storage_mib: int = 0,
    ) -> Tenant:
        """Sets what a tenant may use up, from its next member and its next turn on; 0 means no limit.

        Members count with the disabled ones; tokens, and millionths of the unit that models are priced
        in, of all members in any 24 hours and any 30 days; storage in mebibytes of words.
        """
        limits = {
            "users": users,
            "tokens_per_day": tokens_per_day,
            "tokens_per_month": tokens_per_month,
            "cost_micros_per_day": cost_micros_per_day,
            "cost_micros_per_month": cost_micros_per_month,
            "requests_per_minute": requests_per_minute,
            "storage_mib": storage_mib,
        }
        limited = await arrive(self._native.limit(session._native, tenant, limits))
        return Tenant._of(limited)

    async def usage(self, session: AsyncSession) -> TenantUsage:
        """The session's tenant, and what it has used of what it may."""
        return TenantUsage._of(await arrive(self._native.usage(session._native)))

    async def delete(self, session: AsyncSession, tenant: str) -> None:
        """Deletes a tenant, and every account that has no other."""
        await arrive(self._native.delete(session._native, tenant))

    async def own(self, session: AsyncSession) -> Sequence[Tenant]:
        """The tenants that the session's account belongs to."""
        return [Tenant._of(tenant) for tenant in await arrive(self._native.own(session._native))]

    async def switch(self, session: AsyncSession, tenant: str, *, device: str | None = None) -> SignedIn:
        """Signs the session's account in to another of its tenants."""
        return SignedIn._of(await arrive(self._native.switch_to(session._native, tenant, device)))

    async def list(
        self, session: AsyncSession, *, after: str | None = None, limit: int = 200
    ) -> Sequence[Tenant]:
        """The tenants, ordered by id."""
        found = await arrive(self._native.list(session._native, after, size(limit)))
        return [Tenant._of(tenant) for tenant in found]


class AsyncMail:
    """Invitations, and links that show who reads an address.

    Karen sends the mails while it is open, as the settings `mail_...` say.
    """

    def __init__(self, native: _ext.Mail) -> None:
        self._native = native

    @property
    def is_set_up(self) -> bool:
        """Whether mail is set up: without it there are no invitations and no links."""
        return self._native.is_set_up()

    async def invite(self, session: AsyncSession, email: str, *, role: str = "member") -> Invitation:
        """Mails an invitation into the session's tenant."""
        return Invitation(**await arrive(self._native.invite(session._native, email, role)))

    async def invitations(self, session: AsyncSession) -> list[Invitation]:
        """Who is invited into the session's tenant and has not come yet."""
        found = await arrive(self._native.invitations(session._native))
        return [Invitation(**item) for item in found]

    async def revoke_invitation(self, session: AsyncSession, id: str) -> None:
        """Makes an invitation void."""
        await arrive(self._native.revoke_invitation(session._native, id))

    async def accept_invitation(self, token: str, *, name: str, password: str) -> Account:
        """Makes the account that an invitation or a registration is for."""
        return Account(**await arrive(self._native.accept_invitation(token, name, password)))

    async def request_registration(self, email: str) -> None:
        """Mails a link that makes an account, where registration is open."""
        await arrive(self._native.request_registration(email))

    async def request_email_verification(self, session: AsyncSession) -> None:
        """Mails a link that shows that the session's account reads its address."""
        await arrive(self._native.request_email_verification(session._native))

    async def request_email_change(self, session: AsyncSession, email: str) -> None:
        """Mails a link that gives the session's account another address."""
        await arrive(self._native.request_email_change(session._native, email))

    async def verify_email(self, token: str) -> None:
        """Follows the link of either."""
        await arrive(self._native.verify_email(token))

    async def request_password_reset(self, email: str) -> None:
        """Mails a link that sets a new password, if the address has an account."""
        await arrive(self._native.request_password_reset(email))

    async def reset_password(self, token: str, new: str) -> None:
        """Follows it: every sign-in of the account ends."""
        await arrive(self._native.reset_password(token, new))

    async def request_recovery(self, email: str) -> None:
        """Mails a link that takes the second factor away, if the address has an account."""
        await arrive(self._native.request_recovery(email))

    async def recover(self, token: str, password: str) -> None:
        """Follows it, with the password: every sign-in of the account ends."""
        await arrive(self._native.recover(token, password))

