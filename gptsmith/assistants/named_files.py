"""The files that a spec names: where they stand in its data, and whether they are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gptsmith.assistants import paths
from gptsmith.assistants.faults import KeyPath
from gptsmith.assistants.problems import Problem
from gptsmith.assistants.raw import items, texts
from gptsmith.assistants.wording import shown
from gptsmith.errors import NotReadyError, UsageError


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
    schema, ref = tool.get("schema"), tool.get("ref")
    if tool.get("type") == "openapi" and isinstance(schema, str) and not is_url(schema):
        found.append((("tools", i, "schema"), schema))
    if tool.get("type") == "assistant" and isinstance(ref, str) and SPEC_PATH.search(ref):
        found.append((("tools", i, "ref"), ref))
    if tool.get("type") == "python" and isinstance(ref, str) and _REF.fullmatch(ref):
        found.append((("tools", i, "ref"), ref.rpartition(":")[0]))
    return found


SPEC_PATH = re.compile(r"[/\\]|\.ya?ml$")  # else it is an id of the library
_REF = re.compile(r"[^\0]+\.py:[A-Za-z_][A-Za-z0-9_]*")


def is_url(text: str) -> bool:
    """Say whether a text is a web address (or becomes one from the environment) rather than a path."""
    return bool(re.match(r"https?://|\$\{env:", text))


def _folder(path: KeyPath, value: Any) -> list[tuple[KeyPath, str]]:
    """A model given as a folder: `./weights`, `../weights`, `/weights` or `~/weights`; anything else is a name."""
    return [(path, value)] if isinstance(value, str) and re.match(r"\.{1,2}[/\\]|/|~", value) else []


def check_files(data: dict[str, Any], base_dir: Path | None) -> Iterator[Problem]:
    for i, tool in items(data, "tools"):
        ref = tool.get("ref")
        if tool.get("type") == "python" and isinstance(ref, str) and not _REF.fullmatch(ref):
            message = f"expected file.py:function, got {shown(ref)}"
            yield Problem(("tools", i, "ref"), "bad_ref", message, 'e.g. "./tools.py:price"')
    for path, text in path_values(data):
        if base_dir is None:
            message = f"the path {shown(text)} has no folder to start from"
            yield Problem(path, "no_base_dir", message, "give base_dir= with a spec that is not a file")
            continue
        problem = _file(path, text, base_dir)
        if problem:
            yield problem


def _file(path: KeyPath, text: str, base_dir: Path) -> Problem | None:
    pattern = path[0] == "knowledge" and "paths" in path
    try:
        if paths.is_outside(base_dir, text):
            hint = "move it beside the spec, or run with --trust"
            return Problem(path, "trust_required", f"{shown(text)} leaves the assistant's folder", hint, "warning")
        found = bool(paths.expand(base_dir, [text])) if pattern else paths.resolve(base_dir, text).exists()
    except NotReadyError:  # a link below a pattern leads outside
        hint = "move its target beside the spec, or run with --trust"
        return Problem(path, "trust_required", f"{shown(text)} leads outside the assistant's folder", hint, "warning")
    except (UsageError, OSError, ValueError) as error:
        return Problem(path, "bad_path", f"the path {shown(text)} cannot be used", str(error)[:120])
    if found:
        return None
    if pattern:
        return Problem(
            path, "no_match", f"no file matches {shown(text)}", f"paths start at {base_dir.name or base_dir}/"
        )
    return Problem(path, "no_file", f"there is no {shown(text)}", f"paths start at {base_dir.name or base_dir}/")


def sources_escape(path: KeyPath, text: str, base_dir: Path) -> bool:
    """Say whether a pattern inside the folder matches a link that leads out of it."""
    if path[0] != "knowledge" or "paths" not in path:
        return False
    try:
        paths.expand(base_dir, [text])
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
                files = paths.expand(base_dir, [text]) if base_dir else []
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
