"""The form's data: what its fields are, and the operations that its changes become."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.editing.operations import apply_to_data
from gptsmith.ui.web.state import form
from gptsmith.ui.web.state.bench import Sheet
from gptsmith.ui.web.state.work import Work

SPEC: dict[str, Any] = {
    "schema": "assistant/v1",
    "name": "Night sky",
    "description": "Stars.",
    "instructions": "Explain.",
    "model": "ollama:qwen3:8b",
    "conversation_starters": ["a", "b", {"title": "c", "text": "d"}],
    "tools": [{"type": "image_generation", "name": "draw"}, {"type": "mcp", "url": "https://x.example"}],
    "knowledge": [{"name": "files", "paths": ["./a.md", "./b.md"]}],
}


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"name": "Mira"}, ["Name: “Night sky” becomes “Mira”"]),
        (
            {"model": {"provider": "ollama", "temperature": 0.5}},
            ["Model: “ollama:qwen3:8b” becomes “provider ollama, temperature 0.5”"],
        ),
        ({"conversation_starters": ["b", {"title": "c", "text": "d"}]}, ["Conversation starters 1: take out “a”"]),
        ({"tools": [{"type": "mcp", "url": "https://x.example"}]}, ["Tools 1: take out “draw”"]),
        ({"limits": {"max_iterations": 3}}, ["Limits: “max iterations 3”"]),
        (
            {"knowledge": [{"name": "files", "paths": ["./a.md", "./c.md"], "mode": "always"}]},
            ["Knowledge 1, paths 2: “./b.md” becomes “./c.md”", "Knowledge 1, mode: “always”"],
        ),
    ],
)
def test_changes_become_operations_in_words(new: dict[str, Any], words: list[str]) -> None:
    ops = form.operations(SPEC, {**SPEC, **new})
    assert apply_to_data(SPEC, ops) == {**SPEC, **new}
    said, data = [], SPEC
    for op in ops:
        said.append(form.words(op, data))
        data = apply_to_data(data, [op])
    assert said == words


def test_any_two_specs_are_joined_by_operations() -> None:
    random.seed(7)
    for _ in range(400):
        old, new = _tree(3), _tree(3)
        old, new = ({"name": "x", **tree} if isinstance(tree, dict) else {"name": tree} for tree in (old, new))
        assert apply_to_data(old, form.operations(old, new)) == new


def _tree(depth: int) -> Any:
    kind = random.choice(["text", "number", "list", "dict"] if depth else ["text", "number"])
    if kind == "list":
        return [_tree(depth - 1) for _ in range(random.randint(0, 4))]
    if kind == "dict":
        return {random.choice("abcdef"): _tree(depth - 1) for _ in range(random.randint(0, 4))}
    return random.choice(["x", "y", "z"]) if kind == "text" else random.choice([1, 2, True, 1.5])


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        (("limits", "max_iterations"), 3, {"limits": {"max_iterations": 3}}),
        (("model", "temperature"), 0.5, {"model": {"provider": "ollama", "name": "qwen3:8b", "temperature": 0.5}}),
        (("tools", 0, "name"), None, {"tools": [{"type": "image_generation"}, SPEC["tools"][1]]}),
        (("knowledge", 0, "retrieval", "top_k"), None, {}),
        (("variables", "city"), {"default": "Porto"}, {"variables": {"city": {"default": "Porto"}}}),
    ],
)
def test_a_value_is_put_where_it_belongs(path: form.KeyPath, value: Any, wanted: dict[str, Any]) -> None:
    assert form.put_value(SPEC, path, value) == {**SPEC, **wanted}


def test_every_field_of_every_part_has_a_widget() -> None:
    from gptsmith.ui.web.tabs.fields import _WIDGETS

    paths: list[form.KeyPath] = [("tools", 0), ("tools", 1), ("knowledge", 0), ("limits",), ("memory",), ()]
    found = [field for path in paths for field in form.fields(SPEC, path)]
    assert {field.kind for field in found} <= set(_WIDGETS)
    labels = {field.label for field in form.fields(SPEC, ("tools", 0))}
    assert {"Size", "Steps", "Guidance scale", "Sampler", "Seed", "Count", "Negative prompt"} <= labels


def test_a_new_name_comes_to_the_welcome_and_to_what_tests_expect() -> None:
    tests = [{"name": "says it", "message": "Who are you?", "expect": {"contains": ["Night sky", "stars"]}}]
    made = {**SPEC, "welcome_message": "Night sky greets you.", "tests": tests}
    sheet = Sheet(Path("night-sky.assistant.yaml"), "", "", made, [], False)
    written = Work(sheet, {**made, "name": "Mira"}).finished()
    assert (written["name"], written["welcome_message"]) == ("Mira", "Mira greets you.")
    assert written["tests"][0]["expect"]["contains"] == ["Mira", "stars"]
    own = Work(sheet, {**made, "name": "Mira", "welcome_message": "Hello."}).finished()
    assert own["welcome_message"] == "Hello."
