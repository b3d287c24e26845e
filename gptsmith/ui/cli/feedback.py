"""The command that gives out what people think of an assistant's answers: feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gptsmith.ui.cli.options import File, locate
from gptsmith.ui.cli.output import say


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(feedback)


def feedback(
    file: File,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="PATH", help="Write the lines there instead of on stdout.")
    ] = None,
) -> None:
    """Give out rated answers, one JSON object a line: thumb, reason, texts, model, the version of the spec."""
    from gptsmith import Assistant
    from gptsmith.state import atomic_write

    with Assistant.from_file(locate(file)) as assistant:
        lines = [rated.model_dump_json() for rated in assistant.feedback()]
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        print(text, end="")
    else:
        atomic_write(out, text)
    say(f"{len(lines)} rated {'answer' if len(lines) == 1 else 'answers'}" + (f" in {out}" if out else ""))
