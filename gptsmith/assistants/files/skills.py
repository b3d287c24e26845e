"""Agent Skills (https://agentskills.io/specification): folders with a `SKILL.md`, checked by its rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.assistants.format import paths
from gptsmith.assistants.format.problems import show, texts
from gptsmith.assistants.format.reader import Document, dotted, read_yaml
from gptsmith.errors import Diagnostic, GptsmithError

FILE = "SKILL.md"
LONGEST = 200_000  # bytes of a SKILL.md
_MOST_FILES = 200
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
_KEYS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
_LIMITS = {"name": 64, "description": 1024, "compatibility": 500}


@dataclass(frozen=True)
class Skill:
    """One skill: `text` is what stands below the front matter, `files` what lies in the folder besides SKILL.md."""

    name: str
    description: str
    folder: Path
    text: str
    files: tuple[str, ...]


def read_skill(folder: Path) -> tuple[Skill | None, list[Diagnostic]]:
    """Return the skill of a folder, None when an error is among the diagnostics; nothing is raised."""
    file = folder / FILE
    try:
        with file.open("rb") as opened:
            raw = opened.read(LONGEST + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, [_fault(file, "not_utf8", "the file is not UTF-8", "save it as UTF-8")]
    except OSError as error:
        hint = "a skill is a folder with a SKILL.md"
        return None, [_fault(file, "no_file", f"there is no {FILE} to read ({error.strerror})", hint)]
    if len(raw) > LONGEST:
        return None, [_fault(file, "too_long", f"it has more than {LONGEST:,} bytes", "move parts into other files")]
    front = _FRONT.match(text)
    if front is None:
        hint = "begin the file with ---, name: and description:, and --- again"
        return None, [_fault(file, "no_front_matter", "there is no front matter", hint)]
    document = read_yaml("\n" + front[1], str(file))  # an empty line for the first ---, so that lines are the file's
    found = [*document.diagnostics, *_checked(document, file, folder.resolve().name)]
    if any(d.severity == "error" for d in found):
        return None, found
    data = document.data
    description = " ".join(data["description"].split())
    return Skill(data["name"], description, folder, text[front.end() :].strip(), _files(folder)), found


def check_skills(data: Any, base_dir: Path | None) -> Iterator[Diagnostic]:
    """Yield the problems of the skills that a spec's data names, in their own files, and names that come twice."""
    seen: dict[str, str] = {}
    for _, text in texts(data.get("skills") if isinstance(data, dict) else None):
        try:
            folder = paths.resolve(base_dir, text) if base_dir else None
        except GptsmithError:
            continue  # reported with its place in the spec
        if folder is None or not folder.exists():
            continue
        skill, found = read_skill(folder)
        yield from found
        if skill and skill.name in seen:
            message = f"the skill {skill.name} comes twice, also from {seen[skill.name]}"
            yield _fault(folder / FILE, "duplicate", message, "keep one of the two")
        elif skill:
            seen[skill.name] = text


def _checked(document: Document, file: Path, folder: str) -> Iterator[Diagnostic]:
    def wrong(key: str, code: str, message: str, hint: str, severity: str = "error") -> Diagnostic:
        mark = document.marks.get((key,)) or document.marks.get(())
        line, column = (mark.value.line, mark.value.column) if mark else (1, 1)
        about: dict[str, Any] = {"severity": severity, "path": dotted((key,))}
        return Diagnostic(file=str(file), line=line, column=column, code=code, message=message, hint=hint, **about)

    data = document.data
    if not isinstance(data, dict):
        yield wrong(
            "name", "wrong_type", "expected keys and values in the front matter", "write name: and description:"
        )
        return
    for key in ("name", "description"):
        if key not in data:
            yield wrong(key, "missing", "missing", f"write {key}: … in the front matter")
    for key, value in data.items():
        if key not in _KEYS:
            hint = f"the standard has {', '.join(_KEYS)}; put it under metadata"
            yield wrong(str(key), "unknown_key", f"unknown key {show(str(key))}", hint, "warning")
        elif key == "metadata":
            if not isinstance(value, dict):
                yield wrong(key, "wrong_type", "expected keys and values", "write metadata: {author: …}")
        elif not isinstance(value, str) or not value.strip():
            yield wrong(key, "wrong_type", "expected text", f"write {key}: …")
        elif len(value) > _LIMITS.get(key, len(value)):
            limit = _LIMITS[key]
            yield wrong(key, "too_long", f"expected up to {limit:,} characters, got {len(value):,}", "shorten it")
        elif key == "name" and not _NAME.fullmatch(value):
            hint = "lower-case letters, digits and single - between them"
            yield wrong(key, "bad_name", f"{show(value)} cannot be the name of a skill", hint)
        elif key == "name" and value != folder:
            yield wrong(key, "bad_name", f"the folder is called {show(folder)}", f"call both {value}", "warning")


def _files(folder: Path) -> tuple[str, ...]:
    """Return the files of the folder by their path from it, links and hidden ones left out."""
    found = (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )
    names = (path.relative_to(folder).as_posix() for path in found)
    return tuple(name for _, name in zip(range(_MOST_FILES), (n for n in names if n != FILE), strict=False))


def _fault(file: Path, code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(file=str(file), code=code, message=message, hint=hint)
