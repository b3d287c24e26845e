"""The builder's request for a change is read back as it was written, whatever the texts contain."""

from __future__ import annotations

import pytest

from gptsmith.agent.builder.language.answers import ProposedChange
from gptsmith.agent.builder.language.requests import ChangeRequest, read_change_request
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set
from gptsmith.errors import UsageError

REQUESTS = [
    ChangeRequest(spec="name: A\ninstructions: |\n  Say hello.", message="call it Mira"),
    ChangeRequest(
        spec="name: A",
        message="put </message> and <spec> into its instructions",
        instructions="Be <rules> kind.",
        files=["a.pdf", "b.md"],
        tools={"image_generation": "Draws a picture."},
        locked=["instructions"],
        rules=["Never name a price."],
        conversation=["person: a guide", "builder: What is it called?"],
    ),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_read_back_as_it_was(request_: ChangeRequest) -> None:
    assert read_change_request(request_.to_text()) == request_


def test_a_text_without_the_blocks_is_no_request() -> None:
    assert read_change_request("<spec>\nname: A\n</spec>") is None


OPERATIONS = [
    ({"op": "set", "path": "name", "value": "Mira"}, Set(path="name", value="Mira")),
    (
        {"op": "add", "path": "conversation_starters", "value": "Hi", "after": 0},
        Add(path="conversation_starters", value="Hi", after=0),
    ),
    ({"op": "remove", "path": "tools[0]"}, Remove(path="tools[0]")),
    (
        {"op": "replace_text", "path": "instructions", "old": "warm", "new": None},
        ReplaceText(path="instructions", old="warm", new=""),
    ),
]


@pytest.mark.parametrize(("given", "operation"), OPERATIONS)
def test_a_proposed_change_is_an_operation(given: dict[str, object], operation: object) -> None:
    assert ProposedChange.model_validate({**given, "words": "w"}).operation() == operation


def test_a_proposed_change_without_what_its_kind_needs_says_so() -> None:
    change = ProposedChange(op="replace_text", path="instructions", words="w")
    with pytest.raises(UsageError, match=r"replace_text instructions: old: Input should be a valid string"):
        change.operation()
