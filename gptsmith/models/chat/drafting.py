"""Who watches a draft while it is written: it is shown as it grows, and can be told to end with what is there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEY = "drafting"
"""Under `configurable` of the configuration with which a model is asked for a draft."""


def _unseen(_: Any) -> None:
    pass


@dataclass(frozen=True)
class Drafting:
    """`show` is given each state of the draft, the first as soon as there is one; `stop` ends the writing of more.

    A model that returns its draft in one piece shows nothing, and cannot be stopped.
    """

    show: Callable[[Any], None] = _unseen
    _stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    def stop(self) -> None:
        """Ask the model to end: what is written so far is the draft."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Tell whether `stop` was called."""
        return self._stopped.is_set()


def drafting_of(config: Any) -> Drafting:
    """Return who watches the draft that is asked for with this configuration; somebody who does not, without one."""
    found = ((config or {}).get("configurable") or {}).get(KEY)
    return found if isinstance(found, Drafting) else Drafting()


def parts_of(draft: Any) -> list[tuple[str, str]]:
    """Return what there is to read of a draft that is not whole yet: what each part is, and its text."""
    parts = [("Name", draft.name), ("What it does", draft.description)]
    parts += [("Rule", rule) for rule in draft.emphasis]
    parts += [("Tone", draft.tone), ("Greeting", draft.welcome_message)]
    parts += [("Starter", starter) for starter in draft.conversation_starters]
    return [(label, text) for label, text in parts if text]
