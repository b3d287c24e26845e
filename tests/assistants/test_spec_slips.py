"""Slips that YAML or a spec takes without a word: a text cut at a #, a provider that is none, a number as a version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from langchain.chat_models import base

from gptsmith import Assistant, SpecError
from gptsmith.assistants.format.loader import check_text, load_text
from gptsmith.assistants.format.providers import PROVIDERS, is_provider
from gptsmith.ui.cli import run

HEAD = "schema: assistant/v1\nname: A\ndescription: D\n"
BODY = HEAD + "instructions: I\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "instructions: Use the #general channel\n",
         ['f:4:23: instructions: the text ends at #, the rest is a comment; put it in quotes: '
          '"Use the #general channel"']),
        (BODY + "conversation_starters:\n  - What is issue #12 about?\n  - Who wrote # 7?\n",
         ['f:6:19: conversation_starters[0]: the text ends at #, the rest is a comment; put it in quotes: '
          '"What is issue #12 about?"',
          'f:7:15: conversation_starters[1]: the text ends at #, the rest is a comment; put it in quotes: '
          '"Who wrote # 7?"']),
        (BODY + "welcome_message: Say \"hi\" in #lobby\n",
         ["f:5:30: welcome_message: the text ends at #, the rest is a comment; put it in quotes: "
          "'Say \"hi\" in #lobby'"]),
        (BODY + "disclaimer: Written by\n  the team of #blue\n",
         ["f:6:15: disclaimer: the text ends at #, the rest is a comment; put it in quotes: "
          '"Written by the team of #blue"']),
        (BODY + "tests: [{name: t, message: Where is #4 ?\n    , expect: {contains: [hall]}}]\n",
         ['f:5:37: tests[0].message: the text ends at #, the rest is a comment; put it in quotes: "Where is #4 ?"']),
    ],
)  # fmt: skip
def test_a_text_that_ends_at_a_sign_of_a_comment(text: str, said: list[str]) -> None:
    found = check_text(text, file="f")
    assert [str(d) for d in found] == said
    assert {d.severity for d in found} == {"warning"}
    assert len(load_text(text).warnings) == len(said), "it is a warning: the spec loads"


@pytest.mark.parametrize(
    "text",
    [
        BODY + "version: 1.2.0   # the author's own\n",
        BODY + "limits: {max_tool_calls: 3} #few\n",
        BODY + "disclaimer: None at all # said by the author\n",
        BODY + "disclaimer: None at all ## said by the author\n",
        BODY + "disclaimer: 'Ask in #help'\nwelcome_message: \"In #help\"\n",
        BODY + "disclaimer: Issue#12 and C# are fine\n",
        BODY + "disclaimer: |\n  Ask in #help\n",
        BODY + "memory: {history: thread} #first\nmodel: embedded #no key\n",
    ],
)
def test_comments_are_comments(text: str) -> None:
    assert check_text(text) == []


@pytest.mark.parametrize(
    ("model", "place", "said"),
    [
        ("opnai:gpt-4o", "model", 'no model provider is called "opnai"; did you mean openai:gpt-4o?'),
        ("“openai:gpt-4o”", "model", 'no model provider is called "“openai"; did you mean openai:gpt-4o?'),
        ("{provider: antropic, name: c}", "model.provider",
         'no model provider is called "antropic"; did you mean anthropic?'),
        ("{provider: embedded, fallback: ['olama:qwen3:8b']}", "model.fallback[0]",
         'no model provider is called "olama"; did you mean ollama:qwen3:8b?'),
        ("google:gemini-2", "model", 'no model provider is called "google"; did you mean google_genai:gemini-2?'),
        ("http://127.0.0.1:1234/v1", "model",
         'no model provider is called "http"; write {provider: openai, name: …, base_url: …}'),
        ("zzzz:x", "model", 'no model provider is called "zzzz"; use one of embedded, local, '),
    ],
)  # fmt: skip
def test_a_provider_that_is_none(model: str, place: str, said: str) -> None:
    (problem,) = check_text(BODY + f"model: {model}\n", file="f")
    assert (problem.path, problem.severity, problem.code) == (place, "error", "unknown_provider")
    assert str(problem).split(f"{place}: ", 1)[1].startswith(said)
    with pytest.raises(SpecError):
        load_text(BODY + f"model: {model}\n")


NAMES = {*PROVIDERS, *base._BUILTIN_PROVIDERS, "google-genai"}


@pytest.mark.parametrize("provider", sorted(NAMES))
def test_every_provider_that_can_be_made_is_one(provider: str) -> None:
    assert is_provider(provider)
    assert [d for d in check_text(BODY + f'model: "{provider}:some"\n') if d.code == "unknown_provider"] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("version: 1.10", 'version: expected text, got the number 1.10; write "1.10" in quotes'),
        ("version: 2.0", 'version: expected text, got the number 2.0; write "2.0" in quotes'),
        ("version: 1e3", 'version: expected text, got the number 1e3; write "1e3" in quotes'),
        ("version: 007", 'version: expected text, got the number 007; write "007" in quotes'),
        ("conversation_starters: [1.50]", 'write "1.50" in quotes'),
    ],
)
def test_a_number_is_told_as_it_is_written(line: str, said: str) -> None:
    (problem,) = check_text(BODY + f"{line}\n", file="f")
    assert str(problem).endswith(said)


def test_the_commands_show_what_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.assistant.yaml"
    file.write_text(HEAD + "instructions: Use the #general channel\n", "utf-8")
    for command in ("validate", "inspect"):
        assert run([command, str(file)]) == 0
        told = capsys.readouterr()
        assert "the text ends at #" in told.out + told.err


@pytest.mark.skipif("GPTSMITH_TEST_DATA" not in os.environ, reason="GPTSMITH_TEST_DATA is not set")
def test_the_case_of_a_spec_that_people_wrote() -> None:
    case = Path(os.environ["GPTSMITH_TEST_DATA"]) / "cases/30-yaml-hash-cuts-text/case.assistant.yaml"
    found = [(d.line, d.severity, d.code) for d in Assistant.check(case)]
    assert found == [(4, "warning", "cut_text"), (6, "warning", "cut_text"), (7, "error", "unknown_provider")]
