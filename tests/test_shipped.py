"""The shipped assistants: listed, valid, and good at their questions with the embedded model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.assistants.files.library import shipped_files, shipped_names
from gptsmith.models.pictures import captioners, generators, names, recognizers
from tests.support import tiny_pictures
from training.release import seal


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(__file__).parent / "data" / name).read_text("utf-8").splitlines()]


_ROWS, _PICTURE_ROWS = _rows("shipped_questions.jsonl"), _rows("shipped_pictures.jsonl")
_OF_PICTURES = ["illustrator", "photo-describer"]
_REACHING = ["data-analyst", "researcher", "shop-desk"]
_ANSWERING = [p for p in shipped_files() if p.name.removesuffix(".assistant.yaml") not in _REACHING]
# numpy 2 and torch disagree about a keyword inside some of diffusers' samplers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded picture models at a tiny size: what is called and with which words does not depend on them."""
    root = tmp_path_factory.mktemp("weights")
    for kind, make in (
        ("clip", tiny_pictures.clip),
        ("captioner", tiny_pictures.captioner),
        ("generator", tiny_pictures.embedded_generator),
    ):
        seal(make(root / kind))
    (root / "upsampler").symlink_to(names.WEIGHTS / "upsampler")
    return root


@pytest.fixture(autouse=True)
def with_tiny_weights(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put them where the package's own are."""
    monkeypatch.setattr(names, "WEIGHTS", tiny_weights)
    for module in (captioners, generators, recognizers):
        monkeypatch.setattr(module, "_made", {})


def _right(row: dict[str, Any], text: str, cited: list[str]) -> bool:
    if row["cites"] is None:
        return "do not say" in text
    return any(w.lower() in text.lower() for w in row["contains_any"]) and any(row["cites"] in c for c in cited)


@pytest.mark.parametrize("path", _ANSWERING, ids=lambda p: p.stem)
def test_valid_and_passes_its_own_tests(path: Path) -> None:
    assert [str(d) for d in Assistant.check(path) if d.severity == "error"] == []
    results = Assistant.from_file(path).with_(model="embedded").run_tests()
    assert results and [(r.name, r.failures) for r in results if r.failures] == []


@pytest.mark.parametrize("id", [name for name in shipped_names() if name not in _OF_PICTURES + _REACHING])
def test_good_at_its_questions(id: str) -> None:
    path = next(p for p in shipped_files() if p.name.startswith(id))
    assistant = Assistant.from_file(path).with_(model="embedded")
    rows = [r for r in _ROWS if r["assistant"] == id]
    right = 0
    for row in rows:
        reply = assistant.chat(row["question"])
        right += _right(row, reply.text, [c.source for c in reply.citations])
    assert len(rows) >= 10 and right / len(rows) >= 0.8


@pytest.mark.parametrize("row", _PICTURE_ROWS, ids=lambda row: row["turns"][0]["message"][:40])
def test_pictures_are_drawn_and_described_as_asked(row: dict[str, Any]) -> None:
    path = next(p for p in shipped_files() if p.name.startswith(row["assistant"]))
    assistant, thread = Assistant.from_file(path).with_(model="embedded"), None
    for turn in row["turns"]:
        files = [str(path.parent / "photo-describer.files" / "cube-and-ball.png")] if turn.get("picture") else []
        reply = assistant.chat(turn["message"], thread_id=thread, files=files)
        thread = reply.thread_id
        assert [call.name for call in reply.tool_calls] == ([turn["tool"]] if turn["tool"] else []), reply.text
        args = reply.tool_calls[0].args if turn["tool"] else {}
        for name, value in turn["args"].items():
            assert value in args[name] if name == "request" else args[name] == value
        assert len(reply.images) == (turn["tool"] == "paint")


def test_there_are_ten_requests_for_each_assistant_of_pictures() -> None:
    assert [sum(row["assistant"] == id for row in _PICTURE_ROWS) for id in _OF_PICTURES] == [10, 10]
