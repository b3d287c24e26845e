"""Tests written by the builder's model, for rules and tools: what it is shown, and what of its answer is kept."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import Field

from gptsmith.agent.builder.parts import Part
from gptsmith.agent.builder.prompt import words
from gptsmith.agent.builder.proofs import is_telling
from gptsmith.assistants.draft import DraftPart, DraftTest
from gptsmith.assistants.fences import Fences
from gptsmith.assistants.loader import Loaded

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_LOG = logging.getLogger(__name__)
FENCES = Fences("assistant", "instructions", "parts", "tests", "said")


class DraftTests(DraftPart):
    """Tests, at most one for each part that is listed."""

    tests: list[DraftTest] = Field(default=[])


def request_text(loaded: Loaded, parts: list[Part], said: list[str]) -> str:
    """Return the request: the assistant, its instructions, the parts to look at, the tests there are, what was said."""
    spec = loaded.spec
    tools = {tool.name: tool.description or tool.SUMMARY for tool in spec.tools}
    listed = [p.text if p.kind == "rule" else f"tool {p.text}: {tools.get(p.text, '')}" for p in parts]
    return "\n\n".join(
        [
            FENCES.block("assistant", f"{spec.name}. {spec.description}"),
            FENCES.block("instructions", loaded.instructions(trust=True)),
            FENCES.items("parts", listed),
            FENCES.items("tests", [f"{test.name}: {test.message}" for test in spec.tests]),
            FENCES.items("said", said[-20:]),
        ]
    )


def written_tests(model: BaseChatModel, loaded: Loaded, parts: list[Part], said: list[str]) -> list[DraftTest]:
    """Ask `model` for tests of `parts`; none when there is nothing to ask or it gives nothing usable.

    A test is a help, never the point of a change: what goes wrong here is logged and the change goes on.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    if not parts or getattr(model, "_llm_type", "") == "gptsmith-embedded":
        return []
    asking = model.with_structured_output(DraftTests, method="function_calling", include_raw=True)
    asked = [SystemMessage(words("tests")), HumanMessage(request_text(loaded, parts, said))]
    try:
        answer = asking.invoke(asked)
    except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the change goes on without
        _LOG.info("no tests were written (%s)", type(error).__name__)
        return []
    parsed = answer.get("parsed") if isinstance(answer, dict) else None
    return [test for test in parsed.tests if _usable(test)] if isinstance(parsed, DraftTests) else []


def _usable(test: DraftTest) -> bool:
    """Whether a test can fail at all, and expects nothing that only a file could tell."""
    if not test.message.strip() or not test.name.strip() or test.cites or test.tests not in ("rule", "tool"):
        return False
    if test.matches and not is_telling(test.matches):
        return False
    return any([test.contains, test.not_contains, test.matches, test.calls])
