"""The Pydantic models of `assistant/v1`: the one source of the JSON Schema, the reference page and the checks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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

from gptsmith.assistants.tool_types import ToolSpec, load_tool_types

SCHEMA_ID = "assistant/v1"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Strict(BaseModel):
    """Base of every part of a spec: unknown keys are errors, nothing is coerced, inputs are never echoed whole."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, populate_by_name=True)


class Variable(Strict):
    """One `{{name}}` of a spec, filled per thread."""

    description: str = ""
    default: str | None = None
    required: bool = False
    choices: list[str] = []


class ModelSpec(Strict):
    """Which chat model answers. A string `provider:name` is split at the first colon."""

    provider: str = Field(min_length=1, description="embedded, openai, ollama, huggingface, or any LangChain provider.")
    name: str = Field(default="", description="The provider's name of the model.")
    base_url: str | None = Field(default=None, description="Address of a compatible server; `${env:NAME}` allowed.")
    api_key: str | None = Field(
        default=None, pattern=r"^\$\{env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$", description="Only `${env:NAME}`."
    )
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    stop: list[str] = []
    fallback: list[str] = Field(default=[], description="Models tried in turn, as `provider:name`.")
    options: dict[str, Any] = Field(default={}, description="Extras handed to the provider as they are.")


class Starter(Strict):
    """A conversation starter: what its button says and what it sends."""

    title: str = Field(max_length=300)
    text: str = Field(max_length=300)


class Chunking(Strict):
    """How documents are cut: `size` and `overlap` in characters."""

    size: int = Field(default=900, ge=200, le=4000)
    overlap: int = Field(default=100, ge=0, le=1000)

    @model_validator(mode="after")
    def _overlap_below_size(self) -> Chunking:
        if self.overlap >= self.size:
            raise ValueError(f"overlap ({self.overlap}) must be smaller than size ({self.size})")
        return self


class Retrieval(Strict):
    """How passages are found: `budget` in characters of context."""

    strategy: Literal["hybrid", "dense", "keyword"] = "hybrid"
    budget: int = Field(default=4000, ge=200, le=100_000)
    top_k: int | None = Field(default=None, ge=1, le=50)
    rerank: bool = False


class Knowledge(Strict):
    """One knowledge source: files and pages that the assistant answers from."""

    name: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]{0,57}$", description="Unique; `search_<name>` in `mode: tool`.")
    description: str = Field(default="", max_length=1000)
    paths: list[str] = Field(default=[], description="Files, folders or glob patterns, relative to the spec.")
    urls: list[str] = []
    mode: Literal["auto", "always", "tool"] = "auto"
    embedding_model: str = "embedded"
    chunking: Chunking = Chunking()
    retrieval: Retrieval = Retrieval()
    citations: bool = True

    @model_validator(mode="after")
    def _has_a_source(self) -> Knowledge:
        if not self.paths and not self.urls:
            raise ValueError("needs at least one of paths or urls")
        return self


class Memory(Strict):
    """What the assistant remembers of a thread."""

    history: Literal["thread", "none"] = "thread"
    max_messages: int = Field(default=40, ge=1, le=1000)
    summarize: bool = True


class Guardrail(Strict):
    """A filter on text that comes in, goes out or comes from tools."""

    type: Literal["pii"]
    apply_to: list[Literal["input", "output", "tool_results"]] = ["input"]
    strategy: Literal["redact", "mask", "hash", "block"] = "redact"
    entities: list[Literal["email", "credit_card", "ip", "mac_address", "url", "phone"]] = ["email", "credit_card"]


class Limits(Strict):
    """Counted per user message; reaching one ends the turn with an explained reply."""

    max_iterations: int = Field(default=8, ge=1, le=50, description="Model calls per user message.")
    max_tool_calls: int = Field(default=6, ge=0, le=100)
    timeout_seconds: int = Field(default=120, ge=1, le=3600)


class Expect(Strict):
    """What a test asks of a reply; every given part must hold."""

    contains: list[str] = []
    not_contains: list[str] = []
    matches: str | None = Field(default=None, description="A regular expression, searched in the reply.")
    cites: list[str] = Field(default=[], description="File names or URLs that must be cited.")
    calls: list[str] = []
    not_calls: list[str] = []
    images: int | None = Field(default=None, ge=0)
    says_unknown: bool | None = None


class SpecTest(Strict):
    """One test inside a spec: a message in a fresh thread and what the reply must show."""

    name: str = Field(min_length=1, max_length=200)
    message: str = Field(min_length=1)
    files: list[str] = []
    expect: Expect


class Builder(Strict):
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
    """A whole `assistant/v1` file. `x-*` keys are taken off by the loader; `x-builder` becomes `x_builder`."""

    schema_: Literal["assistant/v1"] = Field(alias="schema", description="The format's id; required.")
    id: Slug | None = Field(default=None, description="Slug for URLs and names; default: from the file name.")
    name: str = Field(min_length=1, max_length=80)
    description: str = Field(min_length=1, max_length=1000)
    version: str | None = Field(default=None, description="The author's own release number.")
    avatar: str | None = None
    instructions: str | None = Field(default=None, min_length=1, max_length=32_000)
    instructions_file: str | None = None
    variables: dict[VariableName, Variable] = {}
    model: Annotated[ModelSpec, BeforeValidator(split_model, json_schema_input_type=str | ModelSpec)] | None = None
    welcome_message: str | None = None
    conversation_starters: list[AnyStarter] = Field(default=[], max_length=12)
    disclaimer: str | None = Field(default=None, max_length=500)
    knowledge: list[Knowledge] = []
    tools: list[AnyTool] = []
    memory: Memory = Memory()
    guardrails: list[Guardrail] = []
    limits: Limits = Limits()
    tests: list[SpecTest] = []
    metadata: dict[str, Any] = {}
    x_builder: Builder = Field(default=Builder(), alias="x-builder")
