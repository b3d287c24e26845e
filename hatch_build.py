"""The build step that puts the shipped assistants into the wheel.

Only those that `assistants/specs/shipped.txt` names go in, each with its `<id>.files/`: what a person made in a clone
stays theirs. An editable install takes none: it reads the repository's own folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SPECS = "assistants/specs"
INSIDE = f"gptsmith/shipped/{SPECS}"


class ShippedAssistants(BuildHookInterface):  # type: ignore[type-arg]
    """Add the listed specs and their folders to a wheel as `gptsmith/shipped/assistants/specs/`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        specs = Path(self.root) / SPECS
        names = ["shipped.txt"]
        for assistant in (specs / "shipped.txt").read_text(encoding="utf-8").split():
            names.append(f"{assistant}.assistant.yaml")
            if (specs / f"{assistant}.files").is_dir():
                names.append(f"{assistant}.files")
        for name in names:
            build_data["force_include"][str(specs / name)] = f"{INSIDE}/{name}"
