"""A chat with Karen: streamed answers, what was recalled and why, memories, models, settings.

    streamlit run app.py

The data folder is `KAREN_DATA`, `./karen-data` if not said; `KAREN_MODEL` is a GGUF file that answers
while no other model has been added. Each visitor signs in. A cookie brings them back after a reload,
and a turn that was cut off by one is listened to again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import streamlit as st
import visitor

import karen

MESSAGES_SHOWN = 50


@st.cache_resource
def open_karen() -> karen.Karen:
    """One Karen for every visitor."""
    settings: dict[str, str | int | float | bool] = {"auth_registration": "open"}
    model = os.environ.get("KAREN_MODEL")
    if model:
        settings["model"] = model
    return karen.open(os.environ.get("KAREN_DATA", "./karen-data"), **settings)


def chat(k: karen.Karen, me: karen.Session) -> None:
    """The transcript, and what is said next."""
    conversation = choose_conversation(me)
    said_before = kept(me, conversation) if conversation else []
    running = me.conversations.running_turn(conversation) if conversation else None
    # The field stays below whatever is added to the transcript.
    transcript, field = st.container(), st.container()
    said = field.chat_input("Say something to Karen")
    with transcript:
        for message in said_before:
            with st.chat_message(message.role):
                st.markdown(message.content)
                if message.state != "complete":
                    st.caption(message.state)
                if message.role == "assistant" and message.turn:
                    made_from(message.model, recalled_for(me, message.turn))
        if running:
            answer(me.resume(running))
        if said:
            with st.chat_message("user"):
                st.markdown(said)
            turn = me.chat(said, conversation=conversation)
            st.query_params.conversation = turn.conversation
            answer(turn)
    if said and conversation is None:
        st.rerun()


def kept(me: karen.Session, conversation: str) -> list[karen.Message]:
    """The end of the transcript."""
    return me.conversations.messages(conversation, limit=MESSAGES_SHOWN).messages


def choose_conversation(me: karen.Session) -> str | None:
    """The conversation that is open, which the address names; `None` for a new one."""
    known = {found.id: found.title or "Untitled" for found in me.conversations.list().conversations}
    current = st.query_params.get("conversation")
    with st.sidebar:
        if st.button("New conversation", icon=":material/add:", width="stretch"):
            st.query_params.clear()
            current = None
        for id, title in known.items():
            kind = "primary" if id == current else "secondary"
            if st.button(title, key=f"open-{id}", type=kind, width="stretch"):
                st.query_params.conversation = id
                st.rerun()
    return current if current in known else None


def answer(turn: karen.Turn) -> None:
    """An answer as it comes, then what it was made from."""
    recalled: list[karen.RecalledItem] = []
    ends: list[karen.Done] = []

    def pieces() -> Iterator[str]:
        for event in turn:
            if isinstance(event, karen.Recall):
                recalled.extend(event.items)
            elif isinstance(event, karen.Delta):
                yield event.text
            elif isinstance(event, karen.Done):
                ends.append(event)

    with st.chat_message("assistant"):
        st.write_stream(pieces())
        for end in ends:
            if end.error:
                st.error(end.error.message)
            made_from(end.model_answered, recalled)


def made_from(model: str | None, recalled: list[karen.RecalledItem]) -> None:
    """Which model answered, what it was reminded of, and why."""
    st.caption(model or "no model: quoted from memory")
    if recalled:
        with st.expander(f"{len(recalled)} recalled"):
            for item in recalled:
                st.markdown(f"**{item.text}**")
                st.caption(f"{item.speaker}, {item.score:.2f}, {', '.join(item.terms)}")


def recalled_for(me: karen.Session, turn: str) -> list[karen.RecalledItem]:
    """What a turn that is over recalled, which its log tells; read once a visit."""
    known: dict[str, list[karen.RecalledItem]] = st.session_state.setdefault("recalled", {})
    if turn not in known:
        events = (event for event in me.resume(turn) if isinstance(event, karen.Recall))
        known[turn] = [item for event in events for item in event.items]
    return known[turn]


def memories(me: karen.Session) -> None:
    """What is remembered: searched, added to, forgotten."""
    with st.form("remember", clear_on_submit=True):
        note = st.text_input("Remember something")
        if st.form_submit_button("Remember") and note.strip():
            me.remember(note)
    query = st.text_input("Search", placeholder="What is my dog's name?")
    if query.strip():
        for item in me.recall(query):
            why = ", ".join(item.terms) or "its meaning"
            memory(me, item.id, item.text, f"{item.score:.2f}, because of {why}")
        return
    for found in me.memories.list(limit=100).memories:
        memory(me, found.id, found.text, f"{found.kind}, said by {found.speaker}")


def memory(me: karen.Session, id: str, text: str, about: str) -> None:
    """One memory, with the means to forget it."""
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.markdown(text)
    words.caption(about)
    if button.button("Forget", key=f"forget-{id}"):
        me.forget(id)
        st.rerun()


def models(k: karen.Karen, me: karen.Session) -> None:
    """The models, and adding one."""
    for model in k.models.list():
        answers = " · answers" if model.name == k.models.default else ""
        st.markdown(f"**{model.name}** {model.format}, {model.state}{answers}")
    if "models:write" not in me.permissions:
        st.caption("Adding models takes the permission models:write.")
        return
    path = st.text_input("A GGUF file on this machine")
    if st.button("Add") and path.strip():
        k.models.add(path.strip())
        st.rerun()


def settings(k: karen.Karen, me: karen.Session) -> None:
    """Who is here, how Karen is, and the way out."""
    health = k.health()
    used = me.usage()
    st.markdown(f"Karen {karen.version()}: {health.status}, {health.models.detail}.")
    st.markdown(f"You are {me.user} ({me.role}); {used.turns} turns, {used.tokens} tokens.")
    if st.button("Sign out"):
        visitor.sign_out(k, me)
    with st.expander("Configuration"):
        st.json({part: k.config[part] for part in ("chat", "memory", "limits")})


def main() -> None:
    st.set_page_config(page_title="Karen")
    k = open_karen()
    me = visitor.sign_in(k)
    if me is None:
        return
    talk, known, engines, rest = st.tabs(["Chat", "Memories", "Models", "Settings"])
    try:
        with talk:
            chat(k, me)
        with known:
            memories(me)
        with engines:
            models(k, me)
        with rest:
            settings(k, me)
    except karen.KarenError as error:
        st.error(f"{error} {error.help}")


main()
