"""Serves the chat with a model that takes its time, for the browser that tests it.

    python patient.py PORT
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamlit.web import cli

import karen

PIECES = 60
PIECE_SECONDS = 0.1
open_karen = karen.open


class Patient(karen.ModelAdapter):
    """Says numbered words slowly, so that there is time to reload the page in between."""

    def generate(self, request: karen.GenerateRequest) -> Iterator[str]:
        for number in range(1, PIECES + 1):
            time.sleep(PIECE_SECONDS)
            yield f"word-{number} "


def open_with_patient(*arguments: Any, **settings: Any) -> karen.Karen:
    opened = open_karen(*arguments, **settings)
    opened.models.register("patient", Patient())
    return opened


karen.open = open_with_patient
app = Path(__file__).with_name("app.py")
sys.argv = ["streamlit", "run", str(app), "--server.port", sys.argv[1]]
cli.main()
