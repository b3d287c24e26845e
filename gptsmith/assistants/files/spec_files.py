"""The files of one spec: read and replaced as bytes, and put under another name or in another place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.assistants.editing.operations import Set, value_at, write_path
from gptsmith.assistants.editing.splice import splice
from gptsmith.assistants.editing.splices import text_hash
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import check_text, slug
from gptsmith.assistants.format.paths import path_values
from gptsmith.assistants.format.problems import KeyPath, items, texts
from gptsmith.assistants.format.reader import MAX_BYTES, read_yaml
from gptsmith.errors import GptsmithError, SpecError, UsageError
from gptsmith.state import atomic_write

# The files that are one spec's words: itself and its `instructions_file`, read and replaced as bytes.

Contents = Mapping[Path, bytes | None]
"""Files and their bytes; None where a file is not there, or is to go."""

_ROOM = 16 * MAX_BYTES  # a file is kept as it is, valid or not, up to this size


def content(path: Path) -> bytes | None:
    """Return a file's bytes, None when it is not there. Raises UsageError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(_ROOM + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"{path} cannot be read ({why})", code="unreadable", hint="check its rights") from error
    if len(data) > _ROOM:
        raise UsageError(f"{path} is larger than {_ROOM // 2**20} MB", code="too_large", hint="make it shorter")
    return data


def digest(data: bytes | None) -> str | None:
    """Return the SHA-256 of a file's bytes, None for a file that is not there."""
    return text_hash(data) if data is not None else None


def show_bytes(data: bytes | None) -> str:
    """Return bytes as a text to look at: what is not UTF-8 is replaced."""
    return (data or b"").decode("utf-8", "replace")


def instructions_place(spec: bytes | None, file: Path) -> Path | None:
    """Return where the `instructions_file` lies that a spec's bytes name; None without one in the spec's folder."""
    if spec is None or b"instructions_file" not in spec:  # most specs: nothing to parse
        return None
    data = read_yaml(spec).data
    name = data.get("instructions_file") if isinstance(data, dict) and "instructions" not in data else None
    with suppress(GptsmithError):
        return paths.resolve(file.parent, name) if isinstance(name, str) and name else None
    return None


def replace(wanted: Sequence[tuple[Path, bytes | None]], before: Contents) -> None:
    """Write every file; when one cannot be written, those before it get their old bytes back.

    Raises OSError, with the name of the file.
    """
    done: list[Path] = []
    for path, data in wanted:
        try:
            write_or_remove(path, data)
        except OSError as error:
            for written in reversed(done):
                write_or_remove(written, before[written])
            error.filename = str(path)
            raise
        done.append(path)


def write_or_remove(path: Path, data: bytes | None) -> None:
    """Write a file at once, or delete it."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        atomic_write(path, data)


def in_order(changed: Contents, spec: Path) -> list[tuple[Path, bytes | None]]:
    """Return what to write, in the order whose halfway state is a valid spec, if there is such an order."""
    others = [(path, data) for path, data in changed.items() if path != spec]
    if spec not in changed or not others:
        return list(changed.items())
    wrong = [d for d in check_text(show_bytes(changed[spec]), spec.parent) if d.severity == "error"]
    own = [(spec, changed[spec])]
    return [*others, *own] if wrong else [*own, *others]


def require_valid(wanted: Contents, spec: Path) -> None:
    """Raise SpecError when these files would not make a valid spec as the others are now."""
    data = wanted.get(spec) or b""
    found = read_yaml(data, str(spec)).diagnostics or check_text(show_bytes(data), spec.parent, file=str(spec))
    others = {str(path) for path in wanted if path != spec}
    coming = {("no_file", "instructions_file")} if others else set()  # it is written together with the spec
    wrong = [d for d in found if d.severity == "error" and d.file not in others and (d.code, d.path) not in coming]
    if wrong:
        raise SpecError(wrong)


# Where a spec says its assistant's name besides `name`, and the same texts with another name.

Span = tuple[int, int]

_TOLD = ("description", "instructions", "welcome_message", "disclaimer")
_PARTS = {"conversation_starters": ("title", "text"), "tests": ("name", "message")}
_EXPECTED = ("contains", "not_contains")
_CALLED = (
    r"you are|you['’]re|i am|i['’]m|this is|(?:is|are|be) called|named?|name is|call (?:me|yourself)|du bist|ich bin"
    r"|hei(?:ß|ss)(?:t|e|en)?|ich bin|tu es|vous êtes|je suis|je m['’]appelle|eres|soy|me llamo|você é|eu sou|me chamo"
    r"|tu sei|sei|sono|mi chiamo|je bent|ik ben|ik heet"
)


def mentions(data: dict[str, Any], name: str) -> Iterator[tuple[KeyPath, list[Span]]]:
    """Give each text of a spec's data in which `name` stands, with where it stands there.

    The name counts as a whole word in its own letters, in what tests expect in any letters, as they are compared.
    A name that is an everyday word of the same spec (`Tea`, where `tea` is spoken of) counts only where somebody is
    called so.
    """
    if not name.strip():
        return
    said = [(path, text) for path, text in _said(data) if name in text]
    everyday = len(name.split()) == 1 and re.compile(rf"(?<!\w){re.escape(name.lower())}s?(?!\w)")
    own = _pattern(name)
    if everyday and any(everyday.search(text) for _, text in _said(data)):
        own = re.compile(rf"(?i:(?<!\w)(?:{_CALLED})\s+[\"“'‘*_]*)(?P<name>{_bounded(name)})")
    for path, text in said:
        spans = [found.span("name") for found in own.finditer(text)]
        if spans:
            yield path, spans
    for path, text in _expected(data):
        if spans := [found.span("name") for found in _pattern(name, re.IGNORECASE).finditer(text)]:
            yield path, spans


def with_name(text: str, spans: list[Span], new: str) -> str:
    """Return `text` with `new` at each of the places."""
    for start, end in reversed(spans):
        text = text[:start] + new + text[end:]
    return text


def _pattern(name: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(f"(?P<name>{_bounded(name)})", flags)


def _bounded(name: str) -> str:
    """Return the pattern of a name that is no part of a longer word, an address, a file name or a variable's mark."""
    return rf"(?<![\w/@.\\$-])(?<!\{{\{{){re.escape(name)}(?![\w/@-])(?!\.\w)"


def _said(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for field in _TOLD:
        if isinstance(text := data.get(field), str):
            yield (field,), text
    yield from ((("conversation_starters", n), text) for n, text in texts(data.get("conversation_starters")))
    for field, keys in _PARTS.items():
        for n, item in items(data, field):
            yield from (((field, n, key), item[key]) for key in keys if isinstance(item.get(key), str))


def _expected(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for n, test in items(data, "tests"):
        expect = test.get("expect")
        if isinstance(expect, dict):
            for key in _EXPECTED:
                yield from ((("tests", n, "expect", key, i), text) for i, text in texts(expect.get(key)))
            if isinstance(expect.get("matches"), str):
                yield ("tests", n, "expect", "matches"), expect["matches"]


# A spec under another id or in another place: the id that it states, and the paths of the files beside it.

_FIXED = re.compile(r"/|~|[A-Za-z]:|\.\.(/|$)")  # leads to the same place wherever the spec lies


@dataclass(frozen=True)
class Move:
    """The way of a spec from the id `old` to `new`: what was in `<old>.files/` is in `<new>.files/`.

    With `deeper` everything that was beside the spec, at whatever path, is below `<new>.files/` at the same path.
    """

    old: str
    new: str
    deeper: bool = False

    def text(self, text: str) -> str:
        """Return the spec's text as it must be there: only its id and the paths are changed.

        Raises SpecError when the text cannot be read, and SpliceRefusedError with the lines to write by hand.
        """
        data = read_yaml(text).data
        if not isinstance(data, dict) or (self.old == self.new and not self.deeper):
            return text
        ops = [Set(path="id", value=self.new)] if isinstance(data.get("id"), str) else []
        for path, named in _paths(data):
            value = value_at(data, path)
            ops.append(Set(path=write_path(path), value=value.replace(named, self.path(named), 1)))
        return splice(text, ops).text

    def path(self, path: str) -> str:
        """Return a path or pattern of the spec as it must be there."""
        start, plain = ("./", path[2:]) if path.startswith("./") else ("", path)
        return path if _FIXED.match(plain) else start + self.file(plain)

    def file(self, path: str) -> str:
        """Return the path of a file beside the spec there; "" is the spec itself."""
        if self.deeper and path:
            return f"{self.new}.files/{path}"
        head, slash, rest = path.partition("/")
        return f"{self.new}.files{slash}{rest}" if head == f"{self.old}.files" else path


def under_id(text: str, old: str, new: str) -> str:
    """Return a spec's text under another id, with the files in `<new>.files/`; raises what `Move.text` does."""
    return Move(old, new).text(text)


def files_folder(spec: Path) -> Path:
    """Return the folder for the files of the spec at this path."""
    return spec.with_name(f"{slug(spec.name)}.files")


def _paths(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Give the paths that a spec names, and those that its tests expect to be cited."""
    yield from path_values(data)
    for i, test in items(data, "tests"):
        expect = test.get("expect")
        if isinstance(expect, dict):
            cited = texts(expect.get("cites"))
            yield from ((("tests", i, "expect", "cites", n), text) for n, text in cited if "/" in text)
