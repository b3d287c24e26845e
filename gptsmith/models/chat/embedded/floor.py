"""What the embedded model says where no language model writes for it: what is missing, and how far it is."""

from __future__ import annotations

import importlib.util

from gptsmith.models.chat.arrival import Arrival, look
from gptsmith.models.chat.embedded.tasks import can_write, is_off
from gptsmith.models.chat.local.engine import lacks_instructions
from gptsmith.models.shelf import size_words

CONNECT = "I cannot answer that in my own words yet: that takes a language model, and"
"""How the sentence begins, whatever is missing; the page and the terminal show behind it how to get one."""


def not_in_my_words() -> str:
    """Return the one sentence that stands in the place of a free answer."""
    return f"{CONNECT} {_missing() if not can_write() else _how_far(look())}."


def _missing() -> str:
    """Say why none would run here, were it there."""
    if is_off():
        return "it is switched off here (GPTSMITH_MIND)"
    if lacking := lacks_instructions():
        return f"this processor has no {lacking}, which one on this machine needs"
    if importlib.util.find_spec("xllamacpp") is None:
        return "the package that runs one on this machine, xllamacpp, is not installed"
    return "none runs on this machine"


def _how_far(now: Arrival) -> str:
    if now.model is None:
        return "none is here yet"
    title, size = now.model.title, size_words(now.model.size)
    share = f"{100 * now.done // max(1, now.model.size)}% of {size}"
    if now.state == "coming":
        left = now.progress.time_left if now.progress else ""
        return f"{title} is on its way: {share} {f'are here, {left} left' if left else 'are here'}"
    if now.state == "paused":
        return f"the download of {title} is paused: {share} are here"
    if now.state == "failed":
        return f"{title} could not be fetched: {now.problem}"
    if now.damaged:
        return f"the file of {title} is damaged and has to be fetched again ({size})"
    return f"{title} ({size}) is not here yet" if not now.done else f"of {title} only a part is here: {share}"
