"""The shipped assistants: listed, valid, and good at their questions with the embedded model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.assistants.library import shipped_files, shipped_names

_ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "shipped_questions.jsonl").read_text("utf-8").splitlines()
]


def _right(row: dict[str, Any], text: str, cited: list[str]) -> bool:
    if row["cites"] is None:
        return "do not say" in text
    return any(w.lower() in text.lower() for w in row["contains_any"]) and any(row["cites"] in c for c in cited)


@pytest.mark.parametrize("path", shipped_files(), ids=lambda p: p.stem)
def test_valid_and_passes_its_own_tests(path: Path) -> None:
    assert [str(d) for d in Assistant.check(path) if d.severity == "error"] == []
    results = Assistant.from_file(path).with_(model="embedded").run_tests()
    assert results and [(r.name, r.failures) for r in results if r.failures] == []


@pytest.mark.parametrize("id", shipped_names())
def test_good_at_its_questions(id: str) -> None:
    path = next(p for p in shipped_files() if p.name.startswith(id))
    assistant = Assistant.from_file(path).with_(model="embedded")
    rows = [r for r in _ROWS if r["assistant"] == id]
    right = 0
    for row in rows:
        reply = assistant.chat(row["question"])
        right += _right(row, reply.text, [c.source for c in reply.citations])
    assert len(rows) >= 10 and right / len(rows) >= 0.8
