"""The chat in headless Chromium, as a visitor uses it; what is claimed is in tests/browser/streamlit.mjs."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HERE = Path(__file__).parent
CLAIMS = HERE.parents[1] / "tests/browser/streamlit.mjs"
START_TRIES = 600


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Streamlit server of its own, with a model that takes its time."""
    monkeypatch.setenv("KAREN_DATA", str(tmp_path / "data"))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(HERE / "patient.py"), str(port)], cwd=HERE)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(START_TRIES):
        assert server.poll() is None, "the server ended"
        try:
            with urlopen(address):
                return
        except URLError:
            # It refuses while it starts; waiting for its end is the pause between two tries.
            try:
                server.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError("the server does not answer")


def test_the_chat_does_what_it_promises(url: str) -> None:
    done = subprocess.run(["node", str(CLAIMS), "--url", url], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
