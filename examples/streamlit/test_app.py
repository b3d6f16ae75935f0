"""The chat as a visitor uses it, driven without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).with_name("app.py"))
PASSWORD = "a handful of plain words"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    import streamlit

    streamlit.cache_resource.clear()
    monkeypatch.setenv("KAREN_DATA", str(tmp_path / "data"))
    monkeypatch.syspath_prepend(str(Path(APP).parent))
    return AppTest.from_file(APP, default_timeout=60).run()


def registered(app: AppTest, email: str = "ada@example.com") -> AppTest:
    name, address, password = app.text_input[2], app.text_input[3], app.text_input[4]
    name.set_value("Ada"), address.set_value(email), password.set_value(PASSWORD)
    return app.button[1].click().run()


def labelled(app: AppTest, label: str) -> list[object]:
    return [button for button in app.button if button.label == label]


def said(app: AppTest) -> list[str]:
    return [markdown.value for message in app.chat_message for markdown in message.markdown]


def test_a_stranger_sees_the_form_and_nothing_else(app: AppTest) -> None:
    assert not app.exception and app.title[0].value == "Karen"
    assert [tab.label for tab in app.tabs] == ["Sign in", "Make an account"]
    assert not app.chat_input


def test_a_wrong_password_is_told(app: AppTest) -> None:
    app.text_input[0].set_value("ada@example.com")
    app.text_input[1].set_value("no password of mine")
    app.button[0].click().run()
    assert not app.exception and "wrong" in app.error[0].value


def test_a_visitor_chats_and_the_turn_is_remembered(app: AppTest) -> None:
    registered(app)
    assert not app.exception and not app.error
    app.chat_input[0].set_value("My dog is called Biscuit.").run()
    assert not app.exception
    app.chat_input[0].set_value("What is my dog called?").run()
    assert not app.exception
    assert any("Biscuit" in text and "quote" in text for text in said(app))
    assert any("recalled" in expander.label for expander in app.expander)


def test_a_rerun_shows_the_same_conversation(app: AppTest) -> None:
    registered(app)
    app.chat_input[0].set_value("Hello there").run()
    before = said(app)
    app.run()
    assert not app.exception
    assert [text for text in said(app) if text == "Hello there"] == ["Hello there"]
    assert before[0] == said(app)[0]


def test_a_reload_shows_the_conversation_that_the_address_names(app: AppTest) -> None:
    registered(app)
    app.chat_input[0].set_value("Hello there").run()
    me = app.session_state.me
    assert "".join(app.query_params["conversation"]) == me.conversations.list().conversations[0].id
    again = AppTest.from_file(APP, default_timeout=60)
    again.query_params["conversation"] = app.query_params["conversation"]
    again.session_state.me = me
    again.run()
    assert not again.exception and "Hello there" in said(again)


def test_memories_are_added_and_forgotten(app: AppTest) -> None:
    registered(app)
    next(field for field in app.text_input if field.label == "Remember something").set_value(
        "I take the early train."
    )
    labelled(app, "Remember")[0].click().run()  # type: ignore[attr-defined]
    assert any(markdown.value == "I take the early train." for markdown in app.markdown)
    labelled(app, "Forget")[0].click().run()  # type: ignore[attr-defined]
    assert not any(markdown.value == "I take the early train." for markdown in app.markdown)


def test_visitors_do_not_see_each_others_words(app: AppTest) -> None:
    registered(app)
    app.chat_input[0].set_value("My boat is called Anna.").run()
    labelled(app, "Sign out")[0].click().run()  # type: ignore[attr-defined]
    assert not app.chat_input
    registered(app, "bob@example.com")
    assert not app.exception
    everything = [markdown.value for markdown in app.markdown]
    assert not any("Anna" in text for text in everything)
    assert not any("boat" in button.label for button in app.button)
