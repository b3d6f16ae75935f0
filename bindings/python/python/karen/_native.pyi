from _typeshed import SupportsGetItem
from typing import Any, SupportsFloat, SupportsIndex, final

__all__ = ["Accounts", "Answer", "Events", "Karen", "Models", "Pending", "Pieces", "Reply", "Session", "Turn", "codes", "forked", "leave", "open", "version"]

@final
class Accounts:
    """
    Accounts, sign-ins and keys of one Karen.
    """
    def api_keys(self, /, session: Session) -> Pending: ...
    def audit_log(self, /, session: Session, after: SupportsIndex, limit: SupportsIndex) -> Pending: ...
    def change_password(self, /, session: Session, current: str, new: str) -> Pending: ...
    def create(self, /, session: Session, email: str, name: str, password: str, role: str) -> Pending: ...
    def create_api_key(self, /, session: Session, name: str, permissions: SupportsGetItem[int, str] | None, lifetime: SupportsFloat | SupportsIndex | None) -> Pending: ...
    def disable(self, /, session: Session, account: str) -> Pending: ...
    def enable(self, /, session: Session, account: str) -> Pending: ...
    def list(self, /, session: Session, after: str | None, limit: SupportsIndex) -> Pending: ...
    def log_in(self, /, email: str, password: str, device: str | None) -> Pending: ...
    def log_out(self, /, session: Session) -> Pending: ...
    def log_out_everywhere(self, /, session: Session) -> Pending: ...
    def own(self, /, session: Session) -> Pending: ...
    def refresh(self, /, token: str) -> Pending: ...
    def register(self, /, email: str, name: str, password: str, device: str | None) -> Pending: ...
    def revoke_api_key(self, /, session: Session, id: str) -> Pending: ...
    def revoke_session(self, /, session: Session, id: str) -> Pending: ...
    def sessions(self, /, session: Session) -> Pending: ...
    def set_up(self, /, token: str, email: str, name: str, password: str) -> Pending: ...
    def setup_needed(self, /) -> Pending: ...
    def setup_token(self, /) -> Pending: ...
    def verify_audit_log(self, /, session: Session) -> Pending: ...

@final
class Answer:
    """
    An answer without a conversation.
    """
    def cancel(self, /) -> None: ...
    @property
    def model(self, /) -> str: ...
    def next(self, /) -> Pending:
        """
        The next events; an empty list after the last.
        """

@final
class Events:
    """
    News of what happens.
    """
    def next(self, /) -> Pending:
        """
        The next news; an empty list at the end.
        """

@final
class Karen:
    """
    Karen, opened.
    """
    def accounts(self, /) -> Accounts: ...
    def close(self, /) -> Pending: ...
    def config(self, /) -> Any: ...
    def events(self, /) -> Pending: ...
    def folder(self, /) -> str | None: ...
    def health(self, /) -> Pending: ...
    def live_turns(self, /) -> int: ...
    def models(self, /) -> Models: ...
    def register_tool(self, /, spec: Any, call: Any) -> None:
        """
        `call` is given the arguments, the user's id and a `Reply`.
        """
    def session(self, /, token: str | None) -> Pending: ...
    def tools(self, /) -> Any: ...
    def unregister_tool(self, /, name: str) -> bool: ...
    def verify(self, /) -> Pending: ...

@final
class Models:
    """
    The models of one Karen.
    """
    def add(self, /, path: str, name: str | None, is_kept: bool) -> Pending: ...
    def complete(self, /, prompt: str, options: Any) -> Pending: ...
    def count_prompt(self, /, name: str, messages: Any, tools: Any) -> Pending: ...
    def count_text(self, /, name: str, text: str) -> Pending: ...
    def default_name(self, /) -> str | None: ...
    def embed(self, /, name: str, texts: SupportsGetItem[int, str]) -> Pending: ...
    def get(self, /, name: str | None) -> Any: ...
    def list(self, /) -> Any: ...
    def load(self, /, name: str) -> Pending: ...
    def register(self, /, name: str, host: Any, generates: bool, embeds: bool, context_tokens: SupportsIndex) -> None:
        """
        `host` has a method for each of `load`, `unload`, `generate`, `count` and `embed`.
        """
    def remove(self, /, name: str) -> Pending: ...
    def set_default(self, /, name: str) -> None: ...
    def unload(self, /, name: str) -> Pending: ...

@final
class Pending:
    """
    An operation under way: wait for it, or be told when it is ready.
    """
    def cancel(self, /) -> None:
        """
        Ends the operation.
        """
    def is_ready(self, /, seconds: SupportsFloat | SupportsIndex) -> bool:
        """
        Whether the result is there, or will be within so many seconds.
        """
    def take(self, /) -> Any:
        """
        The result, once.
        """
    def wait(self, /) -> Any:
        """
        Blocks until the result is there. Ctrl-C cancels the operation.
        """
    def when_ready(self, /, callback: Any) -> None:
        """
        Calls back from a thread of Karen's when the result is there; at once if it is.
        """

@final
class Pieces:
    """
    Where a model of Python's puts the pieces of its answer.
    """
    def end(self, /) -> None:
        """
        The end of the answer.
        """
    def fail(self, /, message: str) -> "bool | Pending":
        """
        Says that it went wrong.
        """
    def text(self, /, text: str) -> "bool | Pending":
        """
        Gives a piece of text; `False` when no more are wanted, a `Pending` of that when many wait.
        """
    def tool_call(self, /, call: Any) -> "bool | Pending":
        """
        Asks for a tool to be called.
        """
    def usage(self, /, prompt_tokens: SupportsIndex, completion_tokens: SupportsIndex) -> "bool | Pending":
        """
        Tells what the answer took.
        """

@final
class Reply:
    """
    How Python answers a call, once.
    """
    def fail(self, /, message: str) -> None:
        """
        Says that it went wrong.
        """
    def send(self, /, value: Any) -> None:
        """
        Answers.
        """
    def when_abandoned(self, /, callback: Any) -> None:
        """
        Calls back when nobody waits for the answer any more.
        """

@final
class Session:
    """
    Karen on behalf of one person.
    """
    def cancel(self, /, turn: str) -> Pending: ...
    def chat(self, /, message: str, options: Any) -> Pending: ...
    def conversation(self, /, id: str) -> Pending: ...
    def create_conversation(self, /, title: str) -> Pending: ...
    def delete_conversation(self, /, id: str) -> Pending: ...
    def forget(self, /, memory: str) -> Pending: ...
    def forget_all(self, /) -> Pending: ...
    def generate(self, /, messages: Any, options: Any) -> Pending: ...
    def import_history(self, /, text: str, progress: Any | None) -> Pending:
        """
        `progress` is called with what is done and what there is in all.
        """
    def list_conversations(self, /, after: str | None, limit: SupportsIndex) -> Pending: ...
    def list_memories(self, /, after: str | None, limit: SupportsIndex) -> Pending: ...
    def memory(self, /, id: str) -> Pending: ...
    def messages(self, /, id: str, before: str | None, limit: SupportsIndex) -> Pending: ...
    def recall(self, /, query: str, limit: SupportsIndex) -> Pending: ...
    def remember(self, /, text: str, tags: SupportsGetItem[int, str]) -> Pending: ...
    def rename_conversation(self, /, id: str, title: str) -> Pending: ...
    def resume(self, /, turn: str, after: SupportsIndex) -> Pending: ...
    def running_turn(self, /, id: str) -> Any: ...
    def turn(self, /, turn: str) -> Pending: ...
    def usage(self, /, since: SupportsIndex) -> Pending: ...
    def whose(self, /) -> Any: ...

@final
class Turn:
    """
    A turn that is listened to.
    """
    def cancel(self, /) -> None: ...
    @property
    def conversation(self, /) -> str: ...
    @property
    def id(self, /) -> str: ...
    def next(self, /) -> Pending:
        """
        The next events; an empty list after the last.
        """

def codes() -> list[tuple[str, str]]:
    """
    Every error code with its help, in the order of the documentation.
    """

def forked() -> None:
    """
    In a child process no thread of the parent's is inside, and nothing is ending.
    """

def leave(seconds: SupportsFloat | SupportsIndex) -> bool:
    """
    Shuts the door, and waits for at most `seconds` until every thread of Karen's is out.
    """

def open(file: str | None, settings: Any) -> Pending:
    """
    Opens Karen: `file` is a karen.toml, `settings` win over it.
    """

def version() -> str:
    """
    The version of this build.
    """
