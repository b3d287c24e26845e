"""What the builder's model returns when an assistant is to be changed: operations, each with its reason in words."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from gptsmith.assistants.draft import DraftPart, Missing
from gptsmith.assistants.operations import OPERATION, Add, Remove, ReplaceText, Set
from gptsmith.errors import UsageError

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

    COMPOSER: ClassVar[str] = "gptsmith.models.chat.embedded.edits.reading"  # for the embedded model

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
