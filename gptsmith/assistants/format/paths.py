"""The paths of a spec: resolved against its folder, contained in it, and whether the files are there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gptsmith.assistants.format.problems import KeyPath, Problem, items, show, texts
from gptsmith.assistants.format.spec import tool_class
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


def matching_names(base_dir: Path, pattern: str) -> list[str]:
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


# The files that a spec names: where they stand in its data, and whether they are there.


def path_values(data: dict[str, Any]) -> list[tuple[KeyPath, str]]:
    """Return every path that a spec names, patterns included, with its place in the data."""
    found: list[tuple[KeyPath, str]] = []
    for name in ("avatar", "instructions_file"):
        if isinstance(data.get(name), str):
            found.append(((name,), data[name]))
    model = data.get("model")
    if isinstance(model, str) and model.startswith("huggingface:"):
        found += _folder(("model",), model.partition(":")[2])
    if isinstance(model, dict) and model.get("provider") == "huggingface":
        found += _folder(("model", "name"), model.get("name"))
    for i, source in items(data, "knowledge"):
        found += [(("knowledge", i, "paths", n), text) for n, text in texts(source.get("paths"))]
        found += _folder(("knowledge", i, "embedding_model"), source.get("embedding_model"))
    for i, tool in items(data, "tools"):
        found += _tool_paths(i, tool)
    found += [(("skills", n), text) for n, text in texts(data.get("skills"))]
    for i, test in items(data, "tests"):
        found += [(("tests", i, "files", n), text) for n, text in texts(test.get("files"))]
    return found


def _tool_paths(i: int, tool: dict[str, Any]) -> list[tuple[KeyPath, str]]:
    found = _folder(("tools", i, "model"), tool.get("model"))
    return found + [(("tools", i, key), text) for key, text in tool_class(tool).files_in(tool)]


SPEC_PATH = re.compile(r"[/\\]|\.ya?ml$")  # else it is an id of the library
FUNCTION = re.compile(r"[^\0]+\.py:[A-Za-z_][A-Za-z0-9_]*")


def is_url(text: str) -> bool:
    """Say whether a text is a web address (or becomes one from the environment) rather than a path."""
    return bool(re.match(r"https?://|\$\{env:", text))


def _folder(path: KeyPath, value: Any) -> list[tuple[KeyPath, str]]:
    """A model given as a folder: `./weights`, `../weights`, `/weights` or `~/weights`; anything else is a name."""
    return [(path, value)] if isinstance(value, str) and re.match(r"\.{1,2}[/\\]|/|~", value) else []


def check_files(data: dict[str, Any], base_dir: Path | None) -> Iterator[Problem]:
    for i, tool in items(data, "tools"):
        for found in tool_class(tool).problems_in(tool):
            yield replace(found, path=("tools", i, *found.path))
    for path, text in path_values(data):
        if base_dir is None:
            message = f"the path {show(text)} has no folder to start from"
            yield Problem(path, "no_base_dir", message, "give base_dir= with a spec that is not a file")
            continue
        problem = _file(path, text, base_dir)
        if problem:
            yield problem


def _file(path: KeyPath, text: str, base_dir: Path) -> Problem | None:
    pattern = path[0] == "knowledge" and "paths" in path
    try:
        if is_outside(base_dir, text):
            hint = "move it beside the spec, or run with --trust"
            return Problem(path, "trust_required", f"{show(text)} leaves the assistant's folder", hint, "warning")
        found = bool(expand(base_dir, [text])) if pattern else resolve(base_dir, text).exists()
    except NotReadyError:  # a link below a pattern leads outside
        hint = "move its target beside the spec, or run with --trust"
        return Problem(path, "trust_required", f"{show(text)} leads outside the assistant's folder", hint, "warning")
    except (UsageError, OSError, ValueError) as error:
        return Problem(path, "bad_path", f"the path {show(text)} cannot be used", str(error)[:120])
    if found:
        return None
    if pattern:
        return Problem(
            path, "no_match", f"no file matches {show(text)}", f"paths start at {base_dir.name or base_dir}/"
        )
    return Problem(path, "no_file", f"there is no {show(text)}", f"paths start at {base_dir.name or base_dir}/")


def sources_escape(path: KeyPath, text: str, base_dir: Path) -> bool:
    """Say whether a pattern inside the folder matches a link that leads out of it."""
    if path[0] != "knowledge" or "paths" not in path:
        return False
    try:
        expand(base_dir, [text])
    except NotReadyError:
        return True
    except (UsageError, OSError, ValueError):
        return False  # reported by the checks
    return False


def sources(data: dict[str, Any], base_dir: Path | None) -> set[str]:
    """Return the names by which a citation may be expected: file names and paths, URLs, knowledge names."""
    found: set[str] = set()
    for _, source in items(data, "knowledge"):
        found |= {text for _, text in texts(source.get("urls"))}
        found |= {str(source["name"])} if isinstance(source.get("name"), str) else set()
        for _, text in texts(source.get("paths")):
            try:
                files = expand(base_dir, [text]) if base_dir else []
            except (NotReadyError, UsageError, OSError, ValueError):
                found.add(Path(text).name)  # already reported as a path; its name may still be cited
                continue
            if not files:
                found.add(Path(text).name)
            for file in files:
                found.add(file.name)
                if base_dir and file.is_relative_to(base_dir.resolve()):
                    found.add(file.relative_to(base_dir.resolve()).as_posix())
    return found
