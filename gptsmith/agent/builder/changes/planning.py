"""The plan of a change: a model's operations brought to one form, and what the files would be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gptsmith.agent.builder.attachments import Attachment, bring_files
from gptsmith.agent.builder.builder import RULES_HEADINGS, WORK_HEADINGS
from gptsmith.agent.builder.changes.order import Op, in_order
from gptsmith.agent.builder.changes.subject import Subject
from gptsmith.agent.builder.language.description import binds
from gptsmith.assistants.editing.edited_file import Plan, plan_edit
from gptsmith.assistants.editing.operations import Add, Remove, ReplaceText, Set, parse_path, value_at, write_path
from gptsmith.assistants.files.skills import FILE as SKILL
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.paths import path_values
from gptsmith.assistants.format.schema import json_schema, node_at
from gptsmith.errors import NotReadyError, UsageError

# The plan of a change: what the files would be, with attached files thought to lie where they will be copied.


def plan(subject: Subject, ops: Sequence[Op], attachments: Sequence[Attachment] = ()) -> Plan:
    """Say what the operations would make of the files of `subject`, whatever they are by now; nothing is written.

    Raises UsageError and SpecError as `plan_edit` does.
    """
    ordered = in_order(subject.data, ops)
    coming = [attachment for attachment in attachments if not attachment.place]
    if not coming and subject.is_on_disk:
        return plan_edit(subject.path, ordered, subject.hash)
    with TemporaryDirectory(prefix="gptsmith-edit-") as folder:
        mirror = _mirror(subject, Path(folder).resolve())
        bring_files(coming, subject.files_folder.removesuffix(".files"), mirror.parent, empty=True)
        planned = plan_edit(mirror, ordered, subject.hash)
        return _moved(planned, mirror.parent, subject.path.parent)


def used(planned: Plan, subject: Subject, attachments: Sequence[Attachment]) -> list[Attachment]:
    """Return the attachments that the planned spec names, which are to be copied beside it."""

    after = planned.files[0].after
    return [a for a in attachments if not a.place and spec_path(a, subject).removeprefix("./") in after]


def _mirror(subject: Subject, folder: Path) -> Path:
    """Make a folder in which every file that the spec names lies empty, as far as it may be looked at."""
    here = subject.path.parent
    for _, named in path_values(subject.data):
        try:
            found = [*paths.expand(here, [named]), paths.resolve(here, named)]
        except (NotReadyError, UsageError, OSError, ValueError):
            continue  # outside the folder or no path at all: the checks say so themselves
        for file in found:
            if file.is_file() and file.is_relative_to(here):
                place = folder / file.relative_to(here)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            elif (file / SKILL).is_file() and file.is_relative_to(here):  # a skill is checked with its spec
                place = folder / file.relative_to(here)
                place.mkdir(parents=True, exist_ok=True)
                (place / SKILL).write_bytes((file / SKILL).read_bytes())
    if subject.told_file is not None:
        place = folder / subject.told_file.relative_to(here)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(subject.told_text.encode("utf-8"))
    mirror = folder / subject.path.name
    mirror.write_bytes(subject.text.encode("utf-8"))
    return mirror


def _moved(planned: Plan, old: Path, new: Path) -> Plan:
    files = tuple(
        edit.model_copy(update={"path": new / edit.path.relative_to(old)}) if edit.path.is_relative_to(old) else edit
        for edit in planned.files
    )
    return Plan(files=files)


# What a model's operations are brought to before they are judged: the ways of writing them that mean the same.


def mended(op: Op, subject: Subject, attachments: list[Attachment]) -> Iterator[Op]:
    """Yield the operations that `op` means: several items added at once are several, a line of instructions is text.

    Raises UsageError for a path that is none.
    """
    op = _with_blanks(op, subject)
    if isinstance(op, (Set, Add)):
        op = op.model_copy(update={"value": _typed(_placed(op.value, subject, attachments), op.path, subject)})
    if isinstance(op, Add) and op.path == "instructions":
        yield _line(op, subject.instructions)
        return
    if isinstance(op, ReplaceText):
        yield _whole_line(_unindented(op, subject), subject)
        return
    op = _at_item(op, subject)
    if isinstance(op, Add) and isinstance(op.value, list) and _lists_texts_or_objects(op, subject):
        yield from (Add(path=op.path, value=value, after=op.after) for value in op.value)
        return
    yield op


def _with_blanks(op: Op, subject: Subject) -> Op:
    """Write a declared variable that came with one brace, `{city}`, as the format does, where it fills them in."""
    declared = subject.data.get("variables")
    if not isinstance(declared, dict) or parse_path(op.path)[0] not in _FILLED or isinstance(op, Remove):
        return op
    single = re.compile(r"(?<![{$])\{(" + "|".join(map(re.escape, declared)) + r")\}(?!\})")

    def doubled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: doubled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [doubled(item) for item in value]
        return single.sub(r"{{\1}}", value) if isinstance(value, str) else value

    if isinstance(op, ReplaceText):
        old = op.old if op.old in _text_at(op.path, subject) else doubled(op.old)
        return op.model_copy(update={"old": old, "new": op.new if single.search(old) else doubled(op.new)})
    return op.model_copy(update={"value": doubled(op.value)})


def _typed(value: Any, path: str, subject: Subject) -> Any:
    """Read a number or a yes that came as a text as what the field takes: `"0.3"` for a temperature is 0.3."""
    if not isinstance(value, str):
        return value
    data = subject.data if isinstance(subject.data.get("model"), dict) else {**subject.data, "model": {}}
    node = node_at(json_schema(), parse_path(path), data)
    kinds = {one.get("type") for one in [node, *node.get("anyOf", [])]}
    text = value.strip().casefold()
    if "string" in kinds:
        return value
    if "boolean" in kinds and text in ("true", "false", "yes", "no"):
        return text in ("true", "yes")
    if "integer" in kinds and re.fullmatch(r"[+-]?\d{1,9}", text):
        return int(text)
    return float(text) if "number" in kinds and re.fullmatch(r"[+-]?\d{1,6}(?:\.\d{1,6})?", text) else value


def plain_path(path: str) -> str:
    """Return a path written in another way (`/name`, `tests/0/name`, `$.tests.0.name`) as the format writes it."""
    bare = re.sub(r"^(?:\$\.?|/|spec[./])+", "", path.strip())
    bare = bare if '"' in bare else bare.replace("/", ".")
    return re.sub(r"\.(\d+)(?=[.\[]|$)", r"[\1]", bare) or path


def on_what_waits(op: Op, subject: Subject, waiting: Sequence[Op]) -> tuple[Op, int | None]:
    """Read words that are not in the file but in a change that waits as that change with these words in it.

    Returns the operation for the file, and the place of the one that it replaces.
    """
    if not isinstance(op, ReplaceText) or op.old in _text_at(op.path, subject):
        return op, None
    found = [
        (n, other) for n, other in enumerate(waiting) if other.path == op.path and _proposed(other).count(op.old) == 1
    ]
    if len(found) != 1:
        return op, None
    place, other = found[0]
    text = _proposed(other).replace(op.old, op.new)
    field = "new" if isinstance(other, ReplaceText) else "value"
    return other.model_copy(update={field: text}), place


def _proposed(op: Op) -> str:
    """Return the text that an operation writes, empty where it writes none."""
    text = op.new if isinstance(op, ReplaceText) else getattr(op, "value", "")
    return text if isinstance(text, str) else ""


def _text_at(path: str, subject: Subject) -> str:
    if path == "instructions":
        return subject.instructions
    try:
        text = value_at(subject.data, parse_path(path))
    except UsageError:
        return ""
    return text if isinstance(text, str) else ""


def _placed(value: Any, subject: Subject, attachments: list[Attachment]) -> Any:
    """Replace the names of attached files by the paths that they will have."""
    if isinstance(value, list):
        return [_placed(item, subject, attachments) for item in value]
    if isinstance(value, dict):
        return {key: _placed(item, subject, attachments) if key in _FILES else item for key, item in value.items()}
    if isinstance(value, str) and ".py:" in value:
        file, _, function = value.rpartition(":")
        return f"{_placed(file, subject, attachments)}:{function}"
    if isinstance(value, str):
        named = value.removeprefix("./").rstrip("/")
        for attachment in attachments:
            name = attachment.name.rstrip("/")
            if named == name:
                return spec_path(attachment, subject)
            if attachment.name.endswith("/") and named.startswith(attachment.name):
                return f"{spec_path(attachment, subject)}/{named.removeprefix(attachment.name)}"
    return value


_FILLED = ("instructions", "welcome_message", "conversation_starters")
_FILES = ("paths", "files", "avatar", "schema", "instructions_file", "skills", "ref")


def spec_path(attachment: Attachment, subject: Subject) -> str:
    """Return the path by which the spec of `subject` names an attached file."""
    return attachment.spec_path(subject.files_folder.removesuffix(".files"))


def _line(op: Add, instructions: str) -> ReplaceText:
    """Return a line added to the instructions as a replacement: behind the line that `after` names, else in its place.

    Without `after` a rule comes behind the other rules and anything else behind what the assistant does.
    """
    if not isinstance(op.value, str) or not op.value.strip():
        raise UsageError("a line of the instructions is a text", code="not_text", hint="give one text")
    lines = instructions.rstrip().splitlines(keepends=True)
    named = op.after.strip() if isinstance(op.after, str) else ""
    number = next((n for n, line in enumerate(lines) if named in line), None) if named else _place(lines, op.value)
    if number is None:
        raise UsageError("the instructions have no such line", code="not_found", hint="copy it from the instructions")
    line = lines[number].rstrip("\r\n")
    body = line.lstrip()
    bullet = body[:2] if body[:2] in ("- ", "* ", "• ") else ""
    own = op.value.strip().removeprefix("- ") if bullet else op.value.strip()
    old, first = line, number
    while instructions.count(old) > 1 and first > 0:  # the same line stands there twice: take those before it along
        first -= 1
        old = lines[first] + old
    return ReplaceText(path="instructions", old=old, new=f"{old}\n{line[: len(line) - len(body)]}{bullet}{own}")


def _place(lines: Sequence[str], told: str) -> int:
    """Return the number of the line behind which a new one belongs: among the builder's own headings, else the last."""
    headings = [n for n, line in enumerate(lines) if line.startswith("## ")]
    parts = {lines[n].removeprefix("## ").strip(): n for n in headings}
    wanted = RULES_HEADINGS if binds(told) else WORK_HEADINGS
    for start in (parts[title] for title in wanted if title in parts):
        end = next((n for n in headings if n > start), len(lines))
        listed = [n for n in range(start + 1, end) if lines[n].lstrip().startswith(("- ", "* ", "• "))]
        if listed:
            return listed[-1]
    return len(lines) - 1


def _unindented(op: ReplaceText, subject: Subject) -> ReplaceText:
    """Take the indentation that YAML puts before the lines of a block out of words that were copied with it."""
    try:
        text = value_at(subject.data, parse_path(op.path))
    except UsageError:
        return op
    if not isinstance(text, str) or op.old in text or not op.old.strip():
        return op
    for indent in ("  ", "    "):
        old, new = ("\n".join(line.removeprefix(indent) for line in part.split("\n")) for part in (op.old, op.new))
        if old in text:
            return ReplaceText(path=op.path, old=old, new=new)
    # The same words with other spaces or line breaks between them are the same words.
    same = list(re.finditer(r"\s+".join(map(re.escape, op.old.split())), text))
    new = "\n".join(line.strip() if not line.strip().startswith("-") else line for line in op.new.strip().split("\n"))
    return ReplaceText(path=op.path, old=same[0].group(), new=new) if len(same) == 1 else op


def _whole_line(op: ReplaceText, subject: Subject) -> ReplaceText:
    """Take the break of a line along where the whole line goes; of a line that stands there twice, the last goes."""
    lines, gone = _text_at(op.path, subject).split("\n"), _bare(op.old)
    places = [number for number, line in enumerate(lines) if gone and _bare(line) == gone]
    if op.new.strip() or not places:
        return op
    number = places[-1]
    if number == 0:
        return ReplaceText(path=op.path, old="\n".join([lines[0], *lines[1:2]]), new="".join(lines[1:2]))
    text, first = "\n".join(lines), number
    while first > 1 and text.count("\n" + "\n".join(lines[first : number + 1])) > 1:
        first -= 1
    kept, all_of_it = (["", *lines[first:end]] for end in (number, number + 1))
    return ReplaceText(path=op.path, old="\n".join(all_of_it), new="\n".join(kept) if first < number else "")


def _bare(line: str) -> str:
    return line.strip().removeprefix("- ").removeprefix("* ").removeprefix("• ")


def _at_item(op: Op, subject: Subject) -> Op:
    """Read an item that is added at its own place, or set one behind the last, as an item added to the list."""
    if not isinstance(op, (Set, Add)):
        return op
    place = parse_path(op.path)
    if len(place) < 2 or not isinstance(place[-1], int):
        return op
    try:
        there = value_at(subject.data, place[:-1])
    except UsageError:
        there = []
    if not isinstance(there, list) or (isinstance(op, Set) and place[-1] < len(there)):
        return op
    after = min(place[-1], len(there)) - 1 if there else None
    return Add(path=write_path(place[:-1]), value=op.value, after=after)


def _lists_texts_or_objects(op: Add, subject: Subject) -> bool:
    place = parse_path(op.path)
    node = node_at(json_schema(), place, subject.data)
    return node.get("type") == "array" and isinstance(place[-1], str)
