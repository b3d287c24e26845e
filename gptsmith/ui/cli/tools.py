"""The commands on the tools of an assistant: what they offer, one call by hand, signing in to a service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson, File, Trust, Yes, locate
from gptsmith.ui.cli.output import agree, document, say, show

if TYPE_CHECKING:
    from gptsmith.agent.builder.reach.offers import Offer
    from gptsmith.assistants.format.loader import Loaded

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


def _loaded(file: str) -> Loaded:
    from gptsmith.assistants.format.loader import load_file

    return load_file(locate(file))
