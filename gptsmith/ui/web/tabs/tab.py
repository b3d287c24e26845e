"""A tab of the workspace: what it is called, where it stands, and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gptsmith.ui.web.state.bench import Bench, Sheet
from gptsmith.ui.web.state.desk import Desk


@dataclass(frozen=True)
class Tab:
    """One tab; `place` orders the tabs from left to right.

    `writes` hides it where the file is read-only, `reads` says that it needs a file that can be read, and the one that
    `mends` is opened first where the file has errors.
    """

    label: str
    place: int
    draw: Callable[[Desk, Bench, Sheet], None]
    writes: bool = False
    reads: bool = False
    mends: bool = False
