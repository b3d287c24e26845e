"""The commands on the tools of an assistant: what they offer, one call by hand, signing in to a service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson, File, Trust, Yes, locate
from gptsmith.ui.cli.output import agree, document, say, show

if TYPE_CHECKING:
    from gptsmith.agent.builder.reach.offers import Offer
    from gptsmith.assistants.format.loader import Loaded
    from gptsmith.tools.openapi.signin import SignIn

tools = typer.Typer(help="The tools of an assistant: list what they offer, try a call, sign in.", no_args_is_help=True)
Tool = Annotated[str, typer.Argument(metavar="TOOL", help="The tool's name in the spec.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(tools, name="tools")


@tools.command(name="list")
def list_them(file: File, trust: Trust = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """List what each tool offers: the operations of a service, the tools of a server. Nothing is called."""
    from gptsmith.agent.builder.reach.offers import contacted, list_offers

    loaded = _loaded(file)
    needs = contacted(loaded)
    if needs:
        say("This starts or reaches: " + ", ".join(need.name for need in needs))
        agree("Go on?", yes=yes or trust, what="nothing is listed", as_json=as_json, data={"tools": []})
    found = list_offers(loaded, trust=trust)
    if as_json:
        document({"tools": [offer.__dict__ for offer in found]})
        return
    for offer in found:
        show_offer(offer)
    if not found:
        say("It has no tools.")


def show_offer(offer: Offer) -> None:
    """Show one entry with its calls."""
    show(f"{offer.entry} ({offer.kind})")
    for name, about in offer.calls.items():
        show(f"  {name}: {about[:160]}")
    if offer.why:
        show(f"  {offer.why}")


@tools.command(name="try")
def try_one(
    file: File,
    call: Annotated[str, typer.Argument(metavar="CALL", help="The call's name, as `list` shows it.")],
    arguments: Annotated[str, typer.Argument(metavar="JSON", help="Its arguments.")] = "{}",
    trust: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Call one tool by hand, after asking, and show what the assistant would be told."""
    from gptsmith.agent.builder.reach.offers import try_call
    from gptsmith.errors import UsageError

    try:
        given: Any = json.loads(arguments)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise UsageError("the arguments are no JSON object", hint="write them as '{\"number\": 7}'")
    agree(f"Call {call} with {json.dumps(given)}?", yes=yes, what="nothing is called", as_json=as_json, data={})
    told = try_call(_loaded(file), call, given, trust=trust)
    if as_json:
        document({"call": call, "result": told})
    else:
        show(told)


@tools.command()
def login(file: File, tool: Tool, trust: Trust = False) -> None:
    """Sign in to the service of a tool: enter the code that it shows in a browser."""
    with _signing_in(file, tool, trust) as sign_in:
        code = sign_in.begin()
        show(f"Open {code.url} and enter {code.user_code}")
        say(f"Waiting for you, {code.seconds / 60:.0f} minutes at most; Ctrl-C gives it up")
        sign_in.wait(code)
    say("You are signed in")


@tools.command()
def logout(file: File, tool: Tool, trust: Trust = False) -> None:
    """Forget the sign-in to the service of a tool."""
    with _signing_in(file, tool, trust) as sign_in:
        sign_in.forget()
    say("You are signed out")


@contextmanager
def _signing_in(file: str, tool: str, trust: bool) -> Iterator[SignIn]:
    from tempfile import TemporaryDirectory

    from gptsmith.errors import UsageError
    from gptsmith.tools import ToolContext
    from gptsmith.tools.openapi import OpenApi
    from gptsmith.tools.openapi.operations import Operations

    loaded = _loaded(file)
    spec = next((one for one in loaded.spec.tools if one.name == tool), None)
    if not isinstance(spec, OpenApi) or spec.oauth is None:
        own = [one.name for one in loaded.spec.tools if isinstance(one, OpenApi) and one.oauth]
        hint = (
            f"there is {', '.join(own)}" if own else "give its openapi entry oauth: {device_url, token_url, client_id}"
        )
        raise UsageError(f"{tool} is no tool that one signs in to", hint=hint)
    with TemporaryDirectory(prefix="gptsmith-tools-") as folder:
        operations = Operations(spec, ToolContext(loaded.base_dir or Path.cwd(), Path(folder), trust))
        try:
            operations.tools()
            assert operations.sign_in is not None, "it has oauth"  # noqa: S101
            yield operations.sign_in
        finally:
            operations.close()


def _loaded(file: str) -> Loaded:
    from gptsmith.assistants.format.loader import load_file

    return load_file(locate(file))
