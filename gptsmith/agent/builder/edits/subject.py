"""The file that a change is for, as the model is shown it: text, data, instructions, locks and the person's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gptsmith.agent.builder.edits.rules import stated_rules
from gptsmith.assistants import paths
from gptsmith.assistants.library import SUFFIX
from gptsmith.assistants.loader import load_file, load_text
from gptsmith.assistants.spec import AssistantSpec
from gptsmith.assistants.splices import text_hash
from gptsmith.errors import UsageError


@dataclass(frozen=True)
class Subject:
    """A valid spec file at one moment. All paths of a change refer to this text.

    `data` has the instructions also where they stand in `instructions_file`: `told_file`, with the text `told_text`.
    `said` are the person's own words where the whole file grew out of a conversation; None for a file that a person
    wrote.
    """

    path: Path
    text: str
    data: dict[str, Any]
    spec: AssistantSpec
    instructions: str
    told_file: Path | None = None
    told_text: str = ""
    said: Sequence[str] | None = field(default=None, repr=False)

    @property
    def hash(self) -> str:
        """The SHA-256 of the spec's bytes."""
        return text_hash(self.text)

    @property
    def is_on_disk(self) -> bool:
        """Say whether the files are, to the byte, what this is of."""
        return _bytes(self.path) == self.text.encode("utf-8") and (
            self.told_file is None or _bytes(self.told_file) == self.told_text.encode("utf-8")
        )

    @property
    def files_folder(self) -> str:
        """The name of the folder beside the spec in which its own files lie."""
        return f"{self.path.name.removesuffix(SUFFIX)}.files"

    @property
    def locked(self) -> list[str]:
        """The paths that the builder may only suggest a change of."""
        return self.spec.x_builder.locked

    @cached_property
    def rules(self) -> list[str]:
        """The person's rules, word for word, as they stand in the instructions."""
        return stated_rules(self.instructions, self.said)


def read_subject(path: str | Path, said: Sequence[str] | None = None) -> Subject:
    """Read the spec file at `path`.

    Raises:
        SpecError: the file is not valid as it is; a change of it could not be judged.
        UsageError: it cannot be read.
        NotReadyError: its `instructions_file` lies outside its folder.
    """
    loaded = load_file(path)
    file = Path(path).resolve()
    instructions = loaded.instructions()
    told, told_text = None, ""
    if loaded.spec.instructions is None and loaded.spec.instructions_file:
        told = paths.resolve(file.parent, loaded.spec.instructions_file)
        told_text = (_bytes(told) or b"").decode("utf-8")
    data = dict(loaded.document.data)
    if told is not None:
        data["instructions"] = instructions
    if not loaded.text:
        raise UsageError(f"{path} is empty", code="empty", hint="describe an assistant first")
    return Subject(file, loaded.text, data, loaded.spec, instructions, told, told_text, said)


def shown_subject(path: Path, base: dict[str, str], said: Sequence[str] | None = None) -> Subject:
    """Return the file as it was in `base`, whatever it is now: a text for each file, the spec's own by its path."""
    text = base[str(path)]
    loaded = load_text(text, path.parent, file=str(path))
    data = dict(loaded.document.data)
    told = next(((Path(name), kept) for name, kept in base.items() if name != str(path)), None)
    if told is not None:
        data["instructions"] = told[1].removeprefix("\ufeff")
    instructions = str(data.get("instructions", ""))
    file, told_text = told or (None, "")
    return Subject(path, text, data, loaded.spec, instructions, file, told_text, said)


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
