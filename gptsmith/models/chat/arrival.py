"""The default language model on its way: fetched beside the first page, unless the person says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gptsmith.errors import GptsmithError
from gptsmith.models.chat.providers import FetchWish, read_settings, wish_to_fetch
from gptsmith.models.shelf import Progress, Shelf, ShelfModel
from gptsmith.models.shelf.fetching import fetches
from gptsmith.models.shelf.sources import fetch_off


@dataclass(frozen=True)
class Arrival:
    """How far the default model is: `done` of `model.size` bytes; `problem` says why it did not come, in a few words.

    `damaged`: what is here is not what was published.
    `here`: there is nothing to fetch, or another model answers anyway; `declined`: the person said no, by a click or
    `GPTSMITH_FETCH=off`; `waiting`: nothing was begun yet.
    """

    state: Literal["here", "declined", "waiting", "coming", "paused", "failed"]
    model: ShelfModel | None = None
    done: int = 0
    progress: Progress | None = None
    problem: str = ""
    damaged: bool = False


def begin() -> None:
    """Fetch the default model in the background where it is wanted and missing; returns at once, raises nothing."""
    now = look()
    if now.state == "waiting" and now.model is not None:
        fetches().start(now.model.name)


def look() -> Arrival:
    """Tell how far the default model is."""
    shelf = Shelf()
    status = shelf.status(shelf.default_name())
    model, running = status.model, fetches().of(status.model.name)
    if running.active and not running.pausing:
        progress = running.progress
        return Arrival("coming", model, progress.done if progress else status.done, progress)
    wish = _wish()
    if status.state == "here" or not _is_used():
        return Arrival("here", model)
    damaged = status.state == "altered"
    if fetch_off() or wish == "no":
        return Arrival("declined", model, status.done, damaged=damaged)
    if wish == "later" or running.pausing:
        return Arrival("paused", model, status.done)
    if running.error:
        return Arrival("failed", model, status.done, problem=_in_short(running.code))
    return Arrival("waiting", model, status.done, damaged=damaged)


def wish(name: str, wished: FetchWish) -> None:
    """Fetch, pause or give up a model as the person wishes; for the default model that is kept.

    Raises UsageError for an unknown model.
    """
    shelf = Shelf()
    if shelf.entry(name).name in [model.name for model in shelf.defaults()]:
        wish_to_fetch(wished)
    if wished == "yes":
        fetches().start(name)
    else:
        fetches().pause(name)


def _wish() -> FetchWish:
    try:
        return read_settings().fetch
    except GptsmithError:  # what is wrong with the file is said where the model is chosen
        return "no"


def _is_used() -> bool:
    """Tell whether the default model would write here: nothing else answers, and its engine runs on this machine."""
    from gptsmith.models.chat.embedded.tasks import can_write
    from gptsmith.models.chat.factory import choose_model

    try:
        return can_write() and choose_model(None).provider == "embedded"
    except GptsmithError:
        return False


def _in_short(code: str) -> str:
    return {
        "not_fetched": "none of the places that have it could be reached",
        "no_space": "the disk has too little room",
        "no_state_folder": "its folder cannot be written",
    }.get(code, "fetching it failed")
