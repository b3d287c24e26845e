"""The command for what an assistant remembers of you: memory."""

from __future__ import annotations

from typing import Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, locate
from gptsmith.ui.cli.output import document, say, show


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(memory)


def memory(
    file: File,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="FACT", help="Remember this; may be repeated.")
    ] = None,
    forget: Annotated[
        list[int] | None, typer.Option("--forget", metavar="N", help="Forget the fact with this number.")
    ] = None,
    forget_all: Annotated[bool, typer.Option("--forget-all", help="Forget everything.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an assistant remembers of you across conversations, and change it."""
    from gptsmith import Assistant
    from gptsmith.errors import UsageError

    with Assistant.from_file(locate(file)) as assistant:
        facts = assistant.facts()
        for number in forget or []:
            if not 1 <= number <= len(facts):
                raise UsageError(f"there is no fact {number}", hint=f"there are {len(facts)}")
        gone = facts if forget_all else [facts[number - 1] for number in dict.fromkeys(forget or [])]
        if gone:
            assistant.forget(*gone)
        for fact in add or []:
            assistant.remember(fact)
        facts, path = assistant.facts(), assistant.folder / "memory.md"
    if as_json:
        document({"path": str(path), "facts": facts})
        return
    for fact in gone:
        say(f"Forgotten: {fact}")
    for number, fact in enumerate(facts, 1):
        show(f"{number:3}  {fact}")
    say(f"You can edit them in {path}" if facts else "Nothing is remembered.")
