"""What a person thinks of answers comes out with the version of the spec that gave them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from gptsmith import Assistant
from gptsmith.assistants.files.versions import Versions
from gptsmith.ui.cli import run
from tests.support.scripted import Scripted

SPEC = "schema: assistant/v1\nname: Tiles\ndescription: Knows tiles.\ninstructions: {}\n"


def asked(path: Path, answer: str, thumb: int | None, reason: str = "") -> str:
    """Ask the assistant as its file is now, rate the answer, and return the SHA-256 of the file."""
    with Assistant.from_file(path, model=Scripted(always=answer)) as a:
        turn = a.history(a.chat("How old?").thread_id)[-1]
        if thumb:
            a.engine.store.rate(turn.id, {"thumb": thumb, **({"reason": reason} if reason else {})})
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_rated_answer_names_the_version_it_came_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiles.assistant.yaml"
    path.write_text(SPEC.format("Be kind."), encoding="utf-8")
    versions = Versions(path)
    versions.begin("person", "made")
    first = asked(path, "Old indeed.", 1)
    asked(path, "Unrated words.", None)
    versions.save(SPEC.format("Be brief."), None, author="person", reason="brief")
    second = asked(path, "Very old.", -1, "too short\n“really”")
    versions.undo()
    assert asked(path, "Kind again.", 1) == first != second
    with Assistant.from_file(path, model=Scripted()) as a:
        found = a.feedback()
    told = [(f.answer, f.thumb, f.reason, f.spec_sha256, f.spec_version) for f in found]
    assert told == [
        ("Old indeed.", 1, "", first, 1),
        ("Very old.", -1, "too short\n“really”", second, 2),
        ("Kind again.", 1, "", first, 3),
    ]
    assert {f.message for f in found} == {"How old?"} and all(f.model and f.turn_id for f in found)

    assert run(["feedback", str(path)]) == 0
    out = capsys.readouterr()
    assert [json.loads(line) for line in out.out.splitlines()] == [f.model_dump() for f in found]
    assert "3 rated answers" in out.err
    assert run(["feedback", str(path), "--out", str(tmp_path / "rated.jsonl")]) == 0
    assert (tmp_path / "rated.jsonl").read_text("utf-8") == out.out and not capsys.readouterr().out


def test_without_a_file_or_a_history_there_is_no_version(tmp_path: Path) -> None:
    spec = {"schema": "assistant/v1", "name": "T", "description": "D", "instructions": "I"}
    with Assistant.from_dict(spec, model=Scripted(always="Yes.")) as a:
        assert a.feedback() == []
        a.chat("Is it?", thread_id="t")
        a.engine.store.rate(a.history("t")[0].id, {"thumb": 1})
        assert [(f.spec_sha256, f.spec_version) for f in a.feedback()] == [("", None)]
    path = tmp_path / "tiles.assistant.yaml"
    path.write_text(SPEC.format("Be kind."), encoding="utf-8")
    digest = asked(path, "Old.", 1)
    with Assistant.from_file(path, model=Scripted()) as a:
        assert [(f.spec_sha256, f.spec_version) for f in a.feedback()] == [(digest, None)]
