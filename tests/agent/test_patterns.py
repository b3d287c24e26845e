"""Regular expressions of a spec's tests: each is searched for as Python means it, and none can freeze the program."""

from __future__ import annotations

import threading
import time

import pytest

from gptsmith import Assistant, UsageError
from gptsmith.agent.builder.testing.proofs import is_telling
from gptsmith.agent.patterns import found
from tests.support.scripted import Scripted

SLOW = ["(a+)+$", "(a|aa)+$", "(a|a?)+$", r"^(\w+\s?)*$", "(?=(a+)+$)b", r"(a*)*\1b"]


@pytest.mark.parametrize(
    ("pattern", "text", "there"),
    [
        (r"from \d{4}", "The ship is from 1755.", True),
        ("(?i)SHIP", "the ship", True),
        ("^no$", "yes\nno", False),
        ("(?m)^no$", "yes\nno", True),
        ("{item}", "an {item} in braces", True),
        ("a{e}", "ab", False),
        ("[[:alpha:]]", "x", False),
        (r"(?P<q>['\"]).*?(?P=q)", "he said 'no'", True),
        ("(?<=é)ß", "éß", True),
        ("\ud83d", "half \ud83d of it", True),
        ("", "", True),
    ],
)
def test_a_pattern_means_what_it_means_in_python(pattern: str, text: str, there: bool) -> None:
    assert found(pattern, [text]) == [there]


@pytest.mark.parametrize("pattern", SLOW)
def test_a_slow_pattern_is_ended_and_freezes_nobody(pattern: str) -> None:
    beats = 0
    over = threading.Event()

    def beat() -> None:
        nonlocal beats
        while not over.is_set():
            beats += 1
            time.sleep(0.005)

    other = threading.Thread(target=beat)
    other.start()
    try:
        with pytest.raises(UsageError, match="takes longer than 2 seconds to look for; write it without"):
            found(pattern, ["a" * 60 + "!"])
    finally:
        over.set()
        other.join()
    assert beats > 20, "another thread went on meanwhile"


def test_a_spec_whose_test_is_slow_says_so() -> None:
    spec = {
        "schema": "assistant/v1",
        "name": "Slow",
        "description": "D",
        "instructions": "I",
        "tests": [{"name": "slow", "message": "hi", "expect": {"matches": "(a+)+$"}}],
    }
    (result,) = Assistant.from_dict(spec, model=Scripted("a" * 60 + "!")).run_tests()
    assert not result.passed
    assert result.failures == [
        "the pattern '(a+)+$' takes longer than 2 seconds to look for; "
        "write it without a repetition inside a repetition"
    ]


@pytest.mark.parametrize(
    ("pattern", "telling"), [("1755", True), (".*", False), ("(", False), ("", False), (None, False)]
)
def test_a_pattern_that_matches_anything_proves_nothing(pattern: str | None, telling: bool) -> None:
    assert is_telling(pattern) is telling
