"""Who is visiting: signing in, and coming back after a reload."""

from __future__ import annotations

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
    try:
        with known, st.form("sign-in"):
            email, password = st.text_input("Email"), st.text_input("Password", type="password")
            if st.form_submit_button("Sign in"):
                return _enter(k, k.auth.log_in(email, password, device="Streamlit"))
        with fresh, st.form("register"):
            name, email = st.text_input("Name"), st.text_input("Email", key="new-email")
            password = st.text_input("Password, 15 characters or more", type="password")
            if st.form_submit_button("Make an account"):
                account = k.auth.register(
                    email=email, name=name, password=password, device="Streamlit"
                )
                return _enter(k, account)
    except karen.KarenError as error:
        st.error(str(error))
    return None


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
    if token:
        st.html(
            f"<script>document.cookie = '{COOKIE}={token}; max-age={SECONDS}; path=/; "
            "samesite=strict';</script>",
            unsafe_allow_javascript=True,
        )
