"""The commands on the library and on the versions of what is in it: list, delete, undo, history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, Yes, locate
from gptsmith.ui.cli.output import agree, ask, diff_text, document, say, show, table

if TYPE_CHECKING:
    from gptsmith.assistants.files.versions import Version, Versions


# The commands on the library, the folder of assistants: list and delete.


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("list")(list_)
    app.command()(delete)


def list_(as_json: AsJson = False) -> None:
    """List the assistants of the library and the shipped ones."""
    from gptsmith.assistants.files.library import find_library

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
    from gptsmith.assistants.files.library import find_library

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


# The commands on the versions of an assistant: undo and history.


def register_history(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(undo)
    app.command()(history)


def undo(file: File, yes: Yes = False, as_json: AsJson = False) -> None:
    """Take the last change back, to the byte: shows the diff, asks; once more makes the change again."""
    from gptsmith.errors import UsageError

    versions = _versions(file)
    known = versions.list()
    if len(known) < 2 or known[-1].author == "outside":
        versions.undo()  # says why there is nothing to undo
        raise UsageError("there is no change to undo", code="nothing_to_undo")
    last, before = known[-1], known[-2]
    diff = versions.diff(last.number, before.number)
    if not as_json:
        diff_text(diff)
        say(f"Version {last.number}, {_time(last)}: {last.reason}")
    question = f"Undo this change of {versions.path.name}?"
    agree(question, yes=yes, what="nothing is undone", as_json=as_json, data=_data(versions, None, diff))
    done = versions.undo()
    _report(versions, done, diff, as_json)


def history(
    file: File,
    restore: Annotated[
        int | None, typer.Option("--restore", metavar="N", help="Write the files as they were in version N.")
    ] = None,
    diff: Annotated[
        tuple[int, int] | None, typer.Option("--diff", metavar="A B", help="Show what is different in version B.")
    ] = None,
    name: Annotated[
        tuple[int, str] | None, typer.Option("--name", metavar="N TEXT", help="Give version N a name.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """List the versions of an assistant; restore, compare or name one."""
    from gptsmith.errors import UsageError

    if sum(option is not None for option in (restore, diff, name)) > 1:
        raise UsageError("--restore, --diff and --name are three things", hint="give one of them at a time")
    versions = _versions(file)
    if restore is not None:
        _restore(versions, restore, yes, as_json)
    elif diff is not None:
        _show_diff(versions.diff(*diff), as_json)
    elif name is not None:
        named = versions.name(*name)
        document(named.model_dump()) if as_json else show(f"Version {named.number} is called {named.name or 'nothing'}")
    else:
        _list(versions, as_json)


def _restore(versions: Versions, number: int, yes: bool, as_json: bool) -> None:
    known = versions.list()
    diff = versions.diff(known[-1].number if known else number, number)
    if not as_json:
        diff_text(diff)
    question = f"Restore version {number} of {versions.path.name}?"
    agree(question, yes=yes, what="nothing is restored", as_json=as_json, data=_data(versions, None, diff))
    _report(versions, versions.restore(number), diff, as_json)


def _report(versions: Versions, done: Version, diff: str, as_json: bool) -> None:
    if as_json:
        document(_data(versions, done, diff))
    else:
        show(f"{versions.path} is now at version {done.number}: {done.reason}")


def _data(versions: Versions, done: Version | None, diff: str) -> dict[str, object]:
    """Return what `undo` and `--restore` print; `version` is null when nothing was written."""
    return {"path": str(versions.path), "version": done.model_dump() if done else None, "diff": diff}


def _show_diff(diff: str, as_json: bool) -> None:
    if as_json:
        document({"diff": diff})
    elif diff:
        diff_text(diff)
    else:
        say("The two versions are alike")


def _list(versions: Versions, as_json: bool) -> None:
    known = versions.list()
    if as_json:
        document([version.model_dump() for version in known])
    elif not known:
        show(f"{versions.path} has no versions: gptsmith has not changed it here. A file that is moved begins anew")
    else:
        rows = [(str(v.number), _time(v), v.author, v.name, v.reason) for v in reversed(known)]
        table(("version", "time", "by", "name", "what"), rows)


def _time(version: Version) -> str:
    """Return a version's time, to the second, on the clock of this machine."""
    from datetime import datetime

    return datetime.fromisoformat(version.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _versions(file: str) -> Versions:
    """Return the versions of a path or an id; those of a file that was deleted can still be had by its path."""
    from gptsmith.assistants.files.versions import Versions
    from gptsmith.errors import UsageError

    try:
        return Versions(locate(file))
    except UsageError:
        gone = Versions(Path(file))
        if not gone.list():
            raise
        return gone
