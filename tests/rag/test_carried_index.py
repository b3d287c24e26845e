"""The vectors of the knowledge in a bundle: carried, checked, used; and bundles with bad ones come in all the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gptsmith.assistants.files.bundle import write_bundle
from gptsmith.assistants.files.imported_bundle import import_bundle, index_of, read_bundle
from gptsmith.assistants.files.library import Library, state_key
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import KnowledgeError
from gptsmith.rag.carried_index import pack_index, unpack_index
from gptsmith.rag.knowledge import KnowledgeBase
from gptsmith.state import State
from gptsmith.ui.cli import run

SPEC = """schema: assistant/v1
name: Sky
description: Stars.
instructions: Explain.
knowledge:
  - {name: cards, paths: [sky.files]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (tmp_path / "mine" / "sky.files").mkdir(parents=True)
    for name, text in [("mars.md", "Mars is red and dusty."), ("sun.md", "The sun is a star and very hot.")]:
        (tmp_path / "mine" / "sky.files" / name).write_text(text)
    path = tmp_path / "mine" / "sky.assistant.yaml"
    path.write_text(SPEC)
    return path


def synced(path: Path) -> tuple[list[str], list[str]]:
    """Sync a spec's knowledge; return what was said of passages that were embedded, and the sources of an answer."""
    loaded, said = load_file(path), list[str]()
    assert loaded.base_dir is not None
    knowledge = KnowledgeBase(loaded.spec.knowledge, loaded.base_dir, State().folder(state_key(path)))
    try:
        knowledge.sync(said.append)
        hits = knowledge.search("Which planet is red?")
    finally:
        knowledge.close()
    return [line for line in said if line.startswith("Indexed")], [hit.source for hit in hits]


def test_carried_vectors_are_not_computed_again(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(spec), "-o", str(tmp_path / "with.zip"), "--index"]) == 0
    assert ", vectors\n" in capsys.readouterr().out
    write_bundle(spec, tmp_path / "without.zip")
    _, here = synced(spec)
    monkeypatch.setenv("GPTSMITH_HOME", str(tmp_path / "there"))
    monkeypatch.chdir(tmp_path)
    assert run(["import", str(tmp_path / "with.zip"), "--yes", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["index"]
    assert [file["path"] for file in shown["files"]] == [
        "sky.assistant.yaml", "sky.files/mars.md", "sky.files/sun.md",
    ]  # fmt: skip
    first = Path(shown["path"])
    assert not (first.parent / "index.jsonl").exists()
    assert synced(first) == ([], here)
    computed, _ = synced(import_bundle(tmp_path / "without.zip", Library(tmp_path / "there")))
    assert computed == ["Indexed 2 passages"]


def changed(data: bytes, change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    lines = [json.loads(line) for line in data.decode().splitlines()]
    change(lines)
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def vectors(values: Any) -> str:
    return base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "binary": (lambda _: b"\xff\x00", "can't decode"),
    "format": (lambda d: changed(d, lambda v: v.pop(0)), "they are not of the format gptsmith-index/1"),
    "not a line": (lambda d: d + b"3\n", "not subscriptable"),
    "document": (lambda d: changed(d, lambda v: v[1].update(document="../../x")), "a document has no id"),
    "places": (lambda d: changed(d, lambda v: v[1].update(places=[[0, 10**9]])), "a place is none"),
    "numbers": (lambda d: changed(d, lambda v: v[1].update(places=[[0, "9"]])), "a place is no number"),
    "short": (lambda d: changed(d, lambda v: v[1].update(vectors=vectors([1.0]))), "vectors are missing"),
    "long": (lambda d: changed(d, lambda v: v[1].update(vectors=vectors([9.0] * 384))), "a vector is none"),
    "nan": (lambda d: changed(d, lambda v: v[1].update(vectors=vectors([np.nan] * 384))), "a vector is none"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_vectors_are_refused_and_the_assistant_comes_in(
    name: str, spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, message = BAD[name]
    data = make(pack_index(spec))
    with pytest.raises(KnowledgeError, match="the vectors in the bundle cannot be used") as caught:
        unpack_index(data, spec)
    assert message in str(caught.value)
    write_bundle(spec, tmp_path / "sky.zip", data)
    assert index_of(tmp_path / "sky.zip", agreed=read_bundle(tmp_path / "sky.zip").digest) == data
    monkeypatch.chdir(tmp_path)
    assert run(["import", str(tmp_path / "sky.zip"), "--yes"]) == 0
    assert "they are computed anew from the files" in capsys.readouterr().err
    assert synced(Library(State().root).specs / "sky.assistant.yaml")[0] == ["Indexed 2 passages"]


def test_vectors_of_another_cutting_or_document_are_not_used(spec: Path) -> None:
    data = pack_index(spec)
    assert unpack_index(data, spec) == 2
    assert unpack_index(changed(data, lambda v: [line.update(cutting="0" * 32) for line in v[1:]]), spec) == 0
