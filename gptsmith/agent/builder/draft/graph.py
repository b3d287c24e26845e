"""The builder's graph: propose, assemble, validate, one repair round, review."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from gptsmith.agent.builder import reading
from gptsmith.agent.builder.attachments import Attachment, bring_files
from gptsmith.agent.builder.builder import spec_data
from gptsmith.agent.builder.draft.guards import guard
from gptsmith.agent.builder.language.answers import Draft
from gptsmith.agent.builder.language.requests import BuildRequest
from gptsmith.agent.builder.prompt import messages
from gptsmith.assistants.format.loader import check_text, slug
from gptsmith.assistants.format.writer import write_new
from gptsmith.errors import Diagnostic, ProviderError, SpecError, UsageError
from gptsmith.models.chat.drafting import KEY, Drafting

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable, RunnableConfig
    from langgraph.graph.state import CompiledStateGraph

ROUNDS = 2


class BuildState(TypedDict, total=False):
    """What one build carries, as plain data.

    `request` and `draft` are dumps of their models; `problems` are diagnostics as lines, empty when the spec is valid;
    `rounds` counts the model's answers, `given` is one that could not be read, `left_out` says what had no place.
    """

    request: dict[str, Any]
    draft: dict[str, Any]
    problems: list[str]
    diagnostics: list[dict[str, Any]]
    yaml: str
    id: str
    rounds: int
    given: str
    left_out: list[str]


def build_graph(
    model: BaseChatModel,
    attachments: list[Attachment],
    unbuilt: dict[str, str],
    *,
    topics: dict[str, list[str]] | None = None,
    drafting: Drafting | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph, which ends with a valid spec in `yaml`; talking about it is the building session's part."""
    from langchain_core.runnables import RunnableLambda
    from langgraph.graph import END, START, StateGraph

    propose, apropose = make_propose(model, drafting)
    graph = StateGraph(BuildState)
    graph.add_node("propose", RunnableLambda(propose, apropose))
    graph.add_node("assemble", RunnableLambda(make_assemble(attachments, unbuilt, topics or {})))
    graph.add_node("validate", RunnableLambda(make_validate(attachments)))
    graph.add_node("review", review)
    graph.add_edge(START, "propose")
    graph.add_conditional_edges("propose", after_propose)
    graph.add_edge("assemble", "validate")
    graph.add_conditional_edges("validate", after_validate)
    graph.add_edge("review", END)
    return graph.compile()


def make_propose(
    model: BaseChatModel, drafting: Drafting | None = None
) -> tuple[Callable[[BuildState], BuildState], Callable[[BuildState], Any]]:
    """Return the node that asks the model for a Draft, sync and async; what it cannot read becomes a problem.

    `drafting` watches a draft that grows.
    """
    watched: RunnableConfig = {"configurable": {KEY: drafting}} if drafting is not None else {}
    asking: Runnable[Any, Any] = model.with_structured_output(Draft, method="function_calling", include_raw=True)

    def asked(state: BuildState) -> Any:
        request = BuildRequest.model_validate(state["request"])
        problems = "\n".join(f"- {p}" for p in state.get("problems", []))
        return messages(request, _dump(state.get("draft")) if state.get("draft") else state.get("given", ""), problems)

    def propose(state: BuildState) -> BuildState:
        return read_answer(asking.invoke(asked(state), watched), state.get("rounds", 0) + 1)

    async def apropose(state: BuildState) -> BuildState:
        return read_answer(await asking.ainvoke(asked(state), watched), state.get("rounds", 0) + 1)

    return propose, apropose


def read_answer(answer: dict[str, Any], rounds: int) -> BuildState:
    """Return the draft that a model answered with in round `rounds`; what cannot be read is a problem of the next.

    Raises ProviderError when no round is left.
    """
    read = reading.read_answer(answer, Draft)
    if read.parsed:
        left_out = list(dict.fromkeys(read.left_out))
        return {"draft": read.parsed[0].model_dump(), "problems": [], "rounds": rounds, "left_out": left_out}
    if rounds >= ROUNDS:
        hint = "try again, or build with another model"
        text = shorten(read.said, 200, placeholder=" …")
        why = f'it only said "{text}"' if text and "{" not in text else "its answer could not be read"
        raise ProviderError(f"the model gave no usable design: {why}", code="bad_answer", hint=hint)
    return {"draft": {}, "given": read.shown, "problems": [read.problem], "rounds": rounds}


def make_assemble(
    attachments: list[Attachment], unbuilt: dict[str, str], topics: dict[str, list[str]]
) -> Callable[[BuildState], BuildState]:
    """Return the node that guards the draft and writes its YAML."""

    def assemble(state: BuildState) -> BuildState:
        request = BuildRequest.model_validate(state["request"])
        draft = guard(Draft.model_validate(state["draft"]), request, request.tools, unbuilt, topics)
        id = slug(draft.name)
        try:
            text = write_new(spec_data(draft, id, attachments))
        except UsageError as error:
            return {"draft": draft.model_dump(), "id": id, "yaml": "", "problems": [str(error)]}
        return {"draft": draft.model_dump(), "id": id, "yaml": text, "problems": []}

    return assemble


def make_validate(attachments: list[Attachment]) -> Callable[[BuildState], BuildState]:
    """Return the node that checks the YAML as it will be loaded, with placeholders where the files will lie."""

    def validate(state: BuildState) -> BuildState:
        if state["problems"]:
            problem = Diagnostic(code="unwritable", message=state["problems"][0])
            return {"diagnostics": [problem.model_dump()]}
        with TemporaryDirectory(prefix="gptsmith-build-") as folder:
            from pathlib import Path

            bring_files(attachments, state["id"], Path(folder), empty=True)
            found = check_text(state["yaml"], folder, file=f"{state['id']}.assistant.yaml")
        errors = [f"{d.path}: {d.message}; {d.hint}" for d in found if d.severity == "error"]
        found += [Diagnostic(code="left_out", severity="warning", message=text) for text in state.get("left_out", [])]
        return {"diagnostics": [d.model_dump() for d in found], "problems": errors}

    return validate


def review(state: BuildState) -> BuildState:
    """Stop with every problem when the repair round did not mend the spec; else pass it on as it is."""
    if state["problems"]:
        raise SpecError([d for d in map(Diagnostic.model_validate, state["diagnostics"]) if d.severity == "error"])
    return {}


def after_propose(state: BuildState) -> Literal["assemble", "propose"]:
    """An answer that could not be read goes back to the model, once."""
    return "propose" if state["problems"] else "assemble"


def after_validate(state: BuildState) -> Literal["propose", "review"]:
    """One repair round, then review says what is wrong."""
    return "propose" if state["problems"] and state["rounds"] < ROUNDS else "review"


def _dump(draft: dict[str, Any] | None) -> str:
    import json

    return json.dumps(draft, ensure_ascii=False) if draft else "(none)"
