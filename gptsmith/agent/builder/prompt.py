"""The messages that ask a model for a draft; the words themselves stand in `prompts/*.md`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from gptsmith.assistants.build_request import FENCES, BuildRequest

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


@cache
def words(name: str) -> str:
    """Return the text of one prompt file."""
    return (files("gptsmith.agent.builder") / "prompts" / f"{name}.md").read_text("utf-8").strip()
