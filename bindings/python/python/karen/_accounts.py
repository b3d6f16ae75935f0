"""Accounts for programs that block. What acts on somebody's behalf takes that session first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import _native
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
from ._data import texts

if TYPE_CHECKING:
    from ._sync import Session


class Auth:
    """Accounts, sign-ins and keys. What acts on somebody's behalf takes that session first."""

    def __init__(self, native: _native.Accounts) -> None:
        self._native = native

    def setup_needed(self) -> bool:
        """Whether there is no account yet."""
        needed: bool = self._native.setup_needed().wait()
        return needed

    def setup_token(self) -> str | None:
        """The token that makes the first account; `None` once there is one."""
        token: str | None = self._native.setup_token().wait()
        return token

    def set_up(self, token: str, *, email: str, name: str, password: str) -> SignedIn:
        """Makes the first account, the owner, and signs it in.

        Passwords have 15 to 128 characters.
        """
        return SignedIn._of(self._native.set_up(token, email, name, password).wait())

    def register(
        self, *, email: str, name: str, password: str, device: str | None = None
    ) -> SignedIn:
        """Makes an account for whoever asks, if `auth_registration` is `open`, and signs it in."""
        return SignedIn._of(self._native.register(email, name, password, device).wait())

    def log_in(self, email: str, password: str, *, device: str | None = None) -> SignedIn:
        """Signs in an account without a second factor; `begin_log_in` is for both."""
        return SignedIn._of(self._native.log_in(email, password, device).wait())

    def begin_log_in(
        self, email: str, password: str, *, device: str | None = None
    ) -> SignedIn | CodeNeeded:
        """Signs in, unless the account has a second factor: then `finish_log_in` is next."""
        return _log_in(self._native.begin_log_in(email, password, device).wait())

    def finish_log_in(self, challenge: str, code: str) -> SignedIn:
        """Signs in with the code of an authenticator, or with a recovery code."""
        return SignedIn._of(self._native.finish_log_in(challenge, code).wait())

    def require_recent(self, session: Session) -> None:
        """Checks that the password was given a moment ago, as what is dangerous needs."""
        self._native.require_recent(session._native).wait()

    def reauthenticate(self, session: Session, password: str, code: str | None = None) -> None:
        """Takes the password once more, and a code from an account with a second factor."""
        self._native.reauthenticate(session._native, password, code).wait()

    def refresh(self, token: str) -> SignedIn:
        """Gives new tokens for a refresh token, which must not be used again."""
        return SignedIn._of(self._native.refresh(token).wait())

    def log_out(self, session: Session) -> None:
        """Ends the sign-in that `session` was made from."""
        self._native.log_out(session._native).wait()

    def log_out_everywhere(self, session: Session) -> None:
        """Ends every sign-in of the session's account."""
        self._native.log_out_everywhere(session._native).wait()

    def sessions(self, session: Session) -> list[SignInSession]:
        """The sign-ins of the session's account, newest first."""
        found = self._native.sessions(session._native).wait()
        return [SignInSession(**item) for item in found]

    def name_session(self, session: Session, id: str, name: str) -> None:
        """Calls the device of one sign-in of the session's account by a name."""
        self._native.name_session(session._native, id, name).wait()

    def revoke_session(self, session: Session, id: str) -> None:
        """Ends one sign-in of the session's account."""
        self._native.revoke_session(session._native, id).wait()

    def change_password(self, session: Session, current: str, new: str) -> None:
        """Changes the password of the session's account, and ends its other sign-ins."""
        self._native.change_password(session._native, current, new).wait()

    def own_account(self, session: Session) -> Account:
        """The session's own account."""
        return Account(**self._native.own(session._native).wait())

    def account(self, session: Session, account: str) -> Account:
        """One account of the session's tenant."""
        return Account(**self._native.one(session._native, account).wait())

    def accounts(
        self, session: Session, *, after: str | None = None, limit: int = 200
    ) -> list[Account]:
        """The accounts of the session's tenant, ordered by id."""
        found = self._native.list(session._native, after, size(limit)).wait()
        return [Account(**account) for account in found]

    def create_account(
        self, session: Session, *, email: str, name: str, password: str, role: str = "member"
    ) -> Account:
        """Makes an account in the session's tenant."""
        made = self._native.create(session._native, email, name, password, role)
        return Account(**made.wait())

    def import_account(
        self, session: Session, *, email: str, name: str, password_hash: str, role: str = "member"
    ) -> Account:
        """Makes an account whose password another program has hashed, by bcrypt or argon2id."""
        made = self._native.import_hashed(session._native, email, name, password_hash, role)
        return Account(**made.wait())

    def remove_account(self, session: Session, account: str) -> None:
        """Takes an account out of the session's tenant; one that is in no other is deleted."""
        self._native.remove(session._native, account).wait()

    def disable_account(self, session: Session, account: str) -> None:
        """Shuts an account out."""
        self._native.disable(session._native, account).wait()

    def enable_account(self, session: Session, account: str) -> None:
        """Lets a disabled account sign in again."""
        self._native.enable(session._native, account).wait()

    def create_api_key(
        self,
        session: Session,
        name: str,
        *,
        permissions: Iterable[str] | None = None,
        lifetime: float | None = None,
    ) -> MadeApiKey:
        """Makes an API key: what it allows, all if not said, and how many seconds it lasts."""
        allowed = None if permissions is None else texts(permissions, "permissions")
        made = self._native.create_api_key(session._native, name, allowed, lifetime)
        return MadeApiKey._of(made.wait())

    def api_keys(self, session: Session) -> list[ApiKey]:
        """The API keys of the session's account, newest first."""
        found = self._native.api_keys(session._native).wait()
        return [ApiKey(**key) for key in found]

    def revoke_api_key(self, session: Session, id: str) -> None:
        """Ends an API key of the session's account."""
        self._native.revoke_api_key(session._native, id).wait()

    def audit_log(self, session: Session, *, after: int = 0, limit: int = 200) -> list[AuditEntry]:
        """Entries of the tenant's audit log whose number is above `after`."""
        found = self._native.audit_log(session._native, after, size(limit)).wait()
        return [AuditEntry(**entry) for entry in found]

    def verify_audit_log(self, session: Session, *, checkpoints: Iterable[str] = ()) -> int:
        """Checks the tenant's audit log from its beginning, and that nothing is gone that
        `checkpoints` signed; gives how many entries it has."""
        kept = texts(checkpoints, "checkpoints")
        count: int = self._native.verify_audit_log(session._native, kept).wait()
        return count

    def audit_checkpoint(self, session: Session) -> str:
        """Checks the tenant's audit log and signs where it ends: a line to be kept elsewhere."""
        checkpoint: str = self._native.audit_checkpoint(session._native).wait()
        return checkpoint


class SecondFactors:
    """An authenticator beside the password, and recovery codes for when it is lost."""

    def __init__(self, native: _native.SecondFactors) -> None:
        self._native = native

    def get(self, session: Session) -> SecondFactor | None:
        """The second factor of the session's account; `None` without one."""
        found = self._native.get(session._native).wait()
        return found and SecondFactor(**found)

    def begin(self, session: Session) -> Enrolment:
        """Gives the secret for an authenticator, which is in use once `confirm` has seen a code."""
        return Enrolment(**self._native.begin(session._native).wait())

    def confirm(self, session: Session, code: str) -> list[str]:
        """Takes the authenticator into use; gives the recovery codes, once."""
        codes: list[str] = self._native.confirm(session._native, code).wait()
        return codes

    def disable(self, session: Session, password: str, code: str) -> None:
        """Puts it out of use, with the password and a code."""
        self._native.disable(session._native, password, code).wait()

    def renew_codes(self, session: Session) -> list[str]:
        """Gives new recovery codes; the earlier ones are void."""
        codes: list[str] = self._native.renew_codes(session._native).wait()
        return codes


class Roles:
    """The roles that a tenant makes for itself, and who holds which."""

    def __init__(self, native: _native.Roles) -> None:
        self._native = native

    def give(self, session: Session, account: str, role: str) -> None:
        """Gives an account a role, a built-in one or one of the tenant's own."""
        self._native.give(session._native, account, role).wait()

    def put(self, session: Session, name: str, permissions: Iterable[str]) -> None:
        """Makes a role, or changes one for everybody who holds it."""
        allowed = texts(permissions, "permissions")
        self._native.put(session._native, name, allowed).wait()

    def delete(self, session: Session, name: str) -> None:
        """Deletes a role that nobody holds."""
        self._native.delete(session._native, name).wait()

    def list(self, session: Session) -> list[Role]:
        """The roles that the session's tenant made, ordered by name."""
        return [Role(**role) for role in self._native.list(session._native).wait()]


class Tenants:
    """Tenants: for operators of an installation, and for who belongs to several."""

    def __init__(self, native: _native.Tenants) -> None:
        self._native = native

    def create(
        self,
        session: Session,
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
        return MadeTenant._of(made.wait())

    def suspend(self, session: Session, tenant: str) -> None:
        """Shuts everybody out of a tenant."""
        self._native.suspend(session._native, tenant).wait()

    def resume(self, session: Session, tenant: str) -> None:
        """Lets the members of a suspended tenant in again."""
        self._native.resume(session._native, tenant).wait()

    def limit(
        self,
        session: Session,
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
        limited = self._native.limit(session._native, tenant, limits).wait()
        return Tenant._of(limited)

    def usage(self, session: Session) -> TenantUsage:
        """The session's tenant, and what it has used of what it may."""
        return TenantUsage._of(self._native.usage(session._native).wait())

    def delete(self, session: Session, tenant: str) -> None:
        """Deletes a tenant, and every account that has no other."""
        self._native.delete(session._native, tenant).wait()

    def own(self, session: Session) -> Sequence[Tenant]:
        """The tenants that the session's account belongs to."""
        return [Tenant._of(tenant) for tenant in self._native.own(session._native).wait()]

    def switch(self, session: Session, tenant: str, *, device: str | None = None) -> SignedIn:
        """Signs the session's account in to another of its tenants."""
        return SignedIn._of(self._native.switch_to(session._native, tenant, device).wait())

    def list(
        self, session: Session, *, after: str | None = None, limit: int = 200
    ) -> Sequence[Tenant]:
        """The tenants, ordered by id."""
        found = self._native.list(session._native, after, size(limit)).wait()
        return [Tenant._of(tenant) for tenant in found]


class Mail:
    """Invitations, and links that show who reads an address.

    Karen sends the mails while it is open, as the settings `mail_...` say.
    """

    def __init__(self, native: _native.Mail) -> None:
        self._native = native

    @property
    def is_set_up(self) -> bool:
        """Whether mail is set up: without it there are no invitations and no links."""
        return self._native.is_set_up()

    def invite(self, session: Session, email: str, *, role: str = "member") -> Invitation:
        """Mails an invitation into the session's tenant."""
        return Invitation(**self._native.invite(session._native, email, role).wait())

    def invitations(self, session: Session) -> list[Invitation]:
        """Who is invited into the session's tenant and has not come yet."""
        found = self._native.invitations(session._native).wait()
        return [Invitation(**item) for item in found]

    def revoke_invitation(self, session: Session, id: str) -> None:
        """Makes an invitation void."""
        self._native.revoke_invitation(session._native, id).wait()

    def accept_invitation(self, token: str, *, name: str, password: str) -> Account:
        """Makes the account that an invitation or a registration is for."""
        return Account(**self._native.accept_invitation(token, name, password).wait())

    def request_registration(self, email: str) -> None:
        """Mails a link that makes an account, where registration is open."""
        self._native.request_registration(email).wait()

    def request_email_verification(self, session: Session) -> None:
        """Mails a link that shows that the session's account reads its address."""
        self._native.request_email_verification(session._native).wait()

    def request_email_change(self, session: Session, email: str) -> None:
        """Mails a link that gives the session's account another address."""
        self._native.request_email_change(session._native, email).wait()

    def verify_email(self, token: str) -> None:
        """Follows the link of either."""
        self._native.verify_email(token).wait()

    def request_password_reset(self, email: str) -> None:
        """Mails a link that sets a new password, if the address has an account."""
        self._native.request_password_reset(email).wait()

    def reset_password(self, token: str, new: str) -> None:
        """Follows it: every sign-in of the account ends."""
        self._native.reset_password(token, new).wait()

    def request_recovery(self, email: str) -> None:
        """Mails a link that takes the second factor away, if the address has an account."""
        self._native.request_recovery(email).wait()

    def recover(self, token: str, password: str) -> None:
        """Follows it, with the password: every sign-in of the account ends."""
        self._native.recover(token, password).wait()


def _log_in(data: dict[str, Any]) -> SignedIn | CodeNeeded:
    return CodeNeeded(**data) if "challenge" in data else SignedIn._of(data)
