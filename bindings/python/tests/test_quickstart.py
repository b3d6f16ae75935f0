"""QUICKSTART.md, typed in from top to bottom: every block of it runs, and shows what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, WHEELS

PAGE = ROOT / "bindings/python/QUICKSTART.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
MODEL = ROOT / "tests/model/karen-demo.gguf"
END = "-- end of a block --"
PAGE_SECONDS = 120


def script() -> str:
    """The page as one shell script: programs are saved under their names, commands are run."""
    lines = ["set -e"]
    for language, text in BLOCKS:
        if language == "python":
            name = text.splitlines()[0].removeprefix("# ")
            lines.append(f"cat > {name} <<'PROGRAM'\n{text}PROGRAM")
        elif language == "sh":
            lines.append(f"{text}echo '{END}'")
    return "\n".join(lines)


def expected() -> list[str | None]:
    """What each block of commands shows, where the page says so."""
    found: list[str | None] = []
    for language, text in BLOCKS:
        if language == "sh":
            found.append(None)
        elif language == "text":
            found[-1] = text
    return found


def test_every_block_is_a_program_or_commands_or_what_they_show() -> None:
    assert {language for language, _ in BLOCKS} == {"python", "sh", "text"}
    for language, text in BLOCKS:
        assert language != "python" or re.match(r"# \w+\.py\n", text)


@pytest.mark.skipif(WHEELS is None, reason="scripts/test-python.sh says where the wheel is")
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    shutil.copy(MODEL, tmp_path / "model.gguf")
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
    }
    done = subprocess.run(
        ["bash", "-c", script()],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = done.stdout.split(f"{END}\n")[:-1]
    assert len(shown) == len(expected())
    for text, wanted in zip(shown, expected()):
        assert text.strip() and wanted in (None, text), (text, wanted)
