"""A tool call that the person chose on a surface ("again with this seed"): the turn runs it, no model is asked."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel

from gptsmith.models.picture_notes import find_picture_notes
from gptsmith.models.tool_results import unfence_result

NOBODY = "nobody (you chose this step)"
"""What stands where a reply names the model that answered."""


class ChosenCall(BaseModel):
    """One call of the tool `name`; `more` is what only a surface may add to its arguments."""

    name: str
    args: dict[str, Any] = {}
    more: dict[str, Any] = {}


class ChosenModel(BaseChatModel):
    """Makes the one call, then reports in a sentence; so the call meets the same gates and limits as any other."""

    call: ChosenCall

    @property
    def _llm_type(self) -> str:
        return "gptsmith-chosen"

    def bind_tools(self, tools: Any, **_keywords: Any) -> Any:
        """Return the model itself: its call is fixed."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            answer = AIMessage(content=_report(last))
        else:
            call = {"name": self.call.name, "args": self.call.args, "id": "call_chosen", "type": "tool_call"}
            answer = AIMessage(content="", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=answer)])


def _report(result: ToolMessage) -> str:
    text = unfence_result(str(result.text))
    if result.status == "error":
        return f"That did not work: {text.removeprefix('The tool failed: ')}."
    return "Here it is." if find_picture_notes(text) else text
