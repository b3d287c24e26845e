"""What the builder's model returns: the fields of a draft, or the operations of a change."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gptsmith.assistants.editing.operations import OPERATION, Add, Remove, ReplaceText, Set
from gptsmith.assistants.format.spec import load_tool_types
from gptsmith.errors import UsageError


class DraftPart(BaseModel):
    """Base: unknown keys are an error that goes back to the model; a null is a field left out, as models mean it."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class DraftVariable(DraftPart):
    """A blank that the person fills in at the start of a conversation."""

    name: str = Field(description="lower_case_with_underscores; used as {{name}}")
    description: str = ""
    default: str | None = None


class DraftTool(DraftPart):
    """A tool chosen from the list in the prompt."""

    type: str = Field(description="One of the tool types listed in the prompt.")
    name: str = Field(description="lower_case verb phrase that the assistant calls, e.g. draw_card")
    description: str = Field(description="One sentence: what it is for in this assistant.")
    settings: dict[str, Any] = Field(
        default={},
        description="Further fields of its type, e.g. {url: …} of mcp, {schema: …, operations: […]} of openapi.",
    )

    @model_validator(mode="before")
    @classmethod
    def _settings_beside(cls, data: Any) -> Any:
        """Read settings that stand beside the name, as they do in the file."""
        if not isinstance(data, dict):
            return data
        known = {info.alias or name for kind in load_tool_types().values() for name, info in kind.model_fields.items()}
        beside = {key: value for key, value in data.items() if key in known and key not in cls.model_fields}
        kept = {key: value for key, value in data.items() if key not in beside}
        given = kept.get("settings")
        return {**kept, "settings": {**beside, **given} if isinstance(given, dict) else beside} if beside else kept


class DraftKnowledge(DraftPart):
    """A knowledge source made of files or pages that really are there."""

    name: str = Field(description="lower_case_with_underscores")
    description: str
    paths: list[str] = Field(default=[], description="Only attached files, exactly as listed in the prompt.")
    urls: list[str] = Field(default=[], description="Only URLs that stand in the person's own words.")


class DraftTest(DraftPart):
    """A test that fails when the one part it tests is taken away."""

    name: str
    tests: Literal["source", "tool", "rule", "name"] = Field(description="The part whose removal must make it fail.")
    part: str = Field(default="", description="For a rule: the sentence of emphasis it tests, word for word.")
    message: str
    contains: list[str] = []
    not_contains: list[str] = []
    matches: str | None = None
    cites: list[str] = []
    calls: list[str] = []


class Missing(DraftPart):
    """Something that the description calls for and that is not there."""

    kind: Literal["knowledge", "tool", "url"]
    what: str
    how: str = Field(description="How the person adds it, one sentence.")


class Draft(DraftPart):
    """A complete new assistant. The five parts of the instructions are separate fields; code joins them."""

    COMPOSER: ClassVar[str] = "gptsmith.agent.builder.composing.draft"  # for the embedded model

    name: str = Field(description="Up to 40 characters.")
    description: str = Field(description="One sentence, up to 200 characters.")
    role: str = Field(description="Role and goal: who the assistant is, what for, for whom.")
    emphasis: list[str] = Field(default=[], description="What to stress or avoid. The person's rules word for word.")
    guidelines: list[str] = Field(default=[], description="How it works, step by step or case by case.")
    clarify: str = Field(default="", description="When to ask back, and what.")
    tone: str = Field(default="", description="How it speaks.")
    variables: list[DraftVariable] = []
    welcome_message: str = ""
    conversation_starters: list[str] = Field(default=[], description="Three or four messages a user would send.")
    tools: list[DraftTool] = []
    knowledge: list[DraftKnowledge] = []
    skills: list[str] = Field(default=[], description="Attached folders that are skills, as listed.")
    remembers: bool = Field(default=False, description="It keeps what the user asks it to remember, for later chats.")
    temperature: float | None = Field(default=None, ge=0, le=2)
    tests: list[DraftTest] = Field(default=[], description="Two to five.")
    missing: list[Missing] = []
    question: str = Field(default="", description="The one thing to ask next, once the person has read the draft.")


Scalar = str | bool | int | float


class ProposedChange(DraftPart):
    """One operation on the spec.

    Paths and positions are those of the file as it was shown, whatever else is proposed with it.
    """

    op: Literal["set", "add", "remove", "replace_text"]
    path: str = Field(description="Where, e.g. name, model.temperature, conversation_starters[1], knowledge[0].paths")
    value: Scalar | list[Scalar | dict[str, Any]] | dict[str, Any] | None = Field(
        default=None,
        description="For set and add: the new value, of the field's own type. For a list, add takes one item."
        " For remove at a list: the one item that goes.",
    )
    after: int | str | None = Field(
        default=None, description="For add: the item (from 0, -1 for the front) or key before it."
    )
    old: str | None = Field(
        default=None, description="For replace_text: words that occur exactly once in the text at path."
    )
    new: str | None = Field(
        default=None, description="For replace_text: what stands there instead; empty to take them out."
    )
    words: str = Field(default="", description="What changes, one short sentence for the person, in their language.")
    asked: str = Field(default="", description="The words of the person's message that ask for it.")

    def operation(self) -> Set | Add | Remove | ReplaceText:
        """Return the operation itself. Raises UsageError when what its kind needs is not given."""
        wanted = {"set": ("value",), "add": ("value", "after"), "remove": (), "replace_text": ("old", "new")}[self.op]
        given = self.model_dump(include={"op", "path", *wanted})
        if self.op == "replace_text" and given["new"] is None:
            given["new"] = ""
        try:
            return OPERATION.validate_python(given)
        except ValidationError as error:
            found = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in found["loc"][1:])
            raise UsageError(f"{self.op} {self.path}: {where}: {found['msg']}", code="bad_operation") from None


class ChangeSet(DraftPart):
    """The builder's answer to one message of the person: what it proposes, and what it does not.

    `question` is the one thing that the builder asks next, empty when nothing is left to ask.
    """

    COMPOSER: ClassVar[str] = "gptsmith.agent.builder.composing.reading"  # for the embedded model

    changes: list[ProposedChange] = Field(default=[])
    withdraw: list[int] = Field(
        default=[], description="Numbers in <proposal> of what this message takes back or your changes replace."
    )
    decision: Literal["", "accept", "refuse", "undo"] = Field(
        default="",
        description="When the message decides on <proposal> (accept, refuse), or takes back what was written (undo).",
    )
    which: list[int] = Field(default=[], description="For accept and refuse: the numbers meant; empty = all of them.")
    not_understood: list[str] = Field(
        default=[], description="Parts of the message that you could not make sense of, in the person's words."
    )
    missing: list[Missing] = Field(
        default=[], description="What is asked for and cannot be: no such tool, file or page."
    )
    reply: str = Field(
        default="", description="One or two sentences to the person: an answer to what they asked, never 'done'."
    )
    question: str = ""
