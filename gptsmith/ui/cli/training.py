"""The commands that train a model on a person's own data: train captioner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gptsmith.ui.cli.options import AsJson
from gptsmith.ui.cli.output import document, say, show

group = typer.Typer(help="Let a model of gptsmith's own go on learning, from your data.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    app.add_typer(group, name="train")


@group.callback()
def _group() -> None:
    """Keep the group's one command behind its name."""


@group.command()
def captioner(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Pictures, and captions.json in the form of COCO captions.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Where the run and its model are kept.")],
    start: Annotated[str, typer.Option("--start", metavar="MODEL", help="embedded, or a captioner's folder.")] = (
        "embedded"
    ),
    steps: Annotated[int, typer.Option("--steps", help="How many steps in all.")] = 300,
    batch: Annotated[int, typer.Option("--batch", help="Captions in each step.")] = 8,
    lr: Annotated[float, typer.Option("--lr", help="The learning rate.")] = 3e-4,
    seed: Annotated[int, typer.Option("--seed", help="The order of the pictures.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train the captioner on your own pictures; run again, it goes on where it was stopped."""
    from gptsmith.models.training.own_captions import learn

    learned = learn(data, out, start=start, steps=steps, batch=batch, lr=lr, seed=seed, tell=say)
    if as_json:
        document({**vars(learned), "model": str(learned.model)})
        return
    show(str(learned.model))
    say(f"Describe with it: gptsmith caption F.png --model {learned.model}")
