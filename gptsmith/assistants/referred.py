"""The specs that a spec names as its helpers (`tools: [{type: assistant, ref: …}]`), and theirs in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gptsmith.assistants import paths
from gptsmith.assistants.library import find_library
from gptsmith.assistants.loader import Loaded, load_file
from gptsmith.assistants.named_files import SPEC_PATH
from gptsmith.assistants.raw import items
from gptsmith.errors import GptsmithError, NotReadyError

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
    return [
        (i, tool["ref"])
        for i, tool in items(data, "tools")
        if tool.get("type") == "assistant" and isinstance(tool.get("ref"), str) and tool["ref"]
    ]
