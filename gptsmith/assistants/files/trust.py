"""The trust facts of a spec: what it and the specs that help it would run, reach or read, for a person to accept."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from gptsmith.assistants.files.library import find_library
from gptsmith.assistants.format import paths, variables
from gptsmith.assistants.format.checks import env_values
from gptsmith.assistants.format.loader import Loaded, load_file
from gptsmith.assistants.format.paths import FUNCTION, SPEC_PATH, path_values, sources_escape
from gptsmith.assistants.format.problems import KeyPath, items
from gptsmith.assistants.format.reader import dotted
from gptsmith.assistants.format.spec import tool_class
from gptsmith.errors import GptsmithError, NotReadyError

# The specs that a spec names as its helpers (`tools: [{type: assistant, ref: …}]`), and theirs in turn.

DEEPEST = 4
"""How many assistants may call each other in a row, the first one included."""


def find(ref: str, base_dir: Path, *, trust: bool = False) -> Path:
    """Return the spec file that `ref` names, seen from a spec in `base_dir`.

    Raises:
        UsageError: there is none.
        NotReadyError: its path leaves the folder and `trust` is not given.
    """
    return paths.resolve(base_dir, ref, trust) if SPEC_PATH.search(ref) else find_library(base_dir).find(ref).resolve()


def check_chain(path: Path, above: Path | None, *, trust: bool = False) -> None:
    """Refuse a helper that leads back to an assistant which called it (`above` first), or too deep.

    Raises:
        NotReadyError: it names the chain.
        SpecError, UsageError: a spec of the chain is wrong or missing.
    """
    _walk(path, (above.resolve(),) if above else (), trust)


def _walk(path: Path, above: tuple[Path, ...], trust: bool) -> None:
    names = " -> ".join(p.name.removesuffix(".assistant.yaml") for p in (*above, path))
    if path in above:
        raise NotReadyError(f"its helpers call each other in a circle ({names})", code="cycle", hint="break the circle")
    if len(above) >= DEEPEST:
        raise NotReadyError(
            f"its helpers go too deep ({names})", code="cycle", hint=f"at most {DEEPEST} assistants in a row"
        )
    for ref in refs(load_file(path)):
        _walk(find(ref, path.parent, trust=trust), (*above, path), trust)


def refs(loaded: Loaded) -> list[str]:
    """Return what the spec's `assistant` tools name."""
    data = loaded.document.data if isinstance(loaded.document.data, dict) else {}
    return [ref for _, ref in _named(data)]


def helpers(loaded: Loaded, seen: frozenset[Path] = frozenset()) -> Iterator[tuple[int, Loaded]]:
    """Yield each helper of a spec with the index of the tool that names it; those that cannot be read are left out."""
    data = loaded.document.data if isinstance(loaded.document.data, dict) else {}
    for i, ref in _named(data):
        try:
            path = find(ref, loaded.base_dir or Path.cwd(), trust=True)
            if path not in seen:
                yield i, load_file(path)
        except (GptsmithError, OSError):  # said when the tool is made
            continue


def _named(data: dict[str, Any]) -> list[tuple[int, str]]:
    named = [(i, tool.get(tool_class(tool).FACTS.asks)) for i, tool in items(data, "tools")]
    return [(i, ref) for i, ref in named if isinstance(ref, str) and ref]


Kind = Literal["code", "command", "path", "host", "variable"]


@dataclass(frozen=True)
class TrustNeed:
    """One thing that a spec asks for: `name` is what a person reads, `path` its place in the spec.

    `code`, `command` and `path` need trust from the caller; a `host` or `variable` is accepted once, by its name.
    """

    kind: Kind
    name: str
    path: str


def trust_needs(loaded: Loaded) -> list[TrustNeed]:
    """Return everything of `loaded` that needs trust or acceptance, in the order of the kinds, each once."""
    found = _needs(loaded, frozenset())
    return list({(need.kind, need.name): need for need in reversed(found)}.values())[::-1]


def _needs(loaded: Loaded, above: frozenset[Path]) -> list[TrustNeed]:
    """Return what a spec needs, and what the assistants need that it asks, with the places of the tools that do."""
    data = loaded.document.data if isinstance(loaded.document.data, dict) else {}
    found = [*_code(data), *_commands(data), *_outside(data, loaded), *_hosts(data, loaded), *_variables(data)]
    for i, inner in helpers(loaded, above):
        below = above | {inner.path.resolve()} if inner.path else above
        for need in _needs(inner, below):
            name = _from(loaded, inner, need.name) if need.kind == "code" else need.name
            found.append(TrustNeed(need.kind, name, dotted(("tools", i, "ref"))))
    order: list[Kind] = ["code", "command", "path", "host", "variable"]
    return sorted(found, key=lambda need: order.index(need.kind))


def _from(outer: Loaded, inner: Loaded, ref: str) -> str:
    """Return the `file.py:function` of a helper as it is seen from the folder of the spec that asks it."""
    if outer.base_dir is None or inner.base_dir is None or not FUNCTION.fullmatch(ref):
        return ref
    return os.path.relpath(inner.base_dir.resolve() / ref, outer.base_dir.resolve())


def require_trust(loaded: Loaded, trust: bool) -> None:
    """Raise NotReadyError (`trust_required`) when the spec needs trust that the caller does not give."""
    needs = [need for need in trust_needs(loaded) if need.kind in ("code", "command", "path")]
    if needs and not trust:
        what = "; ".join(f"{_PHRASE[need.kind]} {need.name}" for need in needs[:5])
        more = f" and {len(needs) - 5} more" if len(needs) > 5 else ""
        raise NotReadyError(
            f"this assistant wants to {what}{more}",
            code="trust_required",
            hint="read it, then run with --trust (trust=True in Python)",
        )


def code_digest(file: Path) -> str:
    """Return a digest of a file of code and of the Python beside and below it, which it may import; as it is now."""
    digest = hashlib.sha256()
    for path in dict.fromkeys([file, *islice(_python_below(file.parent), _MOST_CODE)]):
        with contextlib.suppress(OSError):
            digest.update(str(path.relative_to(file.parent)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _python_below(folder: Path) -> Iterator[Path]:
    for place, folders, names in islice(os.walk(folder), _MOST_CODE):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NOT_CODE)
        yield from (Path(place, name) for name in sorted(names) if name.endswith(".py"))


_MOST_CODE = 300  # files, and folders
_NOT_CODE = ("site-packages", "node_modules", "__pycache__")
_PHRASE = {"code": "run the code of", "command": "start", "path": "read outside its folder:"}


def _code(data: dict[str, Any]) -> list[TrustNeed]:
    return [
        TrustNeed("code", what, dotted(("tools", i, key)))
        for i, tool in items(data, "tools")
        for key, what in tool_class(tool).code_in(tool)
    ]


def _commands(data: dict[str, Any]) -> list[TrustNeed]:
    return [
        TrustNeed("command", " ".join(map(str, tool["command"])), dotted(("tools", i, "command")))
        for i, tool in items(data, "tools")
        if isinstance(tool.get("command"), list) and tool["command"]
    ]


def _outside(data: dict[str, Any], loaded: Loaded) -> list[TrustNeed]:
    if loaded.base_dir is None:
        return []
    base = loaded.base_dir
    return [
        TrustNeed("path", text, dotted(path))
        for path, text in path_values(data)
        if paths.is_outside(base, text) or sources_escape(path, text, base)
    ]


def _hosts(data: dict[str, Any], loaded: Loaded) -> list[TrustNeed]:
    candidates: list[tuple[KeyPath, Any]] = []
    model = data.get("model")
    if isinstance(model, dict):
        candidates.append((("model", "base_url"), model.get("base_url")))
    for i, tool in items(data, "tools"):
        candidates += [(("tools", i, key), url) for key, url in tool_class(tool).addresses_in(tool, loaded.base_dir)]
    return [
        TrustNeed("host", _host(value), dotted(path)) for path, value in candidates if isinstance(value, str) and value
    ]


def _host(url: str) -> str:
    """Return host and port of an address; one that an unset variable hides is shown as it is written."""
    if variables.unset(url):
        return url[:200]
    try:
        return urlsplit(str(variables.expand_env(url))).netloc.rpartition("@")[2] or url[:200]
    except ValueError:
        return url[:200]


def _variables(data: dict[str, Any]) -> list[TrustNeed]:
    return [
        TrustNeed("variable", name, dotted(path))
        for path, value in env_values(data)
        for name in variables.env_names(value)
    ]
