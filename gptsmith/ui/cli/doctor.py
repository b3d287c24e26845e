"""The command that says whether this machine is ready: doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gptsmith.ui.cli.options import AsJson, Trust, locate
from gptsmith.ui.cli.output import document, say, table

if TYPE_CHECKING:
    from gptsmith.assistants.format.loader import Loaded
    from gptsmith.assistants.format.spec import ModelSpec

PACKAGES = ("langchain", "langgraph", "chromadb", "streamlit", "torch", "transformers", "diffusers")
FREE_MB = 500


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `fix` is empty unless something is to be done."""

    name: str
    status: Literal["ok", "note", "failed"] = "ok"
    detail: str = ""
    fix: str = ""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(doctor)


def doctor(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="Check what this assistant needs, too.", show_default=False)
    ] = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Check this machine: versions, state folder, weights, model, disk; exit code 4 when something is missing."""
    loaded = _loaded(file) if file is not None else None
    checks = list(_machine())
    checks += _guarded("model", lambda: _model(loaded))
    if loaded is not None:
        checks += _guarded("spec", lambda: _spec(loaded, trust))
    if as_json:
        document([asdict(check) for check in checks])
    else:
        table(("check", "status", "found", "what to do"), [(c.name, c.status, c.detail, c.fix) for c in checks])
    failed = [check.name for check in checks if check.status == "failed"]
    if failed:
        say(f"Not ready: {', '.join(failed)}")
        raise typer.Exit(4)


def _loaded(file: str) -> Loaded:
    from gptsmith.assistants.format.loader import load_file

    return load_file(locate(file))


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> list[Check]:
    """Return the checks of `look`; an error on the way becomes a failed check with its fix."""
    from gptsmith.errors import GptsmithError

    found = []
    try:
        for check in look():
            found.append(check)  # one by one: what was found before an error counts
    except GptsmithError as error:
        found.append(Check(name=name, status="failed", detail=error.message, fix=error.hint))
    return found


def _machine() -> Iterator[Check]:
    yield _python()
    yield from _packages()
    yield from _guarded("state folder", _state)
    yield from _guarded("sentence encoder", _weights)
    yield from _guarded("language model", _shelf)
    yield from _guarded("vector store", _chroma)


def _python() -> Check:
    import platform

    right = sys.version_info >= (3, 11)
    return Check(
        name="python",
        status="ok" if right else "failed",
        detail=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        fix="" if right else "use Python 3.11 or newer",
    )


def _packages() -> Iterator[Check]:
    from importlib.metadata import PackageNotFoundError, version

    from gptsmith import __version__

    found, missing = [f"gptsmith {__version__}"], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    yield Check(name="packages", detail=", ".join(found))
    if missing:
        fix = f"pip install {' '.join(missing)}"
        yield Check(name="missing packages", status="failed", detail=", ".join(missing), fix=fix)


def _state() -> Iterator[Check]:
    """Is the state folder writable, and is there room on its disk?"""
    import shutil

    from gptsmith.state import home

    folder = home()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(existing, os.W_OK)
    fix = "" if writable else "set GPTSMITH_HOME to a folder that you may write"
    yield Check(name="state folder", status="ok" if writable else "failed", detail=str(folder), fix=fix)
    free = shutil.disk_usage(existing).free // 2**20
    enough = free >= FREE_MB
    fix = "" if enough else f"free at least {FREE_MB} MB, or set GPTSMITH_HOME to another disk"
    yield Check(name="disk", status="ok" if enough else "failed", detail=f"{free:,} MB free", fix=fix)


def _weights() -> Iterator[Check]:
    """Load the packaged encoder, which compares its weights with the known hash."""
    from gptsmith.models.embedding import load_embedder

    embedder = load_embedder("embedded")
    embedder.encode(["ready"])
    yield Check(name="sentence encoder", detail=f"{embedder.name}, {embedder.dimensions} numbers, weights as published")


def _shelf() -> Iterator[Check]:
    """Is the default model of this machine here?"""
    from gptsmith.models.shelf import Shelf, size_words

    shelf = Shelf()
    status = shelf.status(shelf.default_name())
    here = status.state == "here"
    detail = f"{status.model.name} ({size_words(status.model.size)}) {'is here' if here else 'is not here'}"
    fix = "" if here else f"gptsmith models get {status.model.name}"
    yield Check(name="language model", status="ok" if here else "note", detail=detail, fix=fix)


def _chroma() -> Iterator[Check]:
    """Import Chroma; it is a cache, so that its absence slows searches and loses nothing."""
    try:
        import chromadb
    except ImportError as error:
        yield Check(name="vector store", status="note", detail=str(error), fix="pip install chromadb")
        return
    yield Check(name="vector store", detail=f"Chroma {chromadb.__version__}, on this machine, telemetry off")


def _model(loaded: Loaded | None) -> Iterator[Check]:
    """Which model answers, can it be made, and what leaves the machine?"""
    from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model

    chosen = choose_model(loaded.spec.model if loaded else None, None)
    host = leaves_machine(chosen)
    yield Check(
        name="leaves the machine", detail=f"what you write, and the passages found, go to {host}" if host else "nothing"
    )
    make_chat_model(chosen, base_dir=loaded.base_dir if loaded else None)
    name = f"{chosen.provider}:{chosen.name}" if chosen.name else chosen.provider
    yield Check(name="model", detail=f"{name} (not called: that would cost)") if host else _reached(name, chosen)


def _reached(name: str, model: ModelSpec) -> Check:
    """Say whether the server of a model on this machine, when it has one, answers."""
    from gptsmith.assistants.format.providers import provider
    from gptsmith.models.chat.providers import address

    url = address(model) or provider(model.provider).url
    if not url:
        return Check(name="model", detail=name)
    import httpx

    try:
        httpx.get(url, timeout=3, trust_env=False)
    except httpx.HTTPError as error:
        fix = "start that server, or name another model with --model or GPTSMITH_MODEL"
        return Check(name="model", status="failed", detail=f"{name}: {url} does not answer ({error})", fix=fix)
    return Check(name="model", detail=f"{name}, {url} answers")


def _asks_for(loaded: Loaded, trust: bool) -> Iterator[Check]:
    """What would it run, reach and read, once a person agrees?"""
    from gptsmith.assistants.files.trust import trust_needs

    kinds = {"code": "runs code", "command": "starts", "path": "reads outside", "host": "reaches", "variable": "reads"}
    needs = trust_needs(loaded)
    for kind, what in kinds.items():
        names = [need.name for need in needs if need.kind == kind]
        if names:
            closed = kind in ("code", "command", "path") and not trust
            fix = "read it, then run with --trust" if closed else ""
            yield Check(name=what, status="note" if closed else "ok", detail=", ".join(names), fix=fix)


def _spec(loaded: Loaded, trust: bool) -> Iterator[Check]:
    """Is the spec valid, are its files there, can its tools run?"""
    from gptsmith.assistants.files.library import state_key
    from gptsmith.assistants.format.paths import expand
    from gptsmith.state import State
    from gptsmith.tools import ToolContext, not_ready

    notes = "; ".join(str(warning) for warning in loaded.warnings)
    yield Check(name="spec", status="note" if notes else "ok", detail=notes or f"{loaded.path} is valid")
    yield from _asks_for(loaded, trust)
    for source in loaded.spec.knowledge:
        files = expand(loaded.base_dir or Path(), source.paths, trust=trust)
        detail = f"{len(files)} files" + (f", {len(source.urls)} pages" if source.urls else "")
        yield Check(name=f"knowledge {source.name}", detail=detail)
    context = ToolContext(loaded.base_dir or Path(), State().folder(state_key(loaded.path or Path())), trust=trust)
    for tool in loaded.spec.tools:
        lack = not_ready(tool, context)
        if lack is None:
            yield Check(name=f"tool {tool.name}", detail=tool.type)
        else:
            yield Check(name=f"tool {tool.name}", status="note", detail=lack.message, fix=lack.hint)
