"""The options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gptsmith.assistants.format.loader import Loaded

File = Annotated[
    str, typer.Argument(metavar="FILE", help="A spec's path, or an id of the library.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, remarks on stderr.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Allow what a spec alone may not: its code, commands and outside paths.")
]
AllowHosted = Annotated[
    bool, typer.Option("--allow-hosted", help="Let a fallback send away what a model on this machine had.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree beforehand; for scripts.")]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="PROVIDER:NAME", help="Use this chat model instead.", show_default=False),
]


def locate(file: str) -> Path:
    """Return the path of the spec that `file`, a path or an id, names; UsageError when there is none."""
    from gptsmith.assistants.files.library import find_library

    return find_library().find(file)


def load_trusted(file: str, trust: bool) -> Loaded:
    """Load the spec that `file` names, to run it.

    Raises SpecError, and NotReadyError (`trust_required`) when it wants more than a spec may and `trust` is not given.
    """
    from gptsmith.assistants.files.trust import require_trust
    from gptsmith.assistants.format.loader import load_file

    loaded = load_file(locate(file))
    require_trust(loaded, trust)
    return loaded
