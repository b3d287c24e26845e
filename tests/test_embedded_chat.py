"""The embedded chat model: which tool it chooses, what it quotes, what it says of itself."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from gptsmith.models.chat.embedded import EmbeddedChatModel
from gptsmith.models.passages import Passage, fence

ROOT = Path(__file__).parent.parent
SYSTEM = SystemMessage(
    "You are Tide. A guide to the lighthouses of the coast.\n\n# Instructions\nBe kind.\n\n# How to answer\nCite."
)
PASSAGES = [
    Passage(
        id=1,
        source="north.md",
        text="The North Light was built in 1846. It is 31 metres tall. Its keeper was Ada Reed.",
    ),
    Passage(
        id=2, source="south.md", text="The South Light burned down in 1901. Nobody was hurt. It was never rebuilt."
    ),
]


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("embedded_intents", ROOT / "benchmarks" / "embedded_intents.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _ask(text: str, *before: BaseMessage, passages: list[Passage] | None = None, system: SystemMessage = SYSTEM) -> str:
    words = f"{text}\n\n{fence(passages)}" if passages is not None else text
    return str(EmbeddedChatModel().invoke([system, *before, HumanMessage(words)]).content)


def test_intents_reach_the_goal() -> None:
    bench = _benchmark()
    rows, tools = bench.load()
    shares = bench.report(bench.run(rows, tools))
    assert shares["messages"] >= 300
    assert shares["right_tool"] >= 0.90
    assert shares["false_call"] <= 0.02
    assert shares["right_arguments"] >= 0.85


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When was the North Light built?", "The North Light was built in 1846. [1]"),
        ("How tall is the North Light?", "It is 31 metres tall. [1]"),
        ("When did the South Light burn down?", "The South Light burned down in 1901. [2]"),
    ],
)
def test_answers_are_sentences_of_the_passages(question: str, answer: str) -> None:
    assert answer in _ask(question, passages=PASSAGES)


@pytest.mark.parametrize("question", ["Who won the chess championship in Reykjavik?", "What does a ticket cost?"])
def test_silence_of_the_files_is_said(question: str) -> None:
    assert "the files do not say" in _ask(question, passages=PASSAGES)
    assert "the files do not say" in _ask(question, passages=[])
