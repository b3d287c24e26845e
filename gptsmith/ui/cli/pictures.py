"""The commands on pictures and their models: image, caption, recognize, similar, upsample, avatar, train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, Yes, locate
from gptsmith.ui.cli.output import agree, diff_text, document, say, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from gptsmith.tools.drawing.store import Picture
    from gptsmith.tools.drawing.studio import DrawingProgress


# The commands on pictures: image, caption, recognize, similar, upsample.

PictureFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A picture: PNG, JPEG, WebP or GIF.", show_default=False)
]
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
Prompt = Annotated[str, typer.Argument(help="What the picture shows.", show_default=False)]
Model = typer.Option("--model", metavar="MODEL", help="The model: embedded, a folder, a hub id or provider:name.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for command in (image, caption, recognize, similar, upsample):
        app.command()(command)


def image(
    prompt: Prompt,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="F.png", help="The file to write.")],
    seed: Annotated[int | None, typer.Option("--seed", help="Draw this picture again.", show_default=False)] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Denoising steps.", show_default=False)] = None,
    size: Annotated[str | None, typer.Option("--size", metavar="WxH", help="In pixels.", show_default=False)] = None,
    guidance: Annotated[
        float | None, typer.Option("--guidance", help="How closely to follow the words.", show_default=False)
    ] = None,
    sampler: Annotated[
        str | None, typer.Option("--sampler", help="ddim, euler, dpmpp or unipc.", show_default=False)
    ] = None,
    count: Annotated[int, typer.Option("--count", help="How many pictures: F.png, F-2.png, …")] = 1,
    negative: Annotated[str, typer.Option("--negative", metavar="TEXT", help="What it should not show.")] = "",
    model: Annotated[str, Model] = "embedded",
    my_words: Annotated[bool, typer.Option("--my-words", help="Draw the words as they are.")] = False,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="F.png", help="Change this picture.", show_default=False)
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", metavar="F.png", help="Change it only where this is white.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option("--strength", help="How far to change it, 0 to 1.", show_default=False)
    ] = None,
    no_parameters: Annotated[
        bool, typer.Option("--no-parameters", help="Write no words and settings into the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a picture, or change one."""
    from gptsmith import Pictures

    places = _places(output, count)
    pictures = Pictures(model).draw(
        prompt,
        count=count,
        seed=seed,
        steps=steps,
        size=size,
        guidance=guidance,
        sampler=sampler,
        negative=negative,
        image=from_,
        mask=mask,
        strength=strength,
        my_words=my_words,
        on_progress=_telling(),
    )
    for place, picture in zip(places, pictures, strict=True):
        picture.save(place, parameters=not no_parameters)
        picture.record.path = str(place)
        if not as_json:
            _tell(picture)
    if as_json:
        document({"images": [picture.record.model_dump() for picture in pictures]})


def caption(
    file: PictureFile,
    detail: Annotated[str, typer.Option("--detail", help="short or descriptive.")] = "descriptive",
    model: Annotated[str, Model] = "embedded",
    as_json: AsJson = False,
) -> None:
    """Say what a picture shows."""
    from gptsmith import Pictures

    pictures = Pictures(captioner=model)
    _say_where(pictures.captioner.leaves, "picture")
    text = pictures.caption(file, detail)  # type: ignore[arg-type]
    if as_json:
        document({"caption": text, "detail": detail, "model": model})
    else:
        show(text)


def recognize(
    file: PictureFile,
    labels: Annotated[
        str, typer.Option("--labels", metavar="A,B", help="What it could be, separated by commas.", show_default=False)
    ] = "",
    model: Annotated[str, Model] = "embedded",
    as_json: AsJson = False,
) -> None:
    """Say which of some labels fits a picture best."""
    from gptsmith import Pictures

    pictures = Pictures(recognizer=model)
    wanted = labels.split(",") if labels.strip() else pictures.recognizer.labels
    found = pictures.recognize(file, wanted)
    if as_json:
        document({"labels": [{"label": m.label, "score": m.score} for m in found], "model": model})
        return
    for match in found[:10]:
        show(f"{match.score:6.1%}  {match.label}")


def similar(
    file: PictureFile,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to look.", show_default=False)],
    count: Annotated[int, typer.Option("--count", help="How many to name.")] = 5,
    model: Annotated[str, Model] = "embedded",
    as_json: AsJson = False,
) -> None:
    """Find the pictures in a folder that are most like one."""
    from gptsmith import Pictures

    others = _pictures_in(folder, but=file)
    found = [(others[n], score) for n, score in Pictures(recognizer=model).similar(file, others, count)]
    if as_json:
        document({"pictures": [{"path": str(p), "score": round(score, 4)} for p, score in found], "model": model})
        return
    for path, score in found:
        show(f"{score:6.3f}  {path}")


def _pictures_in(folder: Path, but: Path) -> list[Path]:
    """Return the pictures in a folder, those that cannot be read left out and named."""
    from gptsmith.errors import UsageError
    from gptsmith.models.pictures.input_images import open_picture

    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="name the folder with the pictures to look through")
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _ENDINGS or path.resolve() == but.resolve():
            continue
        try:
            open_picture(path)
        except UsageError as error:
            say(f"Left out: {error.message}")
        else:
            found.append(path)
    if not found:
        raise UsageError(f"there are no other pictures in {folder}", hint="name a folder with PNG, JPEG or WebP files")
    return found


def upsample(
    prompt: Prompt,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="PROVIDER:NAME", help="The chat model that writes it.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the full description that would be drawn for a short one."""
    from gptsmith import Pictures

    pictures = Pictures(upsampler=model)
    _say_where(pictures.upsampler.leaves, "text")
    found = pictures.upsample(prompt)
    if as_json:
        document({"caption": found.caption, "own_words": found.own_words, "notes": found.notes})
        return
    show(found.caption)
    for note in found.notes:
        say(note)
    if found.own_words and not found.notes:
        say("These are your own words: no chat model that writes freely is connected; name one with --model")


def _places(output: Path, count: int) -> list[Path]:
    """Return where the pictures go; UsageError when one of them could not be written there."""
    from gptsmith.errors import UsageError

    if output.suffix.lower() != ".png":
        raise UsageError(f"{output.name} is no name for a PNG file", hint="end it with .png")
    more = [output.with_name(f"{output.stem}-{n}{output.suffix}") for n in range(2, max(count, 1) + 1)]
    for place in (places := [output, *more]):
        if place.exists():
            raise UsageError(f"{place} is already there", hint="name another file with -o; nothing is overwritten")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}", hint="make it first, or name another")
    return places


def _telling() -> Callable[[DrawingProgress], None]:
    """Return what tells of each new thing that happens; steps are counted on one line of a terminal."""
    import sys

    live = sys.stderr.isatty()

    def tell(progress: DrawingProgress) -> None:
        if progress.step == 0:
            say(progress.text)
        elif live:
            print(
                f"\r{progress.text}", end="\n" if progress.step == progress.steps else "", file=sys.stderr, flush=True
            )

    return tell


def _tell(picture: Picture) -> None:
    record = picture.record
    show(record.path)
    say(f"Drawn: {record.caption}" + ("" if record.seed is None else f" (seed {record.seed})"))
    for note in record.notes:
        say(note)


def _say_where(host: str | None, what: str) -> None:
    if host:
        say(f"The {what} is sent to {host}")


# The command that draws an assistant's picture: avatar.


def register_avatar(app: typer.Typer) -> None:
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
    proposed = propose_picture(path, thing=thing, model=model, seed=seed, on_progress=_tell_avatar)
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


def _tell_avatar(progress: DrawingProgress) -> None:
    if progress.step == 0:
        say(progress.text)


# The commands that train a model on a person's own data: train captioner.

group = typer.Typer(help="Let a model of gptsmith's own go on learning, from your data.", no_args_is_help=True)


def register_train(app: typer.Typer) -> None:
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
    from gptsmith.models.pictures.own_captions import learn

    learned = learn(data, out, start=start, steps=steps, batch=batch, lr=lr, seed=seed, tell=say)
    if as_json:
        document({**vars(learned), "model": str(learned.model)})
        return
    show(str(learned.model))
    say(f"Describe with it: gptsmith caption F.png --model {learned.model}")
