"""The package: light to import, the same in both APIs, and complete."""

from __future__ import annotations

import inspect
import os
import pickle
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Program

import karen

PAIRS = {
    karen.Karen: karen.AsyncKaren,
    karen.Session: karen.AsyncSession,
    karen.Conversations: karen.AsyncConversations,
    karen.Memories: karen.AsyncMemories,
    karen.Models: karen.AsyncModels,
    karen.Auth: karen.AsyncAuth,
    karen.SecondFactors: karen.AsyncSecondFactors,
    karen.Roles: karen.AsyncRoles,
    karen.Tenants: karen.AsyncTenants,
    karen.Mail: karen.AsyncMail,
    karen.Privacy: karen.AsyncPrivacy,
    karen.Turn: karen.AsyncTurn,
    karen.Answer: karen.AsyncAnswer,
    karen.Events: karen.AsyncEvents,
}
ONLY_ASYNC = {karen.AsyncKaren: {"open"}, karen.AsyncTurn: {"start", "id", "conversation"}}


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_importing_starts_no_thread_and_no_event_loop(program: Program) -> None:
    done = program(
        """
        import sys, threading
        before = set(sys.modules)
        import karen
        loaded = set(sys.modules) - before
        assert threading.active_count() == 1
        assert loaded == {"karen"}, loaded
        with karen.open(":memory:") as k:
            assert k.session().recall("x") == []
            k.session().chat("Hello").text()
        assert "asyncio" not in sys.modules
        print("ok")
        """
    )
    assert done.stdout == "ok\n", done.stderr


def test_every_name_is_there() -> None:
    for name in karen.__all__:
        assert getattr(karen, name) is not None
    assert set(karen.__all__) <= set(dir(karen))
    with pytest.raises(AttributeError):
        _ = karen.nonsense


def test_both_apis_have_the_same_nouns_and_verbs() -> None:
    for blocking, awaiting in PAIRS.items():
        extra = ONLY_ASYNC.get(awaiting, set())
        assert public(awaiting) - extra == public(blocking) - extra, blocking
        for name in public(blocking):
            one, other = getattr(blocking, name), getattr(awaiting, name)
            if inspect.isfunction(one):
                names = list(inspect.signature(one).parameters)
                assert list(inspect.signature(other).parameters) == names, (blocking, name)


def test_a_handle_says_what_it_is(tmp_path: Path) -> None:
    with karen.open(os.fsencode(tmp_path)) as k:  # type: ignore[arg-type]
        assert repr(k) == f"<Karen in {tmp_path.resolve()}>"
        assert repr(k.session()) == "<Session of local in default, owner>"
    assert repr(k) == f"<Karen in {tmp_path.resolve()}>", "closed, it is the same"


def test_a_limit_that_is_none_is_an_error_of_karens() -> None:
    with karen.open(":memory:") as k:
        me = k.session()
        for limit in (-1, 1 << 32, 1 << 80):
            for ask in (
                lambda: me.recall("x", limit=limit),
                lambda: me.memories.list(limit=limit),
                lambda: me.conversations.list(limit=limit),
                lambda: me.privacy.receipts(limit=limit),
            ):
                with pytest.raises(karen.InvalidArgumentError, match="limit"):
                    ask()


def test_everything_public_says_what_it_is() -> None:
    for name in karen.__all__:
        value = getattr(karen, name)
        if not inspect.isclass(value):
            continue
        assert value.__doc__, name
        for member in public(value):
            found = inspect.getattr_static(value, member)
            if inspect.isfunction(found) or isinstance(found, property):
                assert found.__doc__, f"{name}.{member}"


def test_the_version_is_the_workspaces() -> None:
    manifest = (ROOT / "Cargo.toml").read_text()
    found = re.search(r'^version = "(.+)"', manifest, re.MULTILINE)
    assert found is not None and karen.version() == found[1]


def test_every_code_has_an_exception_of_its_own() -> None:
    from karen import _errors, _native

    codes = [code for code, _ in _native.codes()]
    assert set(_errors._BY_CODE) == set(codes)
    assert len(set(_errors._BY_CODE.values())) == len(codes)
    for code, help in _native.codes():
        error = _errors.of_code(code, "a sentence")
        assert (error.code, error.help, str(error)) == (code, help, "a sentence")
        assert isinstance(error, karen.KarenError) and isinstance(error, Exception)


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (karen.NotFoundError, LookupError),
        (karen.ForbiddenError, PermissionError),
        (karen.InvalidArgumentError, ValueError),
        (karen.TimedOutError, TimeoutError),
        (karen.UnavailableError, ConnectionError),
        (karen.StorageFullError, OSError),
        (karen.UnsupportedError, NotImplementedError),
        (karen.InternalError, RuntimeError),
    ],
)
def test_an_exception_is_also_the_built_in(kind: Any, built_in: Any) -> None:
    assert issubclass(kind, built_in)


def test_an_exception_survives_pickling(me: karen.Session) -> None:
    with pytest.raises(karen.InvalidArgumentError) as raised:
        me.recall("x", limit=0)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (type(copy), copy.code, str(copy)) == (
        karen.InvalidArgumentError,
        "INVALID_ARGUMENT",
        str(raised.value),
    )


def test_data_is_frozen_and_hides_its_secrets(me: karen.Session) -> None:
    note = me.remember("x")
    with pytest.raises(AttributeError):
        note.id = "y"  # type: ignore[misc]
    account = karen.Account("usr_1", "default", "a@b.c", "A", "owner", "active", 0)
    signed_in = karen.SignedIn("secret-a", "secret-b", 1.0, account)
    assert "secret" not in repr(signed_in)


def test_data_is_as_any_dataclass_from_its_first_instance_on(program: Program) -> None:
    done = program(
        """
        import dataclasses, pickle, sys, threading
        import karen

        blank = {"link": karen.Link, "check": karen.Check}
        assert not any(dataclasses.is_dataclass(kind) for kind in blank.values())
        made = []
        threads = [
            threading.Thread(target=lambda: made.append(karen.Check("ok", "fine"))) for _ in range(8)
        ]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        assert made == [karen.Check(status="ok", detail="fine")] * 8
        assert repr(made[0]) == "Check(status='ok', detail='fine')"
        try:
            made[0].detail = "worse"
        except dataclasses.FrozenInstanceError:
            print(pickle.dumps(made[0]).hex())
        """
    )
    assert done.returncode == 0, done.stderr
    done = program(
        """
        import pickle, sys
        first = pickle.loads(bytes.fromhex(sys.argv[1]))
        import karen
        assert first == karen.Check("ok", "fine") and hash(first)
        print("same")
        """,
        done.stdout,
    )
    assert done.stdout == "same\n", done.stderr


def test_a_setting_is_text_a_number_or_a_truth() -> None:
    with pytest.raises(karen.InvalidArgumentError, match="chat_stop"):
        karen.open(":memory:", chat_stop=["x"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not JSON"):
        karen.open(":memory:", model=Path("x.gguf"))  # type: ignore[arg-type]


def test_a_configuration_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "karen.toml"
    file.write_text('[chat]\ninstructions = "Be brief."\n[data]\nfolder = ":memory:"\n')
    with karen.open(config=file) as k:
        assert k.config["chat"]["instructions"] == "Be brief."
        assert k.folder is None
    with karen.open(config=file, instructions="Be long.") as k:
        assert k.config["chat"]["instructions"] == "Be long."


def test_it_needs_no_other_package() -> None:
    from importlib.metadata import requires

    assert not [need for need in requires("karen-ai") or [] if "extra ==" not in need]
