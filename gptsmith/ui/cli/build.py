"""The command that makes a new assistant: build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson, Model, Yes
from gptsmith.ui.cli.output import NOBODY, document, nobody, say, show, yaml_text

if TYPE_CHECKING:
    from gptsmith.agent.builder import BuiltDraft


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(build)


def build(
    description: Annotated[str | None, typer.Argument(help="What the assistant should be.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here, not into the library.")
    ] = None,
    knowledge: Annotated[
        list[Path] | None,
        typer.Option("--knowledge", metavar="PATH", help="A file or folder to answer from; may be repeated."),
    ] = None,
    model: Model = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="ID", help="Go on with a conversation.", show_default=False)
    ] = None,
    tests: Annotated[
        bool, typer.Option("--tests/--no-tests", help="Try each change on the spec's tests, in a conversation.")
    ] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an assistant by talking in the terminal or through a pipe; with --yes or --json at once."""
    from gptsmith.errors import UsageError

    if output is not None and output.exists():
        raise UsageError(f"{output} is already there", hint="name another file with -o; nothing is overwritten")
    attached = [path.expanduser() for path in knowledge or []]
    at_once = yes or as_json
    if description is None and resume is None and not sys.stdin.isatty() and at_once:
        description = sys.stdin.read().strip() or None
    if resume is not None or (not at_once and (sys.stdin.isatty() or description is None)):
        from gptsmith.ui.cli.building import converse

        code = converse(model, description, attached, output, resume=resume, tests=tests)
        if code:
            raise typer.Exit(code)
        return
    if description is None:
        raise UsageError("there is no description", hint='say what it should be: gptsmith build "a tea adviser"')
    _at_once(description, attached, output, model, yes, as_json)


def _at_once(
    description: str, attached: list[Path], output: Path | None, model: str | None, yes: bool, as_json: bool
) -> None:
    """Build without a conversation: show the whole file, and write it when that was agreed to beforehand."""
    from gptsmith import Builder
    from gptsmith.errors import UsageError
    from gptsmith.ui.cli.growing import growing

    say("Building")
    with growing() as drafting:
        draft = Builder(model).build(description, attached, drafting=drafting)
    say_unreadable(attached)
    if not as_json:
        yaml_text(_text(draft, output))
        _remarks(draft, attached)
    try:
        path = _save(draft, output, yes)
    except UsageError as error:
        if error.code != NOBODY:
            raise
        if as_json:
            # The document is what was asked for; that nothing was written stands on stderr and in the exit code.
            document(_document(draft, output, None))
        say(f"gptsmith: {error}")
        _keep(draft, model)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        document(_document(draft, output, path))
    else:
        wrote(path, output)


def _keep(draft: BuiltDraft, model: str | None) -> None:
    """Keep a draft that nobody was there to agree to: what a model took its time for is not lost."""
    from gptsmith import Builder
    from gptsmith.assistants.drafts import Drafts

    kept = Builder(model).session(Drafts().make(draft.id, draft.write))
    say(f"The draft is kept. Go on with it in a terminal: gptsmith build --resume {kept.id}")


def say_unreadable(attached: list[Path]) -> None:
    """Name the files among those given that the assistant will not be able to read."""
    from gptsmith.agent.builder.attachments import files_in
    from gptsmith.rag.reading.looking import unreadable

    for file, why in unreadable(file for path in attached for file in files_in(path)):
        say(f"{file} cannot be read: {why}. The assistant will not know what it says.")


def wrote(path: Path, output: Path | None) -> None:
    """Say where an assistant was written, and how to go on."""
    show(f"Wrote {path}")
    say(f"Chat with it: gptsmith chat {path if output else id_of(path)}")


def id_of(path: Path) -> str:
    """Return the id that a spec file has by its name."""
    from gptsmith.assistants.loader import slug

    return slug(path.name)


def _save(draft: BuiltDraft, output: Path | None, yes: bool) -> Path:
    """Write what was agreed to beforehand. UsageError (NOBODY) when it was not: there is nobody to ask."""
    if not yes:
        raise nobody("nothing is written")
    return draft.write(output)


def _remarks(draft: BuiltDraft, attached: list[Path]) -> None:
    """Say what else there is to know: copied files, warnings, what is missing."""
    for path in attached:
        say(f"+ {path} is copied beside it")
    for diagnostic in draft.diagnostics:
        say(f"{diagnostic} (warning)")
    for missing in draft.missing:
        say(f"Missing ({missing.kind}): {missing.what}. {missing.how}")


def _text(draft: BuiltDraft, output: Path | None) -> str:
    """Return the YAML as it will be written: a file of another name gives the assistant another id."""
    return draft.render(id_of(output)) if output else draft.yaml


def _document(draft: BuiltDraft, output: Path | None, path: Path | None) -> dict[str, Any]:
    """Return what `build --json` prints; `path` is null when nothing was written."""
    file = path or output
    return {
        "id": id_of(file) if file else draft.id,
        "path": str(path) if path else None,
        "yaml": path.read_text("utf-8") if path else _text(draft, output),
        "missing": [missing.model_dump() for missing in draft.missing],
    }
