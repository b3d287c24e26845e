"""The rules of a spec that no single field can tell: names, variables, files, tests; checked on the raw data."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gptsmith.assistants.format import variables
from gptsmith.assistants.format.known_names import nearest
from gptsmith.assistants.format.paths import check_files, sources
from gptsmith.assistants.format.problems import KeyPath, Problem, items, list_names, show, texts
from gptsmith.assistants.format.providers import PROVIDERS, is_provider, meant_provider, provider_of
from gptsmith.assistants.format.spec import tool_class
from gptsmith.assistants.format.variables import is_signed_in

ENV_FIELDS = ("url", "server", "headers", "command", "env", "search")


def check_data(data: dict[str, Any], base_dir: Path | None) -> list[Problem]:
    """Return every problem of a spec's data beyond the types of its fields; wrong types are passed over here."""
    return [
        *_instructions(data),
        *_model(data),
        *_addresses(data),
        *_names(data),
        *_variables(data),
        *_environment(data),
        *check_files(data, base_dir),
        *_tests(data, base_dir),
    ]


def undeclared(text: str, declared: set[str], path: KeyPath) -> Iterator[Problem]:
    """Yield one problem for each `{{name}}` of `text` that is not among `declared`, and a warning for `{{ name }}`."""
    for name in variables.variable_names(text):
        if name in declared:
            continue
        guess = nearest(name, sorted(declared))
        hint = f"did you mean {{{{{guess}}}}}?" if guess else f"declare it under variables, or write {{{{{{{{{name}}}}}"
        message = f"{{{{{show(name)[1:-1]}}}}} is not declared"
        yield Problem(path, "undeclared_variable", message, hint, needle=f"{{{{{name}}}}}")
    for written, name in dict.fromkeys((m.group(0), m.group(1)) for m in _SPACED.finditer(text)):
        if name in declared:
            message = f"{show(written)} is plain text, not a variable"
            yield Problem(path, "plain_braces", message, f"write {{{{{name}}}}}", "warning", needle=written)


_SPACED = re.compile(r"(?<!\{)\{\{(?= | ?[a-z0-9_]+ ) {0,3}([a-z][a-z0-9_]*) {0,3}\}\}")


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
            guess = provider_of(text)
            hint = f"try {guess}:{text}" if guess else "e.g. openai:gpt-4o-mini, ollama:qwen3:8b or embedded"
            yield Problem(path, "bad_model", f"expected provider:name, got {show(text)}", hint)
        else:
            yield from _provider(path, provider, name)
    if isinstance(model, dict) and isinstance(given := model.get("provider"), str) and given:
        yield from _provider(("model", "provider"), given)
    for i, tool in items(data, "tools"):
        upsampling = tool.get("caption_upsampling")
        wanted = upsampling.get("model") if isinstance(upsampling, dict) else None
        if isinstance(wanted, str) and ":" in wanted:
            provider, _, name = wanted.partition(":")
            yield from _provider(("tools", i, "caption_upsampling", "model"), provider, name)


def _provider(path: KeyPath, provider: str, name: str = "") -> Iterator[Problem]:
    if is_provider(provider):
        return
    guess = meant_provider(provider)
    if not guess:
        hint = f"use one of {list_names(list(PROVIDERS), 40)}"
    elif guess == "openai" and provider.lower() in ("http", "https"):
        hint = "write {provider: openai, name: …, base_url: …}"
    else:
        whole = f"{guess}:{name.strip(_QUOTES)}" if name else guess
        hint = f"did you mean {whole}?" if len(whole) <= 100 else f"did you mean {guess}?"
    yield Problem(path, "unknown_provider", f"no model provider is called {show(provider)}", hint)


_QUOTES = " \t\"'“”„‟«»‘’‚`"


def _addresses(data: dict[str, Any]) -> Iterator[Problem]:
    for i, source in items(data, "knowledge"):
        for n, url in texts(source.get("urls")):
            if is_signed_in(url):
                message = "the address holds a user or a password (not shown)"
                hint = "take out what stands before the @; save a page that asks for a password as a file"
                yield Problem(("knowledge", i, "urls", n), "secret_in_file", message, hint)


def _names(data: dict[str, Any]) -> Iterator[Problem]:
    sources: dict[str, int] = {}
    taken: dict[str, str] = {}
    for i, source in items(data, "knowledge"):
        name = source.get("name")
        if not isinstance(name, str):
            continue
        if name in sources:
            message = f"duplicate knowledge name {show(name)}; knowledge[{sources[name]}] has it already"
            yield Problem(("knowledge", i, "name"), "duplicate_name", message, f"try {_next_free(name, sources)}")
        sources.setdefault(name, i)
        if source.get("mode") == "tool":
            taken.setdefault(f"search_{name}", f"the search of knowledge[{i}]")
    for i, tool in items(data, "tools"):
        name = tool_name(tool)
        if name and name in taken:
            path: KeyPath = ("tools", i, "name") if tool.get("name") else ("tools", i)
            message = f"duplicate tool name {show(name)}; {taken[name]} has it already"
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
            message = f"expected one of {list_names([show(c) for c in choices], 10)}, got {show(default)}"
            yield Problem(("variables", name, "default"), "bad_value", message, "add it to choices")


def _environment(data: dict[str, Any]) -> Iterator[Problem]:
    for path, value in env_values(data):
        for name in variables.unset(value):
            message = f"the environment variable {name} is not set"
            hint = f"set it before running, or write ${{env:{name}:-default}}"
            yield Problem(path, "missing_variable", message, hint, "warning", needle=f"${{env:{name}}}")
    for path in _misplaced(data, ()):
        message = "${env:…} is plain text here"
        fields = f"{', '.join(ENV_FIELDS)} of tools"
        hint = f"it is replaced only in model.base_url, model.api_key and {fields}"
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


def _tests(data: dict[str, Any], base_dir: Path | None) -> Iterator[Problem]:
    tools = {tool_name(tool) for _, tool in items(data, "tools")}
    tools |= {f"search_{source.get('name')}" for _, source in items(data, "knowledge")}
    names: dict[str, int] = {}
    for i, test in items(data, "tests"):
        name = test.get("name")
        if isinstance(name, str):
            if name in names:
                message = f"duplicate test name {show(name)}; tests[{names[name]}] has it already"
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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what may change meaning in a later Python still compiles
                re.compile(matches)
        except (re.error, OverflowError, RecursionError) as error:
            message = f"not a regular expression ({str(error)[:80]})"
            yield Problem((*path, "matches"), "bad_regex", message, "escape special characters with a backslash")
    many = tuple(f"{tool_name(tool)}_" for _, tool in items(data, "tools") if tool_class(tool).FACTS.several)
    for key in ("calls", "not_calls"):
        for n, name in texts(expect.get(key)):
            if name not in tools and not name.startswith(many):
                known = f"its tools: {list_names(sorted(tools))}" if tools else "it has no tools"
                guess = nearest(name, sorted(tools))
                hint = f"did you mean {guess}? {known}" if guess else known
                yield Problem((*path, key, n), "unknown_tool", f"no tool is named {show(name)}", hint, "warning")
    known_sources = sources(data, base_dir) if expect.get("cites") else set()
    for n, name in texts(expect.get("cites")):
        if name not in known_sources:
            hint = (
                f"did you mean {nearest(name, sorted(known_sources))}?" if nearest(name, sorted(known_sources)) else ""
            )
            message = f"no knowledge source is called {show(name)}"
            yield Problem((*path, "cites", n), "unknown_source", message, hint, "warning")
