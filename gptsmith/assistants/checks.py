"""The rules of a spec that no single field can tell: names, variables, files, tests; checked on the raw data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gptsmith.assistants import paths, variables
from gptsmith.assistants.problems import KeyPath, Problem
from gptsmith.assistants.rivals import nearest
from gptsmith.assistants.wording import listed, shown
from gptsmith.errors import NotReadyError, UsageError

ENV_FIELDS = ("url", "server", "headers", "command", "env")


def check_data(data: dict[str, Any], base_dir: Path | None) -> list[Problem]:
    """Return every problem of a spec's data beyond the types of its fields; wrong types are passed over here."""
    return [
        *_instructions(data),
        *_model(data),
        *_names(data),
        *_variables(data),
        *_environment(data),
        *_files(data, base_dir),
        *_tests(data, base_dir),
    ]


def undeclared(text: str, declared: set[str], path: KeyPath) -> Iterator[Problem]:
    """Yield one problem for each `{{name}}` of `text` that is not among `declared`, and a warning for `{{ name }}`."""
    for name in variables.names(text):
        if name in declared:
            continue
        guess = nearest(name, sorted(declared))
        hint = f"did you mean {{{{{guess}}}}}?" if guess else f"declare it under variables, or write {{{{{{{{{name}}}}}"
        message = f"{{{{{shown(name)[1:-1]}}}}} is not declared"
        yield Problem(path, "undeclared_variable", message, hint, needle=f"{{{{{name}}}}}")
    for written, name in dict.fromkeys((m.group(0), m.group(1)) for m in _SPACED.finditer(text)):
        if name in declared:
            message = f"{shown(written)} is plain text, not a variable"
            yield Problem(path, "plain_braces", message, f"write {{{{{name}}}}}", "warning", needle=written)


_SPACED = re.compile(r"(?<!\{)\{\{(?= | ?[a-z0-9_]+ ) {0,3}([a-z][a-z0-9_]*) {0,3}\}\}")


def items(data: dict[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of the list `key` with their positions; anything else is passed over."""
    value = data.get(key)
    return [(i, item) for i, item in enumerate(value) if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[tuple[int, str]]:
    """Return the texts of a list with their positions; anything else is passed over."""
    return [(i, item) for i, item in enumerate(value) if isinstance(item, str)] if isinstance(value, list) else []


def _instructions(data: dict[str, Any]) -> Iterator[Problem]:
    both = "instructions" in data and "instructions_file" in data
    if both:
        hint = "keep one of instructions and instructions_file"
        yield Problem(("instructions_file",), "two_instructions", "instructions stand here twice", hint, at_key=True)
    elif data.get("instructions") is None and data.get("instructions_file") is None:
        present = "instructions" if "instructions" in data else "instructions_file"
        if present in data:
            yield Problem((present,), "missing", "expected text, got nothing", "write what the assistant should do")
        else:
            yield Problem(
                ("instructions",), "missing", "missing", "write instructions, or instructions_file", at_key=True
            )


def _model(data: dict[str, Any]) -> Iterator[Problem]:
    model = data.get("model")
    fallback = model.get("fallback") if isinstance(model, dict) else None
    if isinstance(model, dict) and not model.get("provider") and model.keys() & {"name", "base_url", "api_key"}:
        yield Problem(("model", "provider"), "missing", "missing", "add provider: …", at_key=True)
    candidates: list[tuple[KeyPath, str]] = [(("model", "fallback", i), text) for i, text in texts(fallback)]
    if isinstance(model, str):
        candidates.append((("model",), model))
    for path, text in candidates:
        provider, colon, name = text.partition(":")
        if text != "embedded" and not (provider.strip() and colon and name.strip()):
            guess = _provider(text)
            hint = f"try {guess}:{text}" if guess else "e.g. openai:gpt-4o-mini, ollama:qwen3:8b or embedded"
            yield Problem(path, "bad_model", f"expected provider:name, got {shown(text)}", hint)


def _provider(name: str) -> str:
    starts = {"gpt-": "openai", "o1": "openai", "o3": "openai", "o4": "openai", "claude": "anthropic"}
    starts |= {"gemini": "google_genai", "llama": "ollama", "qwen": "ollama", "mistral": "ollama", "gemma": "ollama"}
    return (
        next((provider for start, provider in starts.items() if name.startswith(start)), "") if len(name) < 60 else ""
    )


def _names(data: dict[str, Any]) -> Iterator[Problem]:
    sources: dict[str, int] = {}
    taken: dict[str, str] = {}
    for i, source in items(data, "knowledge"):
        name = source.get("name")
        if not isinstance(name, str):
            continue
        if name in sources:
            message = f"duplicate knowledge name {shown(name)}; knowledge[{sources[name]}] has it already"
            yield Problem(("knowledge", i, "name"), "duplicate_name", message, f"try {_next_free(name, sources)}")
        sources.setdefault(name, i)
        if source.get("mode") == "tool":
            taken.setdefault(f"search_{name}", f"the search of knowledge[{i}]")
    for i, tool in items(data, "tools"):
        name = tool_name(tool)
        if name and name in taken:
            path: KeyPath = ("tools", i, "name") if tool.get("name") else ("tools", i)
            message = f"duplicate tool name {shown(name)}; {taken[name]} has it already"
            yield Problem(path, "duplicate_name", message, f"add name: {_next_free(name, taken)}")
        if name:
            taken.setdefault(name, f"tools[{i}]")


def tool_name(tool: dict[str, Any]) -> str:
    """Return the name by which the model calls a tool: its `name`, else its `type`."""
    name = tool.get("name") or tool.get("type")
    return name if isinstance(name, str) else ""


def _next_free(name: str, taken: dict[str, Any]) -> str:
    return next(f"{name[:50]}_{n}" for n in range(2, len(taken) + 3) if f"{name[:50]}_{n}" not in taken)


def _variables(data: dict[str, Any]) -> Iterator[Problem]:
    table = data.get("variables")
    declared = {name for name in table if isinstance(name, str)} if isinstance(table, dict) else set()
    for name in ("instructions", "welcome_message"):
        if isinstance(data.get(name), str):
            yield from undeclared(data[name], declared, (name,))
    for i, text in texts(data.get("conversation_starters")):
        yield from undeclared(text, declared, ("conversation_starters", i))
    for i, starter in items(data, "conversation_starters"):
        for name in ("title", "text"):
            if isinstance(starter.get(name), str):
                yield from undeclared(starter[name], declared, ("conversation_starters", i, name))
    for name, variable in (table or {}).items() if isinstance(table, dict) else ():
        if not isinstance(variable, dict) or not isinstance(variable.get("choices"), list):
            continue
        choices, default = variable["choices"], variable.get("default")
        if choices and isinstance(default, str) and default not in choices:
            message = f"expected one of {listed([shown(c) for c in choices], 10)}, got {shown(default)}"
            yield Problem(("variables", name, "default"), "bad_value", message, "add it to choices")


def _environment(data: dict[str, Any]) -> Iterator[Problem]:
    for path, value in env_values(data):
        for name in variables.unset(value):
            message = f"the environment variable {name} is not set"
            hint = f"set it before running, or write ${{env:{name}:-default}}"
            yield Problem(path, "missing_variable", message, hint, "warning", needle=f"${{env:{name}}}")
    for path in _misplaced(data, ()):
        message = "${env:…} is plain text here"
        hint = "it is replaced only in model.base_url, model.api_key and url, server, headers, command, env of tools"
        yield Problem(path, "plain_env", message, hint, "warning")


def env_values(data: dict[str, Any]) -> list[tuple[KeyPath, Any]]:
    """Return the values in which `${env:…}` is replaced, with their paths."""
    found: list[tuple[KeyPath, Any]] = []
    model = data.get("model")
    if isinstance(model, dict):
        found += [(("model", key), model[key]) for key in ("base_url", "api_key") if key in model]
    for i, tool in items(data, "tools"):
        found += [(("tools", i, key), tool[key]) for key in ENV_FIELDS if key in tool]
    return [leaf for path, value in found for leaf in _leaves(path, value)]


def _leaves(path: KeyPath, value: Any) -> list[tuple[KeyPath, Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves((*path, key), item)]
    if isinstance(value, list):
        return [leaf for i, item in enumerate(value) for leaf in _leaves((*path, i), item)]
    return [(path, value)]


def _misplaced(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    """Yield where a whole value is `${env:…}` although nothing replaces it there."""
    for leaf, text in _leaves(path, value):
        allowed = leaf[:1] == ("model",) and leaf[1:2] in (("base_url",), ("api_key",))
        allowed = allowed or (leaf[:1] == ("tools",) and len(leaf) > 2 and leaf[2] in ENV_FIELDS)
        if not allowed and isinstance(text, str) and re.fullmatch(r"\$\{env:[^}]*\}", text):
            yield leaf


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
    for i, test in items(data, "tests"):
        found += [(("tests", i, "files", n), text) for n, text in texts(test.get("files"))]
    return found


def _tool_paths(i: int, tool: dict[str, Any]) -> list[tuple[KeyPath, str]]:
    found = _folder(("tools", i, "model"), tool.get("model"))
    schema, ref = tool.get("schema"), tool.get("ref")
    if tool.get("type") == "openapi" and isinstance(schema, str) and not is_url(schema):
        found.append((("tools", i, "schema"), schema))
    if tool.get("type") == "python" and isinstance(ref, str) and _REF.fullmatch(ref):
        found.append((("tools", i, "ref"), ref.rpartition(":")[0]))
    return found


_REF = re.compile(r"[^\0]+\.py:[A-Za-z_][A-Za-z0-9_]*")


def is_url(text: str) -> bool:
    """Say whether a text is a web address (or becomes one from the environment) rather than a path."""
    return bool(re.match(r"https?://|\$\{env:", text))


def _folder(path: KeyPath, value: Any) -> list[tuple[KeyPath, str]]:
    """A model given as a folder: `./weights`, `../weights`, `/weights` or `~/weights`; anything else is a name."""
    return [(path, value)] if isinstance(value, str) and re.match(r"\.{1,2}[/\\]|/|~", value) else []


def _files(data: dict[str, Any], base_dir: Path | None) -> Iterator[Problem]:
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


def _tests(data: dict[str, Any], base_dir: Path | None) -> Iterator[Problem]:
    tools = {tool_name(tool) for _, tool in items(data, "tools")}
    tools |= {f"search_{source.get('name')}" for _, source in items(data, "knowledge")}
    names: dict[str, int] = {}
    for i, test in items(data, "tests"):
        name = test.get("name")
        if isinstance(name, str):
            if name in names:
                message = f"duplicate test name {shown(name)}; tests[{names[name]}] has it already"
                yield Problem(("tests", i, "name"), "duplicate_name", message, "rename one", "warning")
            names.setdefault(name, i)
        expect = test.get("expect")
        if not isinstance(expect, dict):
            continue
        if not any(value not in (None, [], "") for value in expect.values()):
            hint = "say what the reply must contain, cite or call"
            yield Problem(("tests", i, "expect"), "empty_test", "this test expects nothing", hint, "warning")
        yield from _expected(("tests", i, "expect"), expect, tools, data, base_dir)


def _expected(
    path: KeyPath, expect: dict[str, Any], tools: set[str], data: dict[str, Any], base_dir: Path | None
) -> Iterator[Problem]:
    matches = expect.get("matches")
    if isinstance(matches, str):
        try:
            re.compile(matches)
        except (re.error, OverflowError, RecursionError) as error:
            message = f"not a regular expression ({str(error)[:80]})"
            yield Problem((*path, "matches"), "bad_regex", message, "escape special characters with a backslash")
    for key in ("calls", "not_calls"):
        for n, name in texts(expect.get(key)):
            if name not in tools:
                known = f"its tools: {listed(sorted(tools))}" if tools else "it has no tools"
                guess = nearest(name, sorted(tools))
                hint = f"did you mean {guess}? {known}" if guess else known
                yield Problem((*path, key, n), "unknown_tool", f"no tool is named {shown(name)}", hint, "warning")
    known_sources = sources(data, base_dir) if expect.get("cites") else set()
    for n, name in texts(expect.get("cites")):
        if name not in known_sources:
            hint = (
                f"did you mean {nearest(name, sorted(known_sources))}?" if nearest(name, sorted(known_sources)) else ""
            )
            message = f"no knowledge source is called {shown(name)}"
            yield Problem((*path, "cites", n), "unknown_source", message, hint, "warning")


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
