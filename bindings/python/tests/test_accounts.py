"""Second factors, mail and accounts of other programs, in both APIs from end to end."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hmac
import inspect
import re
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import karen

PASSWORD = "a handful of plain words"
OTHER = "some quite different words"
STEP_SECONDS = 30
MAIL_SECONDS = 20
BCRYPT = "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"
"""Of the crypt_blowfish test suite; the password is `BCRYPT_OF`."""
BCRYPT_OF = "U*U*U"


def code(secret: str, step: int = 0) -> str:
    """What an authenticator shows, some steps from now (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // STEP_SECONDS + step)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


async def later(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def in_both(journey: Callable[[Any], Any], tmp_path: Path, **settings: Any) -> None:
    """Makes a journey in an open Karen through the blocking and the awaiting API."""

    async def awaiting() -> None:
        async with karen.AsyncKaren(tmp_path / "awaiting", **settings) as k:
            await journey(k)

    with karen.open(tmp_path / "blocking", **settings) as k:
        asyncio.run(journey(k))
    asyncio.run(awaiting())


async def owner(k: Any) -> tuple[Any, Any]:
    """The first account, and its session."""
    token = await later(k.auth.setup_token())
    made = k.auth.set_up(token, email="ada@example.com", name="Ada", password=PASSWORD)
    signed_in = await later(made)
    return signed_in, await later(k.session(signed_in.access))


def test_an_authenticator_is_asked_for_at_the_next_log_in(tmp_path: Path) -> None:
    async def journey(k: Any) -> None:
        _, me = await owner(k)
        enrolment = await later(k.second_factors.begin(me))
        assert enrolment.secret in enrolment.uri and enrolment.secret not in repr(enrolment)
        codes = await later(k.second_factors.confirm(me, code(enrolment.secret)))
        assert (await later(k.second_factors.get(me))).recovery_codes == len(codes) > 1
        with pytest.raises(karen.ForbiddenError, match="second factor"):
            await later(k.auth.log_in("ada@example.com", PASSWORD))
        asked = await later(k.auth.begin_log_in("ada@example.com", PASSWORD))
        assert isinstance(asked, karen.CodeNeeded) and asked.challenge not in repr(asked)
        shown = code(enrolment.secret, 1)
        signed_in = await later(k.auth.finish_log_in(asked.challenge, shown))
        me = await later(k.session(signed_in.access))
        renewed = await later(k.second_factors.renew_codes(me))
        assert not set(renewed) & set(codes)
        await later(k.second_factors.disable(me, PASSWORD, renewed[0]))
        signed_in = await later(k.auth.begin_log_in("ada@example.com", PASSWORD))
        assert isinstance(signed_in, karen.SignedIn)

    in_both(journey, tmp_path)


class Outbox:
    """The mails of a Karen that writes them to files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[Path] = set()

    def token(self, to: str) -> str:
        """What the next mail to somebody carries that has a link which opens something."""
        end = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < end:
            for file in sorted(set(self.folder.glob("*.eml")) - self.seen):
                self.seen.add(file)
                mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                found = re.search(r"[=/#]([\w-]{20,})\s", mail.get_content())
                if mail["To"] == to and found is not None:
                    return found[1]
        raise AssertionError(f"no mail to {to} within {MAIL_SECONDS} s")


def test_somebody_is_invited_resets_the_password_and_moves(tmp_path: Path) -> None:
    async def journey(k: Any) -> None:
        assert k.mail.is_set_up
        outbox = Outbox(Path(k.folder) / "outbox")
        _, me = await owner(k)
        invited = await later(k.mail.invite(me, "eve@example.com", role="viewer"))
        assert [one.id for one in await later(k.mail.invitations(me))] == [invited.id]
        token = outbox.token("eve@example.com")
        accepted = k.mail.accept_invitation(token, name="Eve", password=PASSWORD)
        eve = await later(accepted)
        assert (eve.role, eve.email_verified_at is None) == ("viewer", False)
        assert await later(k.mail.invitations(me)) == []
        await later(k.mail.request_password_reset("eve@example.com"))
        await later(k.mail.reset_password(outbox.token("eve@example.com"), OTHER))
        signed_in = await later(k.auth.log_in("eve@example.com", OTHER))
        hers = await later(k.session(signed_in.access))
        await later(k.mail.request_email_change(hers, "eve@example.org"))
        await later(k.mail.verify_email(outbox.token("eve@example.org")))
        signed_in = await later(k.auth.log_in("eve@example.org", OTHER))
        assert signed_in.account.email == "eve@example.org"
        again = await later(k.mail.invite(me, "bob@example.com"))
        await later(k.mail.revoke_invitation(me, again.id))
        with pytest.raises(karen.NotFoundError):
            token = outbox.token("bob@example.com")
            await later(k.mail.accept_invitation(token, name="Bob", password=PASSWORD))

    in_both(journey, tmp_path)


def test_a_lost_authenticator_is_taken_away_by_mail(tmp_path: Path) -> None:
    async def journey(k: Any) -> None:
        outbox = Outbox(Path(k.folder) / "outbox")
        _, me = await owner(k)
        enrolment = await later(k.second_factors.begin(me))
        await later(k.second_factors.confirm(me, code(enrolment.secret)))
        await later(k.mail.request_recovery("ada@example.com"))
        await later(k.mail.recover(outbox.token("ada@example.com"), PASSWORD))
        assert isinstance(
            await later(k.auth.begin_log_in("ada@example.com", PASSWORD)), karen.SignedIn
        )

    in_both(journey, tmp_path)


def test_an_account_of_another_program_signs_in_with_its_old_password(tmp_path: Path) -> None:
    async def journey(k: Any) -> None:
        _, me = await owner(k)
        bob = {"email": "bob@example.com", "name": "Bob", "password_hash": BCRYPT}
        made = await later(k.auth.import_account(me, **bob))
        signed_in = await later(k.auth.log_in("bob@example.com", BCRYPT_OF))
        assert signed_in.account == made

    in_both(journey, tmp_path)
