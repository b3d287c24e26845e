"""The command that draws an assistant's picture: avatar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, Yes, locate
from gptsmith.ui.cli.output import agree, diff_text, document, say, show

if TYPE_CHECKING:
    from gptsmith.models.pictures.studio import Progress


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(avatar)


def avatar(
    file: File,
    thing: Annotated[
        str, typer.Option("--thing", metavar="WORDS", help="What it shows; default: what fits.", show_default=False)
    ] = "",
    model: Annotated[
        str, typer.Option("--model", metavar="MODEL", help="What draws: embedded, a folder, a hub id.")
    ] = "embedded",
    seed: Annotated[int | None, typer.Option("--seed", help="Draw this picture again.", show_default=False)] = None,
    preview: Annotated[
        Path | None, typer.Option("--preview", metavar="F.png", help="Write the picture here first, to look at it.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Draw an assistant's picture: one simple thing; shows the diff, asks, writes."""
    from gptsmith.agent.builder.portrait import propose_picture
    from gptsmith.errors import UsageError

    if preview and (preview.exists() or preview.suffix.lower() != ".png"):
        raise UsageError(f"{preview} is no new PNG file", hint="name one that is not there yet, ending with .png")
    path = locate(file)
    proposed = propose_picture(path, thing=thing, model=model, seed=seed, on_progress=_tell)
    if preview:
        preview.write_bytes(proposed.png)
        say(f"The picture is in {preview}")
    data = {"path": str(path), "thing": proposed.thing, "picture": str(proposed.file), "diff": proposed.diff}
    if not as_json:
        say(proposed.words)
        diff_text(proposed.diff)
    agree("Write it?", yes=yes, what="the picture was not kept", as_json=as_json, data={**data, "version": None})
    version = proposed.apply()
    if as_json:
        document({**data, "version": version.number if version else None})
    elif version is not None:
        show(f"Wrote {path}, version {version.number}")
        say(f"Take it back: gptsmith undo {file}")


def _tell(progress: Progress) -> None:
    if progress.step == 0:
        say(progress.text)
