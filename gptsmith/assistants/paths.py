"""The paths of a spec: resolved against its folder, contained in it, patterns expanded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from gptsmith.errors import NotReadyError, UsageError

MAX_FILES = 10_000


def resolve(base_dir: Path, path: str | Path, trust: bool = False) -> Path:
    """Return the real, absolute place of `path`, symlinks followed; the file need not exist.

    Raises NotReadyError (`trust_required`) when it lies outside `base_dir` and `trust` is False.
    """
    try:
        root = base_dir.resolve()
        found = (root / Path(path).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # symlink loop, unknown ~user, a NUL byte
        raise UsageError(f"the path {str(path)[:100]!r} cannot be used ({error})", code="bad_path") from error
    if not trust and not found.is_relative_to(root):
        raise NotReadyError(
            f"the path {str(path)[:200]} leaves the assistant's folder",
            code="trust_required",
            hint="move it beside the spec, or run with --trust",
        )
    return found


def is_outside(base_dir: Path, path: str | Path) -> bool:
    """Say whether `path` leaves `base_dir`, symlinks included; for a pattern, judge the part before its first `*`."""
    try:
        resolve(base_dir, _fixed_part(str(path)))
    except NotReadyError:
        return True
    return ".." in Path(path).parts and _has_wildcard(str(path).split("..", 1)[0])


def expand(base_dir: Path, patterns: Sequence[str], *, trust: bool = False) -> list[Path]:
    """Return the files that `patterns` (files, folders with all below, globs with `**`) name, sorted, each once.

    Hidden files and folders, and links to folders, are passed over in folders and globs. A pattern without a match
    gives nothing. Raises NotReadyError as `resolve` does, for a matched file too, and UsageError above 10,000 files.
    """
    files: dict[Path, None] = {}
    for pattern in patterns:
        for found in _matches(base_dir, pattern, trust):
            files[resolve(base_dir, found, trust)] = None
            if len(files) > MAX_FILES:
                raise UsageError(
                    f"{pattern} names more than {MAX_FILES:,} files", code="too_many_files", hint="narrow the pattern"
                )
    return sorted(files)


def names(base_dir: Path, pattern: str) -> list[str]:
    """Return the files that a pattern names, as paths from `base_dir` that keep the names of links; sorted.

    Raises NotReadyError and UsageError as `expand` does.
    """
    expand(base_dir, [pattern])
    return sorted({found.relative_to(base_dir).as_posix() for found in _matches(base_dir, pattern, False)})


def _matches(base_dir: Path, pattern: str, trust: bool) -> Iterator[Path]:
    if is_outside(base_dir, pattern) and not trust:
        resolve(base_dir, _fixed_part(pattern))  # says where it leads
        resolve(base_dir, "..")
    literal = base_dir / Path(pattern).expanduser()
    if _exists(literal):
        yield from _below(literal)
        return
    if not _has_wildcard(pattern):
        return
    fixed = Path(_fixed_part(pattern)).expanduser()
    start = base_dir / fixed
    rest = Path(pattern).expanduser().relative_to(fixed).as_posix()
    if not start.is_dir():
        return
    for found in start.glob(rest):
        if not any(part.startswith(".") and part != ".." for part in found.relative_to(start).parts):
            yield from _below(found)


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if path.is_file():
            yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            found = Path(folder) / name
            if not name.startswith(".") and found.is_file():
                yield found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _has_wildcard(pattern: str) -> bool:
    return any(c in pattern for c in "*?[")


def _fixed_part(pattern: str) -> str:
    """Return the leading folders of a pattern that hold no wildcard."""
    kept: list[str] = []
    for part in Path(pattern).parts:
        if _has_wildcard(part):
            return str(Path(*kept)) if kept else "."
        kept.append(part)
    return pattern
