"""Tests on the page: what they ask is said in words, and the answer that they got can be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from gptsmith.agent.builder.testing.known import test_of as made_of
from gptsmith.ui.web.state.test_runs import in_words
from tests.support.pages import NIGHT_SKY, make_library, open_page, words


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"\?\s*$", "ends with a question"),
        ("[?]$", "ends with a question"),
        (r"^(?:[^.!?]*[.!?]){1,3}[^.!?]*$", "has at most 3 sentences"),
        (r"\A\s*(?:\S+(?:\s+|\Z)){1,40}\Z", "has at most 40 words"),
        (r"^(?:\S+\s+){20,330}\S+\s*$", "has 21 to 331 words"),
        ("(?i)line", "holds “line”"),
        ("^Ahoy", "begins with “Ahoy”"),
        (r"Captain\.\s*$", "ends with “Captain.”"),
        ("^Hello$", "is “Hello”"),
        ("(?i)(?:euro|dollar)", "holds “euro” or “dollar”"),
        (r"^\d+$", r"fits the pattern ^\d+$"),
        ("(a+)+$", "fits the pattern (a+)+$"),
        ("(", "fits the pattern ("),
    ],
)
def test_a_pattern_is_said_in_words(pattern: str, said: str) -> None:
    assert in_words(pattern) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("End every answer with a question.", "ends with a question"),
        ("Answer in at most three sentences.", "has at most 3 sentences"),
        ("Answer in at most 40 words.", "has at most 40 words"),
        ("Always answer in German.", "is in German"),
        ("Never use emojis.", "has no emoji"),
        ("Give prices in euros.", "counts in euros"),
        ("Answer in a table.", "has a table"),
    ],
)
def test_a_pattern_that_was_made_of_a_rule_is_said_in_words(rule: str, said: str) -> None:
    test = made_of(rule)
    assert test is not None and test.matches
    assert in_words(test.matches) == said


def test_what_was_expected_and_the_answer_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = make_library(tmp_path, monkeypatch)
    (specs / "night-sky.assistant.yaml").write_text(
        NIGHT_SKY
        + "tests:\n  - {name: asks, message: Who are you?, expect: {matches: '\\?\\s*$'}}\n"
        + "  - {name: says who, message: Who are you?, expect: {contains: [Night sky], matches: '^Hello'}}\n"
    )
    at = open_page(page="edit", assistant="night-sky", tab="Tests")
    at.button(key="run-tests").click().run()
    said = words(at)
    assert "Expected: The answer ends with a question" in said
    assert "Not met: the answer begins with “Hello”" in said
    assert said.count("I am Night sky.") == 2, "the answer of a test that passes is seen as well"
    assert "\\?" not in said
