"""The command line: `gptsmith`, one module per group of commands."""

from __future__ import annotations

from gptsmith.ui.cli.app import main, run

__all__ = ["main", "run"]
