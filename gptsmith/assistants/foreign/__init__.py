"""Assistants of other programs: read from their own formats, with a list of what could not be carried over.

Each format is one module with `NAME`, `fits(given)` and `read(given)`; a new one is one more name in `FORMATS`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from gptsmith.assistants.foreign.carried import Foreign, Left
from gptsmith.assistants.foreign.given import read, refused

FORMATS = (
    "character_card", "m365_agent", "langchain_prompt", "huggingchat", "open_webui", "librechat", "docker_agent",
    "openai_gpt", "agent_skill", "agents_md",
)  # fmt: skip
"""The formats, those that say their own name first."""

__all__ = ["FORMATS", "Foreign", "Left", "read_foreign"]


def read_foreign(path: str | Path) -> list[Foreign]:
    """Return the assistants in a file or folder of another program; nothing is written or run.

    Raises:
        UsageError: no format fits, or what is there is not taken in, with the reason.
        SpecError: what it becomes is no valid spec.
    """
    given = read(Path(path).expanduser())
    for module in (_module(name) for name in FORMATS):
        if module.fits(given):
            made: list[Foreign] = module.read(given)
            for one in made:
                one.check()
            return made
    names = ", ".join(_module(name).NAME for name in FORMATS)
    raise refused(given.path, f"it is none of: {names}")


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")
