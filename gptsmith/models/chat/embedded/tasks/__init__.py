"""The small tasks of the local model: one short text each, by a fixed prompt, bounded by a grammar, checked by code."""

from __future__ import annotations

from pathlib import Path

from gptsmith.models.chat.local.prompts import Prompt, load_prompt

_PROMPTS = Path(__file__).with_name("prompts")

LATIN = r"[^\n\u3000-\u9fff\uac00-\ud7af]"
"""GBNF: a letter of one line; a small model slips into Chinese where nothing stops it."""


def prompt(name: str) -> Prompt:
    """Return the prompt of a task."""
    return load_prompt(_PROMPTS / f"{name}.txt")


def line(least: int, most: int, letters: str = LATIN) -> str:
    """Return the GBNF of one line of `least` to `most` characters."""
    return f"{letters}{{{least},{most}}}"
