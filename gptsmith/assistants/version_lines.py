"""Versions as plain JSON lines, for a bundle: read by anyone, believed by nobody.

The first line says the format; a `content` line has the text of a file, under its SHA-256, before the first `version`
line that refers to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from gptsmith.assistants.spec_files import digest
from gptsmith.assistants.splices import text_hash
from gptsmith.assistants.version_store import Touched, Version, plain

FORMAT = "gptsmith-versions/1"
History = list[tuple[Version, list[Touched]]]

_MOST = 20_000  # versions
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


class LinesError(ValueError):
    """The lines are not a history of versions; the message says why."""


def to_lines(history: Iterable[tuple[Version, list[Touched]]]) -> bytes:
    """Write versions as lines; every file in them must be UTF-8."""
    lines: list[dict[str, Any]] = [{"format": FORMAT}]
    written: set[str | None] = {None}
    for version, files in history:
        for file in files:
            for data in (file.before, file.after):
                if data is not None and digest(data) not in written:
                    written.add(digest(data))
                    lines.append({"content": digest(data), "text": data.decode("utf-8")})
        lines.append({"version": version.model_dump(exclude={"files"}), "files": [_row(file) for file in files]})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8")


def from_lines(data: bytes) -> History:
    """Read versions from lines. Raises LinesError for anything that `to_lines` does not write."""
    try:
        lines = [json.loads(line) for line in data.decode("utf-8").split("\n") if line]
        if not lines or lines[0] != {"format": FORMAT}:
            raise LinesError(f"they are not of the format {FORMAT}")
        return _read(lines[1:])
    except LinesError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        raise LinesError(f"a line cannot be read ({type(error).__name__})") from error


def _read(lines: list[dict[str, Any]]) -> History:
    texts: dict[str | None, bytes | None] = {None: None}
    history: History = []
    known: dict[str, str | None] = {}
    for line in lines:
        if set(line) == {"content", "text"}:
            text = line["text"].encode("utf-8")
            if text_hash(text) != line["content"]:
                raise LinesError("a text is not what its hash says")
            texts[line["content"]] = text
            continue
        version = Version.model_validate({**line["version"], "files": ()}, strict=True)
        _check(version, history)
        rows = [(row["path"], row["before"], row["after"]) for row in line["files"]]
        for path, before, _ in rows:
            if not isinstance(path, str) or (path in known and known[path] != before):
                raise LinesError(f"version {version.number} does not begin where the one before it ends")
        known = {path: after for path, _, after in rows}
        history.append((version, [Touched(path, texts[before], texts[after]) for path, before, after in rows]))
    return history


def _check(version: Version, history: History) -> None:
    last = history[-1][0].number if history else 0
    if not last < version.number < 10**9 or len(history) >= _MOST:
        raise LinesError("their numbers do not go up")
    if version.author not in ("builder", "person", "outside") or not _TIME.fullmatch(version.at):
        raise LinesError(f"version {version.number} has no author or no time")
    if any(said != plain(said) for said in (version.reason, version.name)):
        raise LinesError(f"version {version.number} has a reason or a name that cannot be shown")
    if version.takes_back is not None and version.takes_back not in {one.number for one, _ in history}:
        raise LinesError(f"version {version.number} takes back one that is not there")


def _row(file: Touched) -> dict[str, str | None]:
    return {"path": file.path, "before": digest(file.before), "after": digest(file.after)}
