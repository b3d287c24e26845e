"""The `assistant` tool: another assistant answers a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from gptsmith.assistants.files import trust
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.paths import SPEC_PATH
from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


def make(spec: HelperAssistant, context: ToolContext) -> BaseTool:
    """Return the tool.

    Raises:
        NotReadyError: there is no such assistant, its spec is wrong, or assistants call each other in a circle.
    """
    from langchain_core.tools import StructuredTool

    try:
        path = trust.find(spec.ref, context.base_dir, trust=context.trust)
        trust.check_chain(path, context.spec, trust=context.trust)
    except NotReadyError:
        raise
    except GptsmithError as error:
        reason = str(error).splitlines()[0]
        raise NotReadyError(f"the assistant {spec.ref[:100]} cannot be asked: {reason}", hint="correct ref") from error
    ask = context.helper(path) if context.helper else None

    async def run(request: str) -> str:
        assert ask is not None, "only a running assistant has helpers"  # noqa: S101
        return await ask(request)

    about = load_file(path).spec
    return StructuredTool.from_function(
        coroutine=run,
        name=spec.name,
        description=f"{about.name}: {about.description} Give the whole request, it does not see this conversation.",
        args_schema=Request,
    )


@tool_type(make, Request)
class HelperAssistant(ToolSpec):
    """Another assistant as a tool; its answer comes back as text, its pictures as pictures of this conversation."""

    model_config = STRICT
    TYPE: ClassVar[str] = "assistant"
    SUMMARY: ClassVar[str] = "Asks another assistant."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="Another assistant",
        first=("ref",),
        asks="ref",
    )

    type: Literal["assistant"] = "assistant"
    ref: str = Field(min_length=1, description="Id in the library, or path of a spec beside this one.")

    @classmethod
    def files_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the path of the other assistant; an id of the library is none."""
        ref = data.get("ref")
        return [("ref", ref)] if isinstance(ref, str) and SPEC_PATH.search(ref) else []
