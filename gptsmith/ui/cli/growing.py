"""A draft in the terminal while it is written: each part as soon as it is there; Ctrl-C ends it with what is there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gptsmith.ui.cli.output import say

if TYPE_CHECKING:
    from types import FrameType

    from gptsmith.assistants.draft import Draft
    from gptsmith.assistants.drafting import Drafting

_ENDING = "Ending with what is there. Ctrl-C once more gives it up."


@contextmanager
def growing() -> Iterator[Drafting]:
    """Show the draft that is written meanwhile, on stderr; the first Ctrl-C ends the writing, a second one gives up."""
    from gptsmith.assistants.drafting import Drafting, parts_of

    said: set[tuple[str, str]] = set()

    def show(draft: Draft) -> None:
        for label, text in parts_of(draft):
            if (label, text) not in said:
                said.add((label, text))
                say(f"  {label}: {text}")

    drafting = Drafting(show)
    if threading.current_thread() is not threading.main_thread():  # only there a signal can be heard
        yield drafting
        return

    def hurry(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        if not said:
            raise KeyboardInterrupt
        say(_ENDING)
        drafting.stop()

    before = signal.signal(signal.SIGINT, hurry)
    try:
        yield drafting
    finally:
        signal.signal(signal.SIGINT, before)
