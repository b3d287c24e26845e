"""The pages as tests open them: a library of their own, the real script, everything that it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = Path(__file__).parents[2] / "gptsmith" / "ui" / "web" / "app.py"
NIGHT_SKY = """schema: assistant/v1
name: Night sky
description: A patient guide to the stars for children.
instructions: Explain with small words. End every answer with a question.
conversation_starters:
  - What is a comet?
"""


def make_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a library with one assistant of the person's own; return the folder of its specs."""
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "home"))
    specs = tmp_path / "lib" / "assistants" / "specs"
    specs.mkdir(parents=True)
    (specs / "night-sky.assistant.yaml").write_text(NIGHT_SKY)
    monkeypatch.chdir(tmp_path / "lib")
    return specs


def open_page(**where: str) -> AppTest:
    """Run the script at an address."""
    at = AppTest.from_file(str(SCRIPT), default_timeout=60)
    for key, value in where.items():
        at.query_params[key] = value
    return at.run()


def words(at: AppTest) -> str:
    """Everything that the page says."""
    assert not at.exception, at.exception
    drawn = [
        *at.title,
        *at.header,
        *at.subheader,
        *at.markdown,
        *at.caption,
        *at.error,
        *at.warning,
        *at.info,
        *at.success,
    ]
    return "\n".join(str(element.value) for element in drawn)
