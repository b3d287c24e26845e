"""The commands on the models of this machine: models list, get, remove, check."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson
from gptsmith.ui.cli.output import document, say, show, table

if TYPE_CHECKING:
    from gptsmith.models.shelf import Progress, Status

group = typer.Typer(help="The models that you can have on this machine: list, get, remove, check.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model's name in the list.", show_default=False)]

_STATES = {"here": "here", "partial": "begun", "absent": "", "altered": "damaged: get it again"}


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    app.add_typer(group, name="models")


@group.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, or do something with one."""
    if context.invoked_subcommand is None:
        _list(as_json)


@group.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the models that there are, what they are good for, and which of them are here."""
    _list(as_json)


@group.command()
def get(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A model's name; left out: the default.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model; what was begun goes on, and what is fetched is checked before it is used."""
    from gptsmith.models.shelf import Shelf, size_words

    shelf = Shelf()
    found = shelf.entry(name or shelf.defaults()[0].name)
    if shelf.path(found.name) is None:
        say(f"{found.title}: {size_words(found.size)}, {found.licence}. {found.licence_note}".rstrip())
    line = _Line()
    try:
        path = shelf.get(name, line)
    except KeyboardInterrupt:
        line.end()
        say(f"What has come is kept: gptsmith models get {found.name} goes on from there")
        raise
    finally:
        line.end()
    for note in line.notes:
        say(f"Passed over: {note}")
    if as_json:
        document({"name": line.model or found.name, "path": str(path), "passed_over": list(line.notes)})
    else:
        show(str(path))


@group.command()
def remove(name: Name, as_json: AsJson = False) -> None:
    """Delete a model from this machine; it can be fetched again."""
    from gptsmith.models.chat import arrival
    from gptsmith.models.shelf import Shelf, size_words

    shelf = Shelf()
    found, freed = shelf.entry(name), shelf.remove(name)
    arrival.wish(found.name, "no")
    if as_json:
        document({"name": found.name, "freed": freed})
    elif freed:
        show(f"{found.name} is removed: {size_words(freed)} are free again")
    else:
        show(f"{found.name} is not on this machine")


@group.command()
def check(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A model's name; left out: all that are here.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the files again and compare their hashes; exit code 1 when one is damaged."""
    from gptsmith.models.shelf import Shelf

    shelf = Shelf()
    names = (
        [shelf.entry(name).name] if name else [s.model.name for s in shelf.models() if s.state in ("here", "altered")]
    )
    line = _Line()
    found = [shelf.check(each, line) for each in names]
    line.end()
    if as_json:
        document([{"name": each.name, "ok": each.ok, "wrong": list(each.wrong)} for each in found])
    elif not found:
        show("No model is on this machine; gptsmith models get fetches the default")
    for each in found if not as_json else ():
        wrong = ", ".join(each.wrong)
        show(
            f"{each.name}: ok"
            if each.ok
            else f"{each.name}: missing or damaged: {wrong}; gptsmith models get {each.name}"
        )
    if not all(each.ok for each in found):
        raise typer.Exit(1)


def _list(as_json: bool) -> None:
    from gptsmith.models.shelf import Shelf

    shelf = Shelf()
    default = shelf.best_name()
    if as_json:
        document([_described(status, default) for status in shelf.models()])
        return
    table(("model", "size", "here", "good for", "licence"), [_row(status, default) for status in shelf.models()])
    say(f"* the best default for this machine. Get one: gptsmith models get NAME. Kept in {shelf.root}")
    if (used := shelf.status(shelf.default_name())).state == "here" and used.model.name != default:
        say(f"Until {default} is here, assistants write with {used.model.name}")


def _row(status: Status, default: str) -> tuple[str, ...]:
    from gptsmith.models.shelf import size_words

    model = status.model
    star = " *" if model.name == default else ""
    state = _STATES[status.state]
    if status.state == "partial":
        state += f", {100 * status.done // max(1, status.total)} %"
    return (model.name + star, size_words(model.size), state, model.good_for, model.licence)


def _described(status: Status, default: str) -> dict[str, Any]:
    model = status.model
    plain = model.model_dump(exclude={"files", "hub", "wheels", "default"})
    more = {"size": model.size, "card": model.card, "state": status.state, "bytes_here": status.done}
    return plain | more | {"default": model.name == default}


class _Line:
    """Tells of the progress on stderr: one line that changes in a terminal, every tenth elsewhere."""

    def __init__(self) -> None:
        self.notes: tuple[str, ...] = ()
        self.model = ""
        self._live = sys.stderr.isatty()
        self._open = False
        self._tenth = -1

    def __call__(self, progress: Progress) -> None:
        self.notes, self.model = progress.notes, progress.model
        text = _words(progress)
        if self._live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True
        elif progress.phase != "done" and (tenth := int(progress.fraction * 10)) != self._tenth:
            self._tenth = tenth
            say(text)

    def end(self) -> None:
        """Leave the line that was written last."""
        if self._open:
            print(file=sys.stderr, flush=True)
            self._open = False


def _words(progress: Progress) -> str:
    from gptsmith.models.shelf import size_words

    if progress.phase == "waiting":
        return f"{progress.model}: another window or process is fetching it; waiting"
    if progress.phase == "checking":
        return f"{progress.model}: checking, {progress.fraction:.0%}"
    if progress.phase == "done":
        return f"{progress.model}: here, and checked"
    text = f"{progress.model}: {size_words(progress.done)} of {size_words(progress.total)} from {progress.source}"
    return f"{text}, {progress.time_left} left" if progress.time_left else text
