"""The edit of a spec file, planned: for one text of the file, valid before it is written, with the way back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, replaced
from gptsmith.assistants.editing.splice import splice
from gptsmith.assistants.editing.splices import Inverse, as_splices, text_hash
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import check_text, load_dict
from gptsmith.assistants.format.reader import MAX_BYTES, read_yaml
from gptsmith.errors import SpecError, UsageError

# The unified diff of two texts, for a person to read.

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, name: str, old: str = "before", new: str = "after") -> str:
    """Return the diff of two texts of the file `name`, "" when they are alike.

    `old` and `new` say in the head which state each side is. Where nothing but line endings or the byte order mark
    differs, one line says so.
    """
    if before == after:
        return ""
    old_lines, new_lines = _lines(before), _lines(after)
    if old_lines == new_lines:
        return f"--- {name} ({old})\n+++ {name} ({new})\n only line endings or the byte order mark are different\n"
    found = difflib.unified_diff(old_lines, new_lines, f"{name} ({old})", f"{name} ({new})")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in found)


def _lines(text: str) -> list[str]:
    """Cut a text at its line ends, whichever they are; only the last line may lack one."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [line + "\n" for line in plain.split("\n")[:-1]] + [line for line in plain.split("\n")[-1:] if line]


_INSTRUCTIONS = "instructions"
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class FileEdit(BaseModel):
    """What was done to one file: its hash and text before and after, and how to take it back."""

    model_config = ConfigDict(frozen=True)

    path: Path
    before: str
    after: str
    inverse: Inverse

    @property
    def changed(self) -> bool:
        """Say whether a byte is different."""
        return bool(self.inverse.splices)


class Plan(BaseModel):
    """Operations on a spec, not written yet: the spec's own edit first, then that of its `instructions_file`."""

    model_config = ConfigDict(frozen=True)

    files: tuple[FileEdit, ...]

    @property
    def changed(self) -> bool:
        """Say whether a byte of any file is different."""
        return any(edit.changed for edit in self.files)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, which says what text an edit was made for.

    Raises UsageError when it cannot be read.
    """
    return text_hash(_content(path))


def plan_edit(
    path: str | Path, ops: Iterable[Set | Add | Remove | ReplaceText], expected_hash: str | None = None
) -> Plan:
    """Say what operations make of a spec file; `Versions.write` writes it.

    `expected_hash` is the `file_hash` of the text that the operations were made for. Operations on `instructions` go
    into the `instructions_file` where the spec has one. Line endings stay. Raises UsageError (`changed_on_disk`, or
    what `splice` refuses) and SpecError when the spec would not be valid.
    """
    file = Path(path).resolve()
    text = _text(file, expected_hash)
    own, told = _parted(text, file, list(ops))
    edited = splice(text, own, file=str(path))
    wrong = [d for d in check_text(edited.text, file.parent, file=str(path)) if d.severity == "error"]
    if told:  # the text on disk is the old one; the new one is judged below
        wrong = [d for d in wrong if d.file == str(path)]
    if wrong and edited.changed:
        raise SpecError(wrong)
    spec = FileEdit(path=file, before=text, after=edited.text, inverse=edited.inverse)
    return Plan(files=(spec, _told(edited.text, file, told)) if told else (spec,))


def plan_text(path: str | Path, text: str, expected_hash: str | None = None) -> Plan:
    """Plan a whole new text for a spec file, as an editor hands it over; nothing is written.

    A text without carriage returns, as a page gives it, keeps the line endings of the file, and its byte order mark.
    Raises SpecError with every error when the text is not a valid spec, UsageError as `plan_edit` does.
    """
    file = Path(path).resolve()
    before = _text(file, expected_hash)
    after = _with_file_ends(before, text)
    wrong = [d for d in check_text(after, file.parent, file=str(path)) if d.severity == "error"]
    if wrong:
        raise SpecError(wrong)
    return Plan(files=(_whole(file, before, after),))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} cannot be read ({reason})", code="unreadable", hint="check its name") from error


def _text(file: Path, expected_hash: str | None) -> str:
    data = _content(file)
    if expected_hash is not None and text_hash(data) != expected_hash:
        raise UsageError(
            f"{file.name} was changed on disk since it was read, so nothing was written",
            code="changed_on_disk",
            hint="read it again and make the change anew",
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SpecError(read_yaml(data, str(file)).diagnostics) from None


def _parted(text: str, file: Path, ops: list[Any]) -> tuple[list[Any], list[Any]]:
    """Part the operations on the spec from those on the text of its `instructions_file`."""
    data = read_yaml(text).data
    if not isinstance(data, dict) or "instructions_file" not in data or _INSTRUCTIONS in data:
        return ops, []
    if any(op.path == "instructions_file" for op in ops):
        return ops, []
    told = [op for op in ops if op.path == _INSTRUCTIONS and isinstance(op, (Set, ReplaceText))]
    return [op for op in ops if op not in told], told


def _told(text: str, spec: Path, ops: list[Any]) -> FileEdit:
    """Edit the file of instructions: a plain text, whose line endings stay."""
    name = read_yaml(text).data["instructions_file"]
    if not isinstance(name, str):
        raise UsageError("instructions_file is not a text", code="not_text", hint="name the file with the instructions")
    file = paths.resolve(spec.parent, name)
    before = now = _text(file, None)
    newline = "\r\n" if "\r\n" in before else "\n"
    for op in ops:
        if isinstance(op, Set) and not isinstance(op.value, str):
            raise UsageError("the instructions are a text", code="not_text", hint="give a text")
        plain = now.replace("\r\n", "\n")
        after = replaced(plain, op) if isinstance(op, ReplaceText) else str(op.value)
        now = _with_ends(now, after, newline)
    data = {key: value for key, value in read_yaml(text).data.items() if key != "instructions_file"}
    load_dict({**data, _INSTRUCTIONS: now.removeprefix("\ufeff")}, spec.parent)
    return _whole(file, before, now)


def _whole(file: Path, before: str, after: str) -> FileEdit:
    """Return the edit that makes one text of another: one splice, from the first to the last difference."""
    splices = as_splices(before, [(0, len(before), after)])
    inverse = Inverse(
        splices=tuple(one.inverse() for one in reversed(splices)), edited=text_hash(after), original=text_hash(before)
    )
    return FileEdit(path=file, before=before, after=after, inverse=inverse)


def _with_file_ends(before: str, after: str) -> str:
    """Give a text whose lines end in a bare line feed the byte order mark and, line by line, the endings of the file.

    A new line ends as the one before it.
    """
    if before.startswith("\ufeff") and not after.startswith("\ufeff"):
        after = "\ufeff" + after
    if "\r" in after or "\r" not in before:
        return after
    old, new = _LINE.findall(before), after.split("\n")
    matcher = difflib.SequenceMatcher(None, [text for text, _ in old], new, autojunk=len(new) > 5_000)
    ends = [""] * len(new)
    for block in matcher.get_matching_blocks():
        for n in range(block.size):
            ends[block.b + n] = old[block.a + n][1]
    last = next((end for _, end in old if end), "\n")
    for n, end in enumerate(ends[:-1]):
        ends[n] = last = end or last
    return "".join(text + end for text, end in zip(new, [*ends[:-1], ""], strict=True))


def _with_ends(before: str, after: str, newline: str) -> str:
    """Give a new text the old one's BOM and line endings."""
    mark = "\ufeff" if before.startswith("\ufeff") and not after.startswith("\ufeff") else ""
    return mark + (after.replace("\n", newline) if newline != "\n" else after)
