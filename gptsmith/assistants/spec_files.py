"""The files that are one spec's words: itself and its `instructions_file`, read and replaced as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gptsmith.assistants import paths
from gptsmith.assistants.loader import check_text
from gptsmith.assistants.reader import MAX_BYTES, read
from gptsmith.assistants.splices import text_hash
from gptsmith.errors import GptsmithError, SpecError, UsageError
from gptsmith.state import atomic_write

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


def shown(data: bytes | None) -> str:
    """Return bytes as a text to look at: what is not UTF-8 is replaced."""
    return (data or b"").decode("utf-8", "replace")


def instructions_place(spec: bytes | None, file: Path) -> Path | None:
    """Return where the `instructions_file` lies that a spec's bytes name; None without one in the spec's folder."""
    if spec is None or b"instructions_file" not in spec:  # most specs: nothing to parse
        return None
    data = read(spec).data
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
            put(path, data)
        except OSError as error:
            for written in reversed(done):
                put(written, before[written])
            error.filename = str(path)
            raise
        done.append(path)


def put(path: Path, data: bytes | None) -> None:
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
    wrong = [d for d in check_text(shown(changed[spec]), spec.parent) if d.severity == "error"]
    own = [(spec, changed[spec])]
    return [*others, *own] if wrong else [*own, *others]


def require_valid(wanted: Contents, spec: Path) -> None:
    """Raise SpecError when these files would not make a valid spec as the others are now."""
    data = wanted.get(spec) or b""
    found = read(data, str(spec)).diagnostics or check_text(shown(data), spec.parent, file=str(spec))
    others = {str(path) for path in wanted if path != spec}
    coming = {("no_file", "instructions_file")} if others else set()  # it is written together with the spec
    wrong = [d for d in found if d.severity == "error" and d.file not in others and (d.code, d.path) not in coming]
    if wrong:
        raise SpecError(wrong)
