"""A whole spec: read, checked by every rule at once, and ready for the runtime."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gptsmith.assistants.files.skills import check_skills
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.checks import check_data, undeclared
from gptsmith.assistants.format.problems import LONGEST, KeyPath, Problem, show, translate
from gptsmith.assistants.format.reader import MAX_BYTES, MAX_DEPTH, MAX_NODES, Document, Mark, dotted, read_yaml
from gptsmith.assistants.format.spec import AssistantSpec
from gptsmith.errors import Diagnostic, GptsmithError, SpecError, UsageError

# Texts without quotes that end at a ` #`, which YAML takes for a comment: the rest is lost without a word.

# `#general` and `# 12` were meant as text; a comment begins with a blank behind its #.
_MEANT = re.compile(r"([ \t]+)#(?:[^\s#!]|[ \t]?\d)[^\r\n]*")
_SENTENCES = {
    "name", "description", "instructions", "welcome_message", "disclaimer", "conversation_starters", "title", "text",
    "message", "contains", "not_contains", "default", "choices", "negative_prompt",
}  # fmt: skip
_LONGEST = 100


def cut_texts(document: Document, file: str) -> Iterator[Diagnostic]:
    """Yield a warning, at its #, for each text that was probably meant to go on."""
    for path, mark in document.marks.items():
        start, end = mark.value.start, mark.value.end
        if not path or document.text[start : start + 1] in tuple("\"'|>[{"):
            continue
        found = _MEANT.match(document.text, end)
        if found is None or not _is_text(path, document.text[start:end], document.data):
            continue
        line, column = document.place(found.end(1))
        whole = (document.text[start:end] + found[0]).strip()
        hint = f"put it in quotes: {_quoted(whole)}" if len(whole) <= _LONGEST else "put all of it in quotes"
        yield Diagnostic(
            file=file,
            line=line,
            column=column,
            path=dotted(path),
            code="cut_text",
            severity="warning",
            message="the text ends at #, the rest is a comment",
            hint=hint,
        )


def _is_text(path: KeyPath, written: str, data: Any) -> bool:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return False
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    words = key in _SENTENCES or len(written.split()) > 1
    return data is None or (isinstance(data, str) and words)


def _quoted(text: str) -> str:
    if '"' not in text and "\\" not in text:
        return f'"{" ".join(text.split())}"'
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


MAX_INSTRUCTIONS = 32_000
MAX_DIAGNOSTICS = 100


@dataclass(frozen=True)
class Loaded:
    """A valid spec and where it came from: `path` is None for a spec from text, `base_dir` is where paths start.

    `spec.id` is always set. `text` is the file's own text (BOM and line endings kept), `document` its data and marks.
    """

    spec: AssistantSpec
    path: Path | None
    base_dir: Path | None
    text: str
    warnings: list[Diagnostic]
    document: Document = field(repr=False, default_factory=Document)

    def instructions(self, *, trust: bool = False) -> str:
        """Return the instructions, from the spec or from its `instructions_file` (read anew at each call).

        Raises NotReadyError (`trust_required`) for a file outside the folder without trust, SpecError for a bad one.
        """
        if self.spec.instructions is not None:
            return self.spec.instructions
        if self.spec.instructions_file is None or self.base_dir is None:
            return ""
        file = paths.resolve(self.base_dir, self.spec.instructions_file, trust)
        text, problems = _read_instructions(file, set(self.spec.variables))
        if problems:
            raise SpecError(problems)
        return text


def load_file(path: str | Path) -> Loaded:
    """Load a spec file. Raises SpecError with every problem, UsageError when the file cannot be read."""
    file = Path(path)
    content = _content(file)
    base_dir = file.absolute().parent
    return _loaded(
        *_examine(read_yaml(content, str(path)), str(path), base_dir), file, base_dir, default_id=slug(file.name)
    )


def load_text(text: str, base_dir: str | Path | None = None, *, file: str = "") -> Loaded:
    """Load a spec from YAML text; `base_dir` is needed when it names files, `file` is the name in diagnostics."""
    base = Path(base_dir).absolute() if base_dir is not None else None
    return _loaded(*_examine(read_yaml(text, file or "<text>"), file or "<text>", base), None, base)


def load_dict(data: dict[str, Any], base_dir: str | Path | None = None) -> Loaded:
    """Load a spec from plain data, by the same rules; diagnostics have paths and no lines."""
    base = Path(base_dir).absolute() if base_dir is not None else None
    document = Document(data=data)
    fault = _too_big(data)
    if fault:
        document.diagnostics.append(Diagnostic(file="<dict>", code="too_large", message=fault))
        document.whole = False
    return _loaded(*_examine(document, "<dict>", base), None, base)


def check(path: str | Path) -> list[Diagnostic]:
    """Return every error and warning of a spec file in the order of the file; nothing is raised."""
    try:
        content = _content(Path(path))
    except UsageError as error:
        return [Diagnostic(file=str(path), code=error.code, message=error.message, hint=error.hint)]
    return _examine(read_yaml(content, str(path)), str(path), Path(path).absolute().parent)[1]


def check_text(text: str, base_dir: str | Path | None = None, *, file: str = "<text>") -> list[Diagnostic]:
    """Return every error and warning of a spec's text; nothing is raised."""
    return _examine(read_yaml(text, file), file, Path(base_dir).absolute() if base_dir is not None else None)[1]


def slug(name: str) -> str:
    """Make an id of a file name or a title: `Tile Studio.assistant.yaml` -> `tile-studio`."""
    import unicodedata

    stem = re.sub(r"\.(assistant\.)?ya?ml$", "", name, flags=re.IGNORECASE)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:63].strip("-") or "assistant"


def _content(file: Path) -> bytes:
    try:
        if file.is_dir():
            raise UsageError(f"{file} is a folder", code="not_a_file", hint="name the .assistant.yaml file in it")
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe or a device would be waited for, for ever
                raise UsageError(f"{file} is no file", code="not_a_file", hint="name an .assistant.yaml file")
            return opened.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        hint = "give the path of an .assistant.yaml file, or an id that `gptsmith list` shows"
        raise UsageError(f"there is no file {file}", code="not_found", hint=hint) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{file} cannot be read ({reason})", code="unreadable", hint="check its name and rights"
        ) from error


def _examine(
    document: Document, file: str, base_dir: Path | None
) -> tuple[AssistantSpec | None, list[Diagnostic], Document]:
    """Check a document by every rule; the spec is None when there is an error."""
    diagnostics = list(document.diagnostics)
    spec = None
    if document.whole:
        spec, problems = _judge(document, base_dir)
        diagnostics += [_diagnostic(problem, document, file) for problem in problems]
        diagnostics += _instructions_file(document.data, base_dir)
        diagnostics += check_skills(document.data, base_dir)
        diagnostics += cut_texts(document, file)
    failed = any(d.severity == "error" for d in diagnostics)
    return (None if failed else spec), _ordered(diagnostics, file), document


def _ordered(diagnostics: list[Diagnostic], file: str) -> list[Diagnostic]:
    """Sort by place; of more than 100 keep the errors first and say how many are left out."""
    cut = len(diagnostics) - MAX_DIAGNOSTICS
    if cut > 0:
        diagnostics = sorted(diagnostics, key=lambda d: d.severity)[:MAX_DIAGNOSTICS]
    diagnostics.sort(key=lambda d: (d.file != file, d.line, d.column))
    if cut > 0:
        last = diagnostics[-1]
        severity, message = diagnostics[0].severity, f"{cut:,} more problems are not shown"
        diagnostics.append(Diagnostic(file=last.file, line=last.line, code="more", severity=severity, message=message))
    return diagnostics


def _judge(document: Document, base_dir: Path | None) -> tuple[AssistantSpec | None, list[Problem]]:
    data = document.data
    if data is None and not document.diagnostics:
        return None, [Problem((), "empty", "the file is empty", "start with schema: assistant/v1")]
    spec, problems = None, []
    plain = {k: v for k, v in data.items() if not _is_extension(k)} if isinstance(data, dict) else data
    try:
        spec = AssistantSpec.model_validate(plain, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = [_as_written(problem, document) for problem in translate(error, plain)]
    if isinstance(data, dict):
        renamed = {p.hint for p in problems if p.code == "unknown_key"}
        own = [p for p in check_data(data, base_dir) if not _corrected(p, renamed)]
        taken = {p.path for p in own if p.severity == "error"}
        problems = [p for p in problems if p.path not in taken] + own
    return spec, [p for p in problems if not any(p.path[: len(r)] == r for r in document.refused)]


def _as_written(problem: Problem, document: Document) -> Problem:
    """Return the problem with a number as it stands in the file: as data, 1.10 is 1.1."""
    value, mark = document.data, document.marks.get(problem.path)
    try:
        for part in problem.path:
            value = value[part]
    except (KeyError, IndexError, TypeError):
        return problem
    written = document.text[mark.value.start : mark.value.end] if mark else ""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < len(written) <= LONGEST:
        return problem
    message = problem.message.replace(f"the number {show(value)}", f"the number {written}")
    return replace(problem, message=message, hint=problem.hint.replace(f'"{show(value)}"', f'"{written}"'))


def _is_extension(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("x-") and key != "x-builder"


def _corrected(problem: Problem, hints: set[str]) -> bool:
    """Missing instructions are no second mistake when an unknown key is already corrected to them."""
    return problem.code == "missing" and any(hint.startswith("did you mean instructions") for hint in hints)


def _loaded(
    spec: AssistantSpec | None,
    diagnostics: list[Diagnostic],
    document: Document,
    path: Path | None,
    base_dir: Path | None,
    default_id: str = "",
) -> Loaded:
    if spec is None:
        raise SpecError([d for d in diagnostics if d.severity == "error"])
    if spec.id is None:
        spec = spec.model_copy(update={"id": default_id or slug(spec.name)})
    return Loaded(spec, path, base_dir, document.text, diagnostics, document)


def _diagnostic(problem: Problem, document: Document, file: str) -> Diagnostic:
    line, column = _place(problem, document)
    return Diagnostic(
        file=file,
        line=line,
        column=column,
        path=dotted(problem.path),
        code=problem.code,
        severity=problem.severity,
        message=problem.message,
        hint=problem.hint,
    )


def _place(problem: Problem, document: Document) -> tuple[int, int]:
    mark = document.marks.get(problem.path)
    if mark is None:
        return _nearest_place(problem.path, document.marks)
    if problem.needle:
        found = document.text.find(problem.needle, mark.value.start, mark.value.end)
        if found >= 0:
            return document.place(found)
    span = mark.key if problem.at_key and mark.key else mark.value
    return span.line, span.column


def _nearest_place(path: KeyPath, marks: dict[KeyPath, Mark]) -> tuple[int, int]:
    """Where something is missing: at the object that lacks it, by its key when it has one."""
    while path:
        path = path[:-1]
        mark = marks.get(path)
        if mark and path:
            span = mark.key or mark.value
            return span.line, span.column
    return 1, 1


def _instructions_file(data: Any, base_dir: Path | None) -> list[Diagnostic]:
    """Check the text of `instructions_file` where it can be read without trust."""
    name = data.get("instructions_file") if isinstance(data, dict) else None
    if not isinstance(name, str) or base_dir is None or "instructions" in data:
        return []
    table = data.get("variables")
    try:
        file = paths.resolve(base_dir, name)
        return _read_instructions(file, set(table) if isinstance(table, dict) else set())[1] if file.is_file() else []
    except GptsmithError:
        return []  # reported with its place in the spec


def _read_instructions(file: Path, declared: set[str]) -> tuple[str, list[Diagnostic]]:
    def wrong(code: str, message: str, hint: str) -> tuple[str, list[Diagnostic]]:
        return "", [Diagnostic(file=str(file), code=code, message=message, hint=hint)]

    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_INSTRUCTIONS * 4 + 4).decode("utf-8-sig")
    except UnicodeDecodeError:
        if file.stat().st_size <= MAX_INSTRUCTIONS * 4:
            return wrong("not_utf8", "the file is not UTF-8", "save it as UTF-8")
        text = " " * (MAX_INSTRUCTIONS + 1)
    except OSError as error:
        return wrong("no_file", f"the instructions cannot be read ({error.strerror})", "check instructions_file")
    if len(text) > MAX_INSTRUCTIONS:
        return wrong("too_long", f"expected up to {MAX_INSTRUCTIONS:,} characters", "shorten it")
    if not text.strip():
        return wrong("too_short", "the instructions are empty", "write what the assistant should do")
    found = []
    for problem in undeclared(text, declared, ("instructions_file",)):
        index = max(text.find(problem.needle), 0)
        line, column = text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1
        found.append(
            Diagnostic(
                file=str(file),
                line=line,
                column=column,
                path="instructions_file",
                code=problem.code,
                severity=problem.severity,
                message=problem.message,
                hint=problem.hint,
            )
        )
    return text, [d for d in found if d.severity == "error"] or found


def _too_big(data: Any) -> str:
    """Judge plain data by the reader's caps, without following a reference to itself for ever."""
    level, nodes, depth, size = [data], 0, 0, 0
    while level:
        nodes += len(level)
        depth += 1
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value.values())
                below.extend(value)
            elif isinstance(value, (list, tuple)):
                below.extend(value)
            elif isinstance(value, str):
                size += len(value)
        if nodes > MAX_NODES or depth > MAX_DEPTH + 1 or size > MAX_BYTES:
            return f"more than {MAX_NODES:,} values, {MAX_DEPTH} levels or {MAX_BYTES // 1024} KB of text"
        level = below
    return ""
