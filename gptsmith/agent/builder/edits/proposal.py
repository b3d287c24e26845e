"""A proposal: what one message would change in a file, as plain data that a checkpoint can keep."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from gptsmith.agent.builder.attachments import Attachment
from gptsmith.assistants.draft import Missing
from gptsmith.assistants.operations import Operation


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProposedStep(_Part):
    """One operation, in words that code has made or checked, and the person's rules that it drops or goes against.

    `follows` is the path of the change that this one comes along with: where that goes, this goes too.
    """

    operation: Operation
    words: str
    asked: str = ""
    drops: list[str] = []
    opposes: list[str] = []
    follows: str = ""


class Suggestion(_Part):
    """A change that is left to the person: a locked part, or a line that cannot be spliced.

    `lines` are what to write at `path`, empty for something to take out.
    """

    path: str
    words: str
    why: str
    lines: list[str] = []


class RuleAtRisk(_Part):
    """A rule of the person's that `step` would drop or alter although nobody asked for that, or goes against."""

    rule: str
    step: int
    question: str


class Proposal(_Part):
    """What one message would change. Every path refers to the files as they are in `base`.

    `base` maps each file to its text as it was shown; `unmet` says what was asked for and cannot be done, `unchanged`
    are the operations that leave the file as it is, `decided` is what the message decides on the proposal that waited,
    and `which` the places of it that are meant (none: all); `withdrawn` are the places (from 0), in that proposal, of
    what is taken back or replaced.
    """

    path: Path
    message: str
    base: dict[str, str]
    steps: list[ProposedStep] = []
    locked: list[Suggestion] = []
    missing: list[Missing] = []
    not_understood: list[str] = []
    unmet: list[str] = []
    unchanged: list[Operation] = []
    decided: Literal["", "accept", "refuse", "undo"] = ""
    which: list[int] = []
    withdrawn: list[int] = []
    reply: str = ""
    question: str = ""
    attachments: list[Attachment] = []
    said: list[str] | None = None


def without(steps: Sequence[ProposedStep], gone: Container[int]) -> list[ProposedStep]:
    """Return the steps without those at the places `gone`, and without what only followed from one of them."""
    dropped = {step.operation.path for number, step in enumerate(steps) if number in gone and not step.follows}
    return [step for number, step in enumerate(steps) if number not in gone and step.follows not in dropped]
