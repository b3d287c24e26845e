"""The Pydantic models of `assistant/v1`: the one source of the JSON Schema, the reference page and the checks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializeAsAny,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from gptsmith.assistants.format.problems import Problem

# The registry of tool types: what a spec may write under `tools`, one class per `type`.
#
# The classes themselves live with their runtimes in `gptsmith/tools/`; this module knows only the names, so that a new
# tool is one new file there. Whatever else page, builder, trials and docs have to know of a type stands in its class.

NAME = r"^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$"


@dataclass(frozen=True)
class ToolFacts:
    """What the rest of gptsmith has to know of a tool type; the defaults suit most.

    Page: `label` is what the form calls the type (default: its name in words), `first` are the fields shown before
    "More settings". Runtime: `several` says that one entry gives several tools, named `<entry>_<tool>`; `starts` that a
    server or the like is started or asked before the first call; `draws` that it makes pictures; `asks` names the field
    with the id or path of another assistant.

    Builder: it adds an `offered` type by itself: a name and a description are all that it needs, or it knows
    how to check the rest; it never writes one `by_hand`, which runs code. `suggested` is the name and the description
    that the tool then gets, `requests` are ways to ask for it, `words` are what people call it, `example` is a message
    that should call it. Trials call only a `harmless` one, which changes nothing outside the conversation.
    """

    label: str = ""
    first: tuple[str, ...] = ()
    several: bool = False
    starts: bool = False
    draws: bool = False
    asks: str = ""
    offered: bool = True
    by_hand: bool = False
    harmless: bool = False
    suggested: tuple[str, str] = ("", "")
    requests: tuple[str, ...] = ()
    words: str = ""
    example: str = ""


class ToolSpec(BaseModel):
    """Fields that every tool shares. A subclass sets `TYPE` and adds its own."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
    TYPE: ClassVar[str]
    SUMMARY: ClassVar[str] = ""
    FACTS: ClassVar[ToolFacts] = ToolFacts()

    type: str = Field(description="Which tool this is.")
    name: str = Field(
        default="",
        pattern=r"^([a-zA-Z_][a-zA-Z0-9_-]{0,63})?$",
        description="The name that the model calls; default: the type.",
    )
    description: str = Field(default="", max_length=1000, description="What the tool is for, told to the model.")
    requires_approval: bool = Field(
        default=False, description="Ask the person before each call: allow it, change its arguments or refuse it."
    )
    max_calls: int | None = Field(default=None, ge=1, le=100, description="Calls per user message.")

    def model_post_init(self, _context: Any) -> None:
        if not self.name:
            self.name = self.type

    # What a tool's data asks for, read before it is validated: any value may be missing or of a wrong type.

    @classmethod
    def files_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the files that a tool names: the field, and the path as it is written."""
        del data
        return ()

    @classmethod
    def problems_in(cls, data: dict[str, Any]) -> Iterable[Problem]:
        """Yield what is wrong beyond the types of the fields, each at its place in the tool."""
        del data
        return ()

    @classmethod
    def code_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the code that a tool would run: the field, and what a person is shown before they trust it."""
        del data
        return ()

    @classmethod
    def addresses_in(cls, data: dict[str, Any], base_dir: Path | None) -> Iterable[tuple[str, Any]]:
        """Yield the addresses that a tool sends text to: the field, and the URL."""
        del base_dir
        return [(key, data.get(key)) for key in ("url", "server")]


TOOL_TYPES: dict[str, type[ToolSpec]] = {}


def register_tool_type(cls: type[ToolSpec]) -> type[ToolSpec]:
    """Make `cls.TYPE` a tool type that specs may name; use as a decorator. A later class replaces an earlier one."""
    TOOL_TYPES[cls.TYPE] = cls
    return cls


def load_tool_types() -> dict[str, type[ToolSpec]]:
    """Return the registry with every type in it of the packages under the entry point `gptsmith.tools`.

    They are found as plug-ins are, not imported: `tools` builds on `assistants`, never the other way round.
    """
    _load_packages()
    return TOOL_TYPES


def tool_class(data: dict[str, Any]) -> type[ToolSpec]:
    """Return the class of a tool's data, `ToolSpec` itself when its type is unknown."""
    kind = data.get("type")
    return load_tool_types().get(kind, ToolSpec) if isinstance(kind, str) else ToolSpec


@cache
def _load_packages() -> None:
    for package in {point.value: point for point in (*entry_points(group=_GROUP), *_declared())}.values():
        package.load()


def _declared() -> list[EntryPoint]:
    """Return the entry points of a checkout: one on the path is not installed, or was before the group was there."""
    file = Path(__file__).parents[3] / "pyproject.toml"
    if not file.is_file():
        return []
    project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    ours = project.get("entry-points", {}).get(_GROUP, {}) if project.get("name") == "gptsmith" else {}
    return [EntryPoint(name, value, _GROUP) for name, value in ours.items()]


_GROUP = "gptsmith.tools"


SCHEMA_ID = "assistant/v1"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """Base of every part of a spec: unknown keys are errors, nothing is coerced, inputs are never echoed whole."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, populate_by_name=True)


class Variable(Strict):
    """One `{{name}}` of a spec, filled per thread."""

    description: str = Field(default="", description="What the person is asked for.")
    default: str | None = Field(default=None, description="Used when the person gives none.")
    required: bool = Field(default=False, description="A conversation cannot start without it.")
    choices: list[str] = Field(default=[], description="The only values allowed; empty = any.")


class ModelSpec(Strict):
    """Which chat model answers. A string `provider:name` is split at the first colon."""

    provider: str = Field(
        default="",
        description="embedded, openai, ollama, huggingface, or any LangChain provider; left out = the default model.",
    )
    name: str = Field(default="", description="The provider's name of the model.")
    base_url: str | None = Field(default=None, description="Address of a compatible server; `${env:NAME}` allowed.")
    api_key: str | None = Field(
        default=None, pattern=r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$", description="Only `${env:NAME}`."
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="0 = the same answer each time.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Share of probability that is drawn from.")
    top_k: int | None = Field(default=None, ge=1, description="Number of tokens that are drawn from.")
    max_tokens: int | None = Field(default=None, ge=1, description="Longest answer, in tokens.")
    seed: int | None = Field(default=None, description="Makes draws repeatable where the provider can.")
    stop: list[str] = Field(default=[], description="Texts at which the answer ends.")
    fallback: list[str] = Field(default=[], description="Models tried in turn, as `provider:name`.")
    options: dict[str, Any] = Field(default={}, description="Extras handed to the provider as they are.")


class Starter(Strict):
    """A conversation starter: what its button says and what it sends."""

    title: str = Field(min_length=1, max_length=300, description="What the button says.")
    text: str = Field(min_length=1, max_length=300, description="What it sends.")


class Chunking(Strict):
    """How documents are cut: `size` and `overlap` in characters."""

    size: int = Field(
        default=900, ge=200, le=4000, description="Characters; cut earlier at the embedding model's token limit."
    )
    overlap: int = Field(default=100, ge=0, le=1000, description="Characters shared with the piece before.")

    @model_validator(mode="after")
    def _overlap_below_size(self) -> Chunking:
        if self.overlap >= self.size:
            raise ValueError(f"overlap ({self.overlap}) must be smaller than size ({self.size})")
        return self


class Retrieval(Strict):
    """How passages are found: `budget` in characters of context."""

    strategy: Literal["hybrid", "dense", "keyword"] = Field(default="hybrid", description="By words, meaning or both.")
    budget: int = Field(default=4000, ge=200, le=100_000, description="Characters of passages given to the model.")
    top_k: int | None = Field(default=None, ge=1, le=50, examples=[5], description="Passages at most; default: budget.")
    rerank: bool = Field(
        default=False, description="Read the best passages once more, word by word, and order them anew."
    )


class Knowledge(Strict):
    """One knowledge source: files and pages that the assistant answers from."""

    name: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]{0,57}$", description="Unique; `search_<name>` in `mode: tool`.")
    description: str = Field(default="", max_length=1000, description="What stands in it, told to the model.")
    paths: list[str] = Field(default=[], description="Files, folders or glob patterns, relative to the spec.")
    urls: list[str] = Field(default=[], description="Web pages.")
    mode: Literal["auto", "always", "tool"] = Field(
        default="auto", description="Searched when the message may need it, always, or when the model calls it."
    )
    embedding_model: str = Field(default="embedded", description="embedded, a folder, or a model's id.")
    chunking: Chunking = Field(default=Chunking(), description="How documents are cut.")
    retrieval: Retrieval = Field(default=Retrieval(), description="How passages are found.")
    citations: bool = Field(default=True, description="Cite the passages in the answer.")

    @model_validator(mode="after")
    def _has_a_source(self) -> Knowledge:
        if not self.paths and not self.urls:
            raise ValueError("needs at least one of paths or urls")
        return self


class Memory(Strict):
    """What the assistant remembers of a thread."""

    history: Literal["thread", "none"] = Field(default="thread", description="The conversation so far, or nothing.")
    max_messages: int = Field(default=40, ge=1, le=1000, description="Messages given to the model.")
    summarize: bool = Field(default=True, description="Sum up what no longer fits.")
    facts: bool = Field(
        default=False, description="Remember across conversations what the person asks for; shown and editable."
    )


class Guardrail(Strict):
    """A filter on text that comes in, goes out or comes from tools."""

    type: Literal["pii"] = Field(description="Personal data.")
    apply_to: list[Literal["input", "output", "tool_results"]] = Field(
        default=["input"], description="Which texts it reads."
    )
    strategy: Literal["redact", "mask", "hash", "block"] = Field(
        default="redact", description="What becomes of a find; block refuses the message."
    )
    entities: list[Literal["email", "credit_card", "ip", "mac_address", "url", "phone"]] = Field(
        default=["email", "credit_card"], description="What it looks for."
    )


class Limits(Strict):
    """Counted per user message; reaching one ends the turn with an explained reply."""

    max_iterations: int = Field(default=8, ge=1, le=50, description="Model calls per user message.")
    max_tool_calls: int = Field(default=6, ge=0, le=100, description="Tool calls per user message.")
    timeout_seconds: int = Field(default=120, ge=1, le=3600, description="Seconds per user message.")


class Expect(Strict):
    """What a test asks of a reply; every given part must hold."""

    contains: list[str] = Field(default=[], description="Texts that the reply holds, upper and lower case alike.")
    not_contains: list[str] = Field(default=[], description="Texts that it must not hold.")
    matches: str | None = Field(default=None, description="A regular expression, searched in the reply.")
    cites: list[str] = Field(default=[], description="File names or URLs that must be cited.")
    calls: list[str] = Field(default=[], description="Tools that must be called, by name.")
    not_calls: list[str] = Field(default=[], description="Tools that must not be called.")
    images: int | None = Field(default=None, ge=0, description="Pictures of the turn, exactly.")
    says_unknown: bool | None = Field(default=None, description="True: the reply says that the files do not say.")


class SpecTest(Strict):
    """One test inside a spec: a message in a fresh thread and what the reply must show."""

    name: str = Field(min_length=1, max_length=200, description="What is tested.")
    message: str = Field(min_length=1, description="What the person writes.")
    files: list[str] = Field(default=[], description="Files sent with it, relative to the spec.")
    expect: Expect = Field(description="What the reply must show.")


class BuilderSettings(Strict):
    """Read by the builder only."""

    locked: list[str] = Field(default=[], description="Paths where the builder may suggest, not apply.")


def split_model(value: Any) -> Any:
    """Turn `provider:name` (split at the first colon) into the object form; leave anything else as it is."""
    if not isinstance(value, str):
        return value
    provider, _, name = value.partition(":")
    return {"provider": provider, "name": name}


def _tool(value: Any) -> Any:
    """Validate one tool by the class that its `type` names."""
    if isinstance(value, ToolSpec):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("tool_type", "expected an object with a type")
    if not isinstance(value.get("type"), str):
        raise PydanticCustomError("tool_without_type", "missing")
    known = load_tool_types()
    if value["type"] not in known:
        raise PydanticCustomError("unknown_tool_type", "unknown tool type")
    return known[value["type"]].model_validate(value, by_alias=True, by_name=False)


def _starter_kind(value: Any) -> str:
    return "object" if isinstance(value, (dict, Starter)) else "text"


StarterText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
AnyStarter = Annotated[
    Annotated[StarterText, Tag("text")] | Annotated[Starter, Tag("object")], Discriminator(_starter_kind)
]
AnyTool = Annotated[SerializeAsAny[ToolSpec], BeforeValidator(_tool)]


class AssistantSpec(Strict):
    """A whole `assistant/v1` file. Keys that start with `x-` are kept in the file and ignored."""

    schema_: Literal["assistant/v1"] = Field(alias="schema", description="The format's id.")
    id: Slug | None = Field(default=None, description="Slug for URLs and names; default: from the file name.")
    name: str = Field(min_length=1, max_length=80, description="What people call it.")
    description: str = Field(min_length=1, max_length=1000, description="One sentence: what it is for.")
    version: str | None = Field(default=None, description="The author's own release number.")
    avatar: str | None = Field(default=None, description="Path of a picture.")
    instructions: str | None = Field(
        default=None, min_length=1, max_length=32_000, description="What the model is told; this or instructions_file."
    )
    instructions_file: str | None = Field(default=None, description="Path of a text file with the instructions.")
    variables: dict[VariableName, Variable] = Field(default={}, description="The `{{name}}` of the texts, by name.")
    model: Annotated[ModelSpec, BeforeValidator(split_model, json_schema_input_type=str | ModelSpec)] | None = Field(
        default=None, description="`provider:name` or an object; left out = the default model."
    )
    welcome_message: str | None = Field(default=None, description="Shown at the start of a conversation.")
    conversation_starters: list[AnyStarter] = Field(
        default=[], max_length=12, description="Messages that a person can send with one click."
    )
    disclaimer: str | None = Field(default=None, max_length=500, description="Shown under the conversation.")
    knowledge: list[Knowledge] = Field(default=[], description="Files and pages that it answers from.")
    tools: list[AnyTool] = Field(default=[], description="What it can do besides answering; see the tools below.")
    skills: list[str] = Field(
        default=[], max_length=50, description="Folders with a SKILL.md (agentskills.io), relative to the spec."
    )
    memory: Memory = Field(default=Memory(), description="What it remembers.")
    guardrails: list[Guardrail] = Field(default=[], description="Filters on texts.")
    limits: Limits = Field(default=Limits(), description="Counted per user message.")
    tests: list[SpecTest] = Field(default=[], description="Run by `gptsmith test`.")
    metadata: dict[str, Any] = Field(default={}, description="Free: author, license, tags.")
    x_builder: BuilderSettings = Field(
        default=BuilderSettings(), alias="x-builder", description="What only the builder reads."
    )
