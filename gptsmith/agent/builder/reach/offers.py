"""What the tools of a spec offer when they are asked, and one call of one of them, without a model or a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gptsmith.assistants.files.trust import TrustNeed, require_trust, trust_needs
from gptsmith.assistants.format.loader import Loaded
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.tools import ToolContext, make_tools

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from gptsmith.tools import Toolset


@dataclass(frozen=True)
class Offer:
    """What one entry of a spec offers: `calls` by name with what each is for; `why` says why there are none.

    `harmless` are the calls that only read and need no arguments.
    """

    entry: str
    kind: str
    calls: dict[str, str] = field(default_factory=dict)
    harmless: list[str] = field(default_factory=list)
    why: str = ""


def contacted(loaded: Loaded) -> list[TrustNeed]:
    """Return what listing the offers would start or reach; documents beside the spec are only read."""
    return [need for need in trust_needs(loaded) if need.kind in ("command", "host")]


def list_offers(loaded: Loaded, *, trust: bool = False) -> list[Offer]:
    """Return what every tool of the spec offers now; servers are started or reached for it, no tool is called.

    A server that a command starts is started only with `trust`; without, the offer says so.
    """
    found: list[Offer] = []
    with _made(loaded, trust) as made:
        for (entry, kind), tools in made.items():
            try:
                offered = tools.tools()
            except GptsmithError as error:  # as in a turn: one that is away leaves the others
                found.append(Offer(entry, kind, why=str(error)))
                continue
            about = [tool.metadata or {} for tool in offered]
            lacking = next((str(one["unavailable"]) for one in about if "unavailable" in one), "")
            calls = {} if lacking else {tool.name: tool.description.split("\n")[0] for tool in offered}
            harmless = [tool.name for tool in offered if not lacking and _is_harmless(tool)]
            found.append(Offer(entry, kind, calls, harmless, lacking))
    return found


def try_call(
    loaded: Loaded,
    name: str,
    arguments: dict[str, Any],
    *,
    trust: bool = False,
    show: Callable[[str, dict[str, Any]], None] | None = None,
) -> str:
    """Call one tool and return what a model would be told; `show` is given what it shows meanwhile.

    Raises:
        UsageError: there is no such tool.
        NotReadyError: trust or the tool's surroundings are missing.
        ToolError: the call failed.
    """
    require_trust(loaded, trust)
    with _made(loaded, trust, show) as made:
        offered = [tool for tools in made.values() for tool in tools.tools()]
        tool = next((one for one in offered if one.name == name), None)
        if tool is None:
            hint = f"there is {', '.join(one.name for one in offered)[:300]}" if offered else "it has no tools"
            raise UsageError(f"there is no tool {name[:80]}", hint=hint)
        return str(tool.invoke(arguments))


@contextmanager
def _made(
    loaded: Loaded, trust: bool, show: Callable[[str, dict[str, Any]], None] | None = None
) -> Iterator[dict[tuple[str, str], Toolset]]:
    with TemporaryDirectory(prefix="gptsmith-tools-") as folder:
        base = loaded.base_dir or Path.cwd()
        context = ToolContext(base, Path(folder), trust, spec=loaded.path)
        context = replace(context, emit=show) if show else context
        made = {(spec.name, spec.type): make_tools(spec, context) for spec in loaded.spec.tools}
        try:
            yield made
        finally:
            for one in made.values():
                one.close()


def _is_harmless(tool: BaseTool) -> bool:
    """Say whether a call only reads, as the document or the server says, and needs nothing to be made up."""
    schema = tool.args_schema if isinstance(tool.args_schema, dict) else {}
    return bool((tool.metadata or {}).get("reads")) and not schema.get("required")
