"""Who is visiting: signing in, and coming back after a reload."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

import karen

COOKIE = "karen_refresh"
SECONDS = 30 * 24 * 60 * 60


def sign_in(k: karen.Karen) -> karen.Session | None:
    """The visitor's session; `None` while the form is shown."""
    if "me" in st.session_state:
        _keep_cookie()
        session: karen.Session = st.session_state.me
        return session
    token = st.context.cookies.get(COOKIE)
    if isinstance(token, str) and not st.session_state.get("signed_out"):
        try:
            return _enter(k, k.auth.refresh(token))
        except karen.UnauthenticatedError:
            st.info("Your sign-in has ended: sign in again.")
    return _form(k)


def sign_out(k: karen.Karen, me: karen.Session) -> None:
    """Ends the sign-in, here and for whoever has the cookie."""
    k.auth.log_out(me)
    st.session_state.clear()
    st.query_params.clear()
    st.session_state.signed_out = True
    st.rerun()


def _form(k: karen.Karen) -> karen.Session | None:
    st.title("Karen")
    known, fresh = st.tabs(["Sign in", "Make an account"])
    with known:
        found = _asked(lambda: _log_in(k))
    with fresh:
        made = _asked(lambda: _register(k))
    signed_in = found or made
    return _enter(k, signed_in) if signed_in else None


def _asked(form: Callable[[], karen.SignedIn | None]) -> karen.SignedIn | None:
    """What a form gives; why it was refused is said below it."""
    try:
        return form()
    except karen.KarenError as error:
        st.error(str(error))
        return None


def _log_in(k: karen.Karen) -> karen.SignedIn | None:
    with st.form("sign-in"):
        email, password = st.text_input("Email"), st.text_input("Password", type="password")
        if not st.form_submit_button("Sign in"):
            return None
    return k.auth.log_in(email, password, device="Streamlit")


def _register(k: karen.Karen) -> karen.SignedIn | None:
    with st.form("register"):
        name, email = st.text_input("Name"), st.text_input("Email", key="new-email")
        password = st.text_input("Password, 15 characters or more", type="password")
        if not st.form_submit_button("Make an account"):
            return None
    return k.auth.register(email=email, name=name, password=password, device="Streamlit")


def _enter(k: karen.Karen, signed_in: karen.SignedIn) -> karen.Session:
    session = k.session(signed_in.access)
    st.session_state.me = session
    st.session_state.refresh = signed_in.refresh
    st.session_state.signed_out = False
    st.rerun()
    return session


def _keep_cookie() -> None:
    """A page cannot set a cookie in its answer, so a script sets it: not over plain HTTP to strangers."""
    token = st.session_state.pop("refresh", None)
    # The place is there in every run: were it not, what follows would be another page to Streamlit.
    place = st.empty()
    if token:
        place.html(
            f"<script>document.cookie = '{COOKIE}={token}; max-age={SECONDS}; path=/; "
            "samesite=strict';</script>",
            unsafe_allow_javascript=True,
        )
