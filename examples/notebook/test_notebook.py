"""The notebook as somebody runs it, from top to bottom in a kernel of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("karen.ipynb")
CELL_SECONDS = 60


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of code with what they printed; a cell that raises fails every test."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}},
    )
    client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cells: list[Any], part: str) -> str:
    """What the one cell that has `part` in its code showed."""
    (cell,) = (cell for cell in cells if part in cell.source)
    texts = (out.get("text") or out["data"]["text/plain"] for out in cell.outputs)
    return "".join(texts)


def test_a_recall_says_what_was_found_and_why(cells: list[Any]) -> None:
    found = shown(cells, "item.terms")
    assert found.startswith("My dog is called Biscuit.") and "dog" in found


def test_without_a_model_memory_is_quoted(cells: list[Any]) -> None:
    assert "Biscuit" in shown(cells, "What is my dog called?")


def test_an_answer_is_streamed_from_a_model_of_ones_own(cells: list[Any]) -> None:
    assert shown(cells, "text_stream") == "POLLY WANTS A CRACKER "


def test_a_turn_says_what_it_did(cells: list[Any]) -> None:
    events = shown(cells, "type(event)")
    assert "Recall" in events and "early train" in events and "Done" in events


def test_both_apis_work_beside_the_loop_of_the_notebook(cells: list[Any]) -> None:
    assert shown(cells, "AsyncKaren") == "The meeting is on Tuesday.\n"


def test_the_notebook_is_kept_without_outputs() -> None:
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None
