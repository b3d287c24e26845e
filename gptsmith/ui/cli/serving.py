"""The commands that open doors for other programs: serve, keys, mcp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, Model, Trust, locate
from gptsmith.ui.cli.output import document, say, show, table

if TYPE_CHECKING:
    from gptsmith.ui.http.served import Served

PORT = 8700
Files = Annotated[
    list[str] | None, typer.Argument(metavar="FILE...", help="Specs' paths, or ids of the library.", show_default=False)
]
WholeLibrary = Annotated[bool, typer.Option("--library", help="All assistants of the library, new ones too.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(serve)
    app.command("mcp")(mcp_)
    keys = typer.Typer(help="The keys with which other programs reach `gptsmith serve`.", no_args_is_help=True)
    keys.command("add")(add_key)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke_key)
    app.add_typer(keys, name="keys")


def serve(
    files: Files = None,
    library: WholeLibrary = False,
    host: Annotated[
        str, typer.Option("--host", help="Listen on this address; other than this machine's own needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = PORT,
    per_minute: Annotated[int, typer.Option("--rate", min=1, help="Requests a minute for each key.")] = 300,
    megabytes: Annotated[int, typer.Option("--max-request", min=1, max=1000, help="Megabytes of a request.")] = 64,
    model: Model = None,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Serve assistants to other programs: OpenAI's API, gptsmith's own events, Prometheus counters."""
    from gptsmith.ui.http.app import Settings, make_app
    from gptsmith.ui.http.guard import Limits
    from gptsmith.ui.http.keys import Keys
    from gptsmith.ui.http.serve import check_host, listen, run

    keys, served = Keys(), chosen(files, library, trust, model)
    check_host(host, keys)
    limits = Limits(bytes=megabytes * 1_000_000, per_minute=per_minute)
    bound = listen(host, port)
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{bound.getsockname()[1]}"
    names = [assistant.spec.id or "assistant" for assistant in served.all()]
    if as_json:
        document({"url": url, "openai": f"{url}/v1", "assistants": names})
    else:
        show(f"gptsmith serves {', '.join(names)} at {url}/v1 (Ctrl-C stops it)")
    if not keys.all():
        say("No key is set: every program on this machine can ask. Set one with: gptsmith keys add NAME")
    run(make_app(Settings(served, keys, limits)), bound)


def mcp_(
    files: Files = None,
    library: WholeLibrary = False,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP instead of standard input and output.")] = False,
    host: Annotated[str, typer.Option("--host", help="With --http: as for serve.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="With --http: 0 takes a free one.")] = PORT + 1,
    model: Model = None,
    trust: Trust = False,
) -> None:
    """Serve assistants to MCP clients: each a tool, its knowledge as resources, its starters as prompts."""
    from gptsmith.errors import NotReadyError
    from gptsmith.ui.http.guard import Limits
    from gptsmith.ui.http.keys import Keys
    from gptsmith.ui.http.serve import check_host, listen, run

    served = chosen(files, library, trust, model)
    try:
        from gptsmith.ui.http import mcp_server
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        hint = 'pip install "gptsmith[mcp]"'
        raise NotReadyError("the package mcp is not installed", code="missing_package", hint=hint) from error
    if not http:
        import asyncio

        asyncio.run(mcp_server.run_stdio(served))
        return
    keys = Keys()
    check_host(host, keys)
    bound = listen(host, port)
    name = f"[{host}]" if ":" in host else host
    show(f"gptsmith is an MCP server at http://{name}:{bound.getsockname()[1]}/mcp (Ctrl-C stops it)")
    run(mcp_server.make_http_app(served, keys, Limits()), bound)


def chosen(files: list[str] | None, library: bool, trust: bool, model: str | None) -> Served:
    """Return what is served; every file is checked before anything begins.

    Raises UsageError where neither or both are named, SpecError, and NotReadyError where trust is missing.
    """
    from gptsmith.assistants.files.library import find_library
    from gptsmith.errors import UsageError
    from gptsmith.ui.cli.options import load_trusted
    from gptsmith.ui.http.served import Served

    if library == bool(files):
        raise UsageError("name the assistants to serve, or --library for all", hint="gptsmith list shows them")
    if library:
        return Served(library=find_library(), trust=trust, model=model)
    paths: list[Path] = []
    ids: dict[str, str] = {}
    for file in files or []:
        id = load_trusted(file, trust).spec.id or "assistant"
        if id in ids:
            raise UsageError(f"{file} and {ids[id]} are both called {id}", hint="give one of them another id")
        ids[id] = file
        paths.append(locate(file).absolute())
    return Served(paths, trust=trust, model=model)


def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use it.", show_default=False)],
    assistants: Annotated[
        str,
        typer.Option("--assistants", metavar="A,B", help="Only these; default: all.", show_default=False),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once."""
    from gptsmith.ui.http.keys import Keys

    some = tuple(dict.fromkeys(part.strip() for part in assistants.split(",") if part.strip()))
    key = Keys().add(name, some)
    if as_json:
        document({"name": name, "key": key, "assistants": list(some)})
        return
    show(key)
    say("Keep it now: it is not shown again. Programs send it as their API key.")


def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets."""
    from datetime import datetime

    from gptsmith.ui.http.keys import Keys

    found = Keys().all()
    if as_json:
        document({"keys": [{"id": k.id, "name": k.name, "assistants": list(k.assistants), "created": k.created,
                            "used": k.used} for k in found]})  # fmt: skip
        return

    def day(seconds: float | None) -> str:
        return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}" if seconds else "never"

    rows = [(k.name, k.id, ", ".join(k.assistants) or "all", day(k.created), day(k.used)) for k in found]
    table(("name", "id", "assistants", "made", "last used"), rows)
    if not found:
        say("There are no keys: gptsmith keys add NAME")


def revoke_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id.", show_default=False)],
) -> None:
    """Take a key back: whoever uses it is refused from now on."""
    from gptsmith.ui.http.keys import Keys

    Keys().revoke(name)
    say(f"Revoked: {name}")
