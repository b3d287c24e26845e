"""A change tried on the spec's tests before anybody decides, told in the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gptsmith.ui.cli.output import ask, say

if TYPE_CHECKING:
    from gptsmith.agent.builder.edits import Change
    from gptsmith.agent.builder.trial import Trial

SECONDS = 30.0
"""How long a person is made to wait for the tests of a change."""


def tried(change: Change, only: Iterable[int] | None = None) -> Trial | None:
    """Run the tests on the file as it is and as the change, or a part of it, would leave it; None without any."""
    from gptsmith.agent.builder.trials import compare
    from gptsmith.assistants.loader import load_file
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
