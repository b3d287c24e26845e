"""The messages that ask a model for a draft or for a change; the words themselves stand in `prompts/*.md`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gptsmith.agent.builder.edits.outline import outline
from gptsmith.assistants.build_request import FENCES, BuildRequest
from gptsmith.assistants.change_request import FENCES as CHANGE_FENCES
from gptsmith.assistants.change_request import ChangeRequest

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def messages(request: BuildRequest, draft: str = "", problems: str = "") -> list[BaseMessage]:
    """Return the messages of one round; `draft` and `problems` are those of the round before, for the repair round."""
    from langchain_core.messages import HumanMessage, SystemMessage

    system = f"{words('builder')}\n\n{words('examples')}"
    asked = request.to_text()
    if problems:
        asked = "\n\n".join([asked, words("repair"), FENCES.block("draft", draft), FENCES.block("problems", problems)])
    return [SystemMessage(system), HumanMessage(asked)]


def change_messages(
    request: ChangeRequest,
    proposal: Sequence[str] = (),
    answer: str = "",
    problems: Sequence[str] = (),
    *,
    interview: bool = False,
) -> list[BaseMessage]:
    """Return the messages that ask for a change.

    `proposal` are the operations that wait for the person's decision; `answer` and `problems` those of the round
    before, for the repair round; `interview` adds how to ask on about a draft that is new.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    fields = f"# The fields of a file\n{outline(tuple(request.tools))}"
    parts = [words("change"), fields, words("interview") if interview else "", words("change_examples")]
    asked = [request.to_text()]
    if proposal:
        asked.append(CHANGE_FENCES.items("proposal", [f"{number}: {op}" for number, op in enumerate(proposal, 1)]))
    if problems:
        asked += [
            words("change_repair"),
            f"Your last answer:\n{answer}",
            CHANGE_FENCES.items("problems", list(problems)),
        ]
    return [SystemMessage("\n\n".join(part for part in parts if part)), HumanMessage("\n\n".join(asked))]


@cache
def words(name: str) -> str:
    """Return the text of one prompt file."""
    return (files("gptsmith.agent.builder") / "prompts" / f"{name}.md").read_text("utf-8").strip()
