"""The commands on the library, the folder of assistants: list and delete."""

from __future__ import annotations

from typing import Annotated

import typer

from gptsmith.ui.cli.options import AsJson, Yes
from gptsmith.ui.cli.output import ask, document, say, show, table


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("list")(list_)
    app.command()(delete)


def list_(as_json: AsJson = False) -> None:
    """List the assistants of the library and the shipped ones."""
    from gptsmith.assistants.library import find_library

    entries = find_library().entries()
    if as_json:
        keys = ("id", "path", "name", "description", "shipped", "error")
        document([{key: getattr(entry, key) for key in keys} for entry in entries])
        return
    if not entries:
        show('No assistants yet; make one: gptsmith build "a guide for a small museum"')
        return
    rows = [(e.id, e.name, "shipped" if e.shipped else "yours", e.error or e.description) for e in entries]
    table(("id", "name", "from", "description"), rows)


def delete(
    id_: Annotated[str, typer.Argument(metavar="ID", help="An id that `gptsmith list` shows.", show_default=False)],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete an assistant: spec, files, versions and conversations."""
    from gptsmith.assistants.library import find_library

    library = find_library()
    path = library.find(id_)
    question = f"Delete {id_} ({path}), its files, its versions and its conversations?"
    if not ask(question, yes=yes, what=f"{id_} is not deleted"):
        say("Nothing was deleted")
        raise typer.Exit(1)
    library.delete(path)
    if as_json:
        document({"deleted": id_, "path": str(path)})
    else:
        show(f"Deleted {id_}")
