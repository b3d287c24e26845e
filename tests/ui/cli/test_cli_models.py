"""gptsmith models: what a person types and reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gptsmith.models.shelf import catalogue, shelf
from gptsmith.ui.cli import run
from tests.support.model_server import ModelServer, small_catalogue

WEIGHTS = b"GGUF" + bytes(range(256)) * 400


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A mirror that has one of the two models of the catalogue."""
    models = small_catalogue({"large": {"weights.gguf": WEIGHTS + b"!"}, "small": {"weights.gguf": WEIGHTS}})
    monkeypatch.setattr(shelf, "catalogue", lambda: models)
    with ModelServer({"small/weights.gguf": WEIGHTS}) as found:
        monkeypatch.setenv("GPTSMITH_MODEL_MIRROR", found.url)
        yield found


def read(capsys: pytest.CaptureFixture[str]) -> object:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", [["models"], ["models", "list"]])
def test_the_list_says_what_there_is_and_what_is_here(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "get", "small"]) == 0
    capsys.readouterr()
    assert run(command) == 0
    said = capsys.readouterr()
    assert [line.split()[:6] for line in said.out.splitlines()] == [
        ["model", "size", "here", "good", "for", "licence"],
        ["large", "*", "1", "MB", "Tests.", "MIT"],
        ["small", "1", "MB", "here", "Tests.", "MIT"],
    ]
    assert "gptsmith models get NAME" in said.err
    assert said.err.endswith("Until large is here, assistants write with small\n")
    assert run([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(m["name"], m["state"], m["default"]) for m in found] == [
        ("large", "absent", True),
        ("small", "here", False),
    ]


def test_get_says_size_and_licence_first_and_where_it_is_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "get", "small"]) == 0
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == "Small: 1 MB, MIT."
    assert Path(said.out.strip()).read_bytes() == WEIGHTS
    assert run(["models", "get", "small", "--json"]) == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == {"name": "small", "path": said.out.strip(), "passed_over": []}
    assert again.err == ""


def test_get_alone_takes_the_default_that_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "get", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "small"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["get", "huge"], 2, "no model is called 'huge'; use one of large, small"),
        (["get", "large"], 4, "Large could not be fetched (weights.gguf). the mirror http://127.0.0.1"),
        (["remove", "huge"], 2, "no model is called 'huge'"),
        (["check", "large"], 1, ""),
    ],
)
def test_what_cannot_be_done_is_said(
    command: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", *command]) == code
    assert said in capsys.readouterr().err


def test_check_names_the_damaged_and_remove_frees(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "check"]) == 0
    assert capsys.readouterr().out.startswith("No model is on this machine")
    run(["models", "get", "small"])
    place = Path(capsys.readouterr().out.strip())
    assert run(["models", "check", "--json"]) == 0
    assert read(capsys) == [{"name": "small", "ok": True, "wrong": []}]
    place.write_bytes(b"short")
    assert run(["models", "check"]) == 1
    assert "small: missing or damaged: weights.gguf; gptsmith models get small" in capsys.readouterr().out
    assert run(["models", "remove", "small", "--json"]) == 0
    removed = read(capsys)
    assert isinstance(removed, dict) and removed["freed"] > 0
    assert run(["models", "remove", "small"]) == 0
    assert capsys.readouterr().out == "small is not on this machine\n"


def test_the_shipped_catalogue_is_what_a_person_sees(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shelf, "catalogue", catalogue.catalogue)
    assert run(["models"]) == 0
    assert "coder-1.5b" in capsys.readouterr().out
