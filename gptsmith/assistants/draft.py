"""What the builder's model returns: flat, structured fields from which code writes the YAML."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


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

    COMPOSER: ClassVar[str] = "gptsmith.models.chat.embedded.draft"  # for the embedded model

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
    temperature: float | None = Field(default=None, ge=0, le=2)
    tests: list[DraftTest] = Field(default=[], description="Two to five.")
    missing: list[Missing] = []
    question: str = Field(default="", description="The one thing to ask next, once the person has read the draft.")
