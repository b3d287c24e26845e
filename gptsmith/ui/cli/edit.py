"""The command that changes an assistant by saying what should be different: edit."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson, File, Model, Yes, locate
from gptsmith.ui.cli.output import NOBODY, ask, clean_line, diff_text, document, nobody, say, show

if TYPE_CHECKING:
    from gptsmith.agent.builder.changes import Change
    from gptsmith.agent.builder.testing.trials import Trial


# A change tried on the spec's tests before anybody decides, told in the terminal.

SECONDS = 30.0
"""How long a person is made to wait for the tests of a change."""


def tried(change: Change, only: Iterable[int] | None = None) -> Trial | None:
    """Run the tests on the file as it is and as the change, or a part of it, would leave it; None without any."""
    from gptsmith.agent.builder.testing.trials import compare
    from gptsmith.assistants.format.loader import load_file
    from gptsmith.errors import GptsmithError

    if change.planned is None:
        return None
    try:
        planned = change.plan(only)
        if not load_file(change.path).spec.tests and "tests" not in change.diff_of(only):
            return None
        say("Trying it on the tests")
        return compare(change.path, planned, attachments=change.proposal.attachments, seconds=SECONDS)
    except GptsmithError as error:
        say(f"The tests were not run: {error}")
        return None


def tell(trial: Trial | None) -> None:
    """Say what a trial found, what breaks first."""
    for line in trial.words if trial else []:
        say(f"Tests: {line}")


def agreed(change: Change, only: list[int] | None) -> bool:
    """Try a part of a change, and where it breaks a test, ask whether it is meant all the same."""
    trial = tried(change, only)
    tell(trial)
    if trial is None or not trial.regressions:
        return True
    return sys.stdin.isatty() and ask("Write it all the same?", yes=False, what="nothing is written")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(edit)


def edit(
    file: File,
    change: Annotated[
        str, typer.Argument(metavar="CHANGE", help="What should be different, in your words.", show_default=False)
    ],
    knowledge: Annotated[
        list[Path] | None,
        typer.Option("--knowledge", metavar="PATH", help="A file or folder that comes with it; may be repeated."),
    ] = None,
    model: Model = None,
    tests: Annotated[
        bool | None,
        typer.Option(
            "--tests/--no-tests",
            help="Run the spec's tests before and after the change; default: when there is somebody to ask.",
            show_default=False,
        ),
    ] = None,
    add_tests: Annotated[
        bool, typer.Option("--add-tests", help="Propose tests of what is new, each run with it and without it.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change an assistant: shows each change and the diff, asks, writes."""
    from gptsmith import Builder
    from gptsmith.errors import UsageError

    path = locate(file)
    builder = Builder(model)
    proposed = builder.edit(path, change, [given.expanduser() for given in knowledge or []])
    trying = (sys.stdin.isatty() and not yes) if tests is None else tests
    if add_tests and not proposed.changes_nothing:
        say("Looking for tests of what is new")
        proposed = proposed.with_tests(seconds=SECONDS, builder_model=builder.chat_model())
    if not as_json:
        _show(proposed)
    trial = tried(proposed) if trying else None
    if not as_json:
        tell(trial)
    try:
        only = _chosen(proposed, yes)
        if trying and only and len(only) < len(proposed.operations) and not agreed(proposed, only):
            only = []
    except UsageError as error:
        if not as_json or error.code != NOBODY:
            raise
        # The document is what was asked for; that nothing was written stands on stderr and in the exit code.
        document(_document(proposed, trial))
        say(f"gptsmith: {error}")
        raise typer.Exit(error.exit_code) from None
    version = proposed.apply(only) if only is None or only else None
    if as_json:
        document(_document(proposed, trial))
    elif version is not None:
        show(f"Wrote {path}, version {version.number}")
        say(f"Take it back: gptsmith undo {file}")
    if version is None and not _only_answers(proposed):
        say("Nothing was written")
        raise typer.Exit(1)


def _only_answers(change: Change) -> bool:
    """Say whether the message was a question, and all there is to say is the answer."""
    told = (change.missing, change.not_understood, change.unmet, change.locked)
    return change.changes_nothing and bool(change.reply) and not any(told)


def show_words(change: Change) -> None:
    """Print what a change does, one numbered sentence for each operation."""
    from gptsmith.agent.builder.session.proposing import list_words

    if change.words:
        show(list_words(change.words))


def _show(change: Change) -> None:
    from gptsmith.agent.builder.session.proposing import remarks

    show_words(change)
    diff_text(change.diff)
    for remark in remarks(change):
        (show if _only_answers(change) else say)(remark)
    if change.question:
        say(change.question)


def _chosen(change: Change, yes: bool) -> list[int] | None:
    """Ask what to apply: None for all, else the numbers. UsageError (NOBODY) when there is nobody to ask."""
    if change.changes_nothing or yes:
        return None
    if not sys.stdin.isatty():
        raise nobody("nothing is written")
    from gptsmith.agent.builder.session.decisions import decision

    alone = len(change.operations) == 1
    while True:
        question = "Write this? [y/N]" if alone else "Write all, ask one by one, or none? [a/o/N]"
        print(f"{question} ", end="", file=sys.stderr, flush=True)
        said = sys.stdin.readline().strip().lower()
        if said in ("", "n", "no", "none"):
            return []
        if said in ("a", "all", "y", "yes"):
            return None if not change.rules_at_risk else _each(change, only_risky=True)
        if said in ("o", "one", "one by one", "s", "some"):
            return _each(change)
        typed = decision(said, change)  # "only 1 and 3", "all but the name", "passt"
        if typed is None or typed.kind not in ("accept", "refuse"):
            continue
        if typed.kind == "refuse":
            return [n for n in range(len(change.operations)) if n not in typed.only] if typed.only else []
        if typed.only is not None:
            return typed.only
        return None if not change.rules_at_risk else _each(change, only_risky=True)


def _each(change: Change, only_risky: bool = False) -> list[int]:
    """Ask for each operation, or for those that would lose a rule of the person's."""
    risks = {risk.step: risk.question for risk in change.rules_at_risk}
    taken = []
    for number, words in enumerate(change.words):
        if only_risky and number not in risks:
            taken.append(number)
            continue
        question = risks.get(number, "")
        if ask(clean_line(f"{number + 1}. {words} {question}".strip()), yes=False, what="nothing is written"):
            taken.append(number)
    return taken


def _document(change: Change, trial: Trial | None) -> dict[str, Any]:
    """Return what `edit --json` prints; `version` is null when nothing was written."""
    return {
        "path": str(change.path),
        "words": change.words,
        "operations": [operation.model_dump(mode="json") for operation in change.operations],
        "diff": change.diff,
        "missing": [item.model_dump() for item in change.missing],
        "not_understood": change.not_understood,
        "unmet": change.unmet,
        "locked": [held.model_dump() for held in change.locked],
        "rules_at_risk": [risk.model_dump() for risk in change.rules_at_risk],
        "reply": change.reply,
        "question": change.question,
        "tests": trial.model_dump(mode="json") if trial else None,
        "version": change.version.number if change.version else None,
    }
