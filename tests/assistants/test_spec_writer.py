"""The writer of new spec files: what it writes reads back as exactly what it was given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import gptsmith
from gptsmith.assistants.format.loader import load_text
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.writer import write_new
from gptsmith.errors import UsageError

NAUGHTY = [
    "", " ", "\n", "a\n", "\na", " a\nb", "a \nb\n\n\n", "a\n\n  b\n", "\ta\nb", "yes", "No", "~", "null", "12", "1.5",
    "0x1f", "0o7", "1_0", "1:30", "2024-01-01", "-", "- a", "?", "? a", ":", "a: b", "a:", "a #b", "#a", "&a", "*a",
    "!a", "|", ">", "%a", "@a", "`a`", "{a}", "[a]", "a, b", "'a'", '"a"', "a'b", 'a"b', "a\\b", "\\n", "---", "...",
    "--- a\n--- b\n", "<<", "=", ".inf", ".nan", "a\rb", "a\r\nb\r\n", "a\x00b", "\x1b[0m", "a\x85b\nc", "a\u2028b\nc",
    "\ufeffa", "a\ufeff\nb", "\u202eabc", "\xa0a", "a\xa0", "日本語: テスト", "😀👨‍👩‍👧", "e\u0301", "\ufdd0", "\uffff",
    "{{city}}", "${env:X}", "a\tb", "\t", "a\n\tb", "a\n \n b", "x" * 3000, ("word " * 40 + "\n") * 3,
]  # fmt: skip

texts = st.one_of(st.sampled_from(NAUGHTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
keys = texts.filter(lambda text: len(text) < 900)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@settings(max_examples=60, deadline=None)
@given(texts, texts, st.lists(texts, max_size=5), values)
@example("a", "a\n", [], {"": {"": [[], {}, [[1]]]}})
def test_what_is_written_reads_back_the_same(name: str, instructions: str, starters: list[str], free: Any) -> None:
    spec = {
        "x-free": free,
        "metadata": {"free": free, "list": [free, {"deep": free}]},
        "conversation_starters": starters,
        "instructions": instructions,
        "name": name,
        "tests": [{"name": name, "message": instructions, "expect": {"contains": starters}}],
        "schema": "assistant/v1",
    }
    document = read_yaml(write_new(spec))
    assert document.diagnostics == []
    assert repr(document.data["x-free"]) == repr(free)
    assert {key: repr(value) for key, value in document.data.items()} == {k: repr(v) for k, v in spec.items()}


def test_naughty_strings_survive(test_data: Path) -> None:
    strings = json.loads((test_data / "hostile" / "blns.json").read_text("utf-8"))
    spec = {"schema": "assistant/v1", "conversation_starters": strings, "metadata": {s[:900]: s for s in strings}}
    assert read_yaml(write_new(spec)).data == spec
    for string in strings:
        assert read_yaml(write_new({"instructions": f"{string}\n\n  {string}\n"})).data["instructions"]


def test_a_new_file_looks_as_a_careful_person_would_type_it() -> None:
    spec = {
        "tests": [{"expect": {"contains": ["1755", "ship"]}, "message": "When was it made?", "name": "cites"}],
        "model": {"temperature": 0.3, "name": "qwen3:8b", "provider": "ollama"},
        "instructions": "You are a guide in {{city}}.\nAnswer: from the files.\n",
        "variables": {"city": {"default": "Porto"}},
        "conversation_starters": ["What is an enxaquetado floor?", {"text": "Draw: a ship", "title": "Draw"}],
        "description": "Helps visitors: tiles.",
        "name": "Tile Studio",
        "schema": "assistant/v1",
        "tools": [{"type": "image_generation", "name": "draw_tile"}],
        "knowledge": [{"name": "docs", "paths": ["./tile.files/**/*.md"]}],
        "x-notes": "yes",
    }
    text = write_new(spec)
    assert (
        text
        == """\
# yaml-language-server: $schema=./assistant-v1.schema.json
schema: assistant/v1
name: Tile Studio
description: "Helps visitors: tiles."

# What it is told before every conversation
instructions: |
  You are a guide in {{city}}.
  Answer: from the files.

# Blanks that are filled in at the start of a conversation, written {{name}}
variables:
  city:
    default: Porto

# Which chat model answers; left out = the default model
model:
  provider: ollama
  name: qwen3:8b
  temperature: 0.3
conversation_starters:
  - What is an enxaquetado floor?
  - title: Draw
    text: "Draw: a ship"

# Files and pages that it answers from and cites
knowledge:
  - name: docs
    paths:
      - ./tile.files/**/*.md

# What it can do besides answering
tools:
  - type: image_generation
    name: draw_tile

# Run with: gptsmith test
tests:
  - name: cites
    message: When was it made?
    expect:
      contains: ["1755", ship]
x-notes: "yes"
"""
    )
    assert read_yaml(text).data == spec


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({1: 2}, "a key of a spec must be text, got 1; put it in quotes"),
        ({"a": {1}}, "a spec holds text, numbers, lists and objects, not a set; convert it first"),
        ({"a": "x" * 300_000}, "the spec is larger than 256 KB; put long texts into files"),
        (
            {"a": 10**500},
            "this spec cannot be written as YAML (it reads back differently); use plain text, numbers, lists, objects",
        ),
        (
            {"a": "\ud800"},
            "this spec cannot be written as YAML (half of a surrogate pair is no character);"
            " use plain text, numbers, lists, objects",
        ),
    ],
)
def test_what_yaml_cannot_carry_is_refused(spec: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_new(spec)
    assert str(caught.value) == message


def test_nothing_else_in_the_package_reads_or_writes_yaml() -> None:
    package = Path(gptsmith.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"^\s*(import|from) (yaml|ruamel|oyaml|strictyaml)\b", path.read_text("utf-8"), re.MULTILINE)
    }
    specs = {"assistants/format/reader.py", "assistants/format/yaml12.py"}
    others = {  # our own data; a text's front matter; documents of services
        "models/shelf/catalogue.py",
        "rag/reading/formats/markdown.py",
        "assistants/format/service_documents.py",
    }
    assert users == specs | others
    for name in users:
        text = (package / name).read_text("utf-8")
        assert not re.search(r"\byaml\.\w*(dump|serialize|emit)", text)
        assert name in others or not re.search(r"\byaml\.\w*(load|compose)", text)
        assert not re.search(r"\byaml\.(load|full_load|unsafe_load)\b", text)


def test_a_written_spec_loads() -> None:
    spec = {"schema": "assistant/v1", "name": "A", "description": "b", "instructions": "c\nd"}
    assert load_text(write_new(spec)).spec.instructions == "c\nd"
