"""Fetches that run beside everything else in this process: begun, paused and looked at from anywhere."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gptsmith.errors import GptsmithError
from gptsmith.models.shelf.progress import Progress
from gptsmith.models.shelf.shelf import Shelf

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Running:
    """A fetch of this process: `progress` as last reported, `error` and its `code` why it ended without the model."""

    active: bool = True
    pausing: bool = False
    progress: Progress | None = None
    error: str = ""
    code: str = ""


class Fetches:
    """The fetches of one shelf. A worker thread each, which ends with the process; what came is kept."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._guard = threading.Lock()
        self._all: dict[str, tuple[Running, threading.Event]] = {}

    def start(self, name: str) -> None:
        """Fetch a model in the background, unless that is going on already; UsageError for an unknown one."""
        name = self.shelf.entry(name).name
        with self._guard:
            if self._state(name).active:
                running, stop = self._all[name]
                stop.clear()  # a pause that has not been noticed yet is taken back
                self._all[name] = (replace(running, pausing=False), stop)
                return
            stop = threading.Event()
            self._all[name] = (Running(), stop)
        threading.Thread(target=self._run, args=(name, stop), name=f"fetch-{name}", daemon=True).start()

    def pause(self, name: str) -> None:
        """End a fetch at the next piece; `start` goes on from there."""
        with self._guard:
            if name in self._all and self._all[name][0].active:
                running, stop = self._all[name]
                stop.set()
                self._all[name] = (replace(running, pausing=True), stop)

    def of(self, name: str) -> Running:
        """Return how the fetch of a model stands; not active when there is none."""
        with self._guard:
            return self._state(name)

    @property
    def busy(self) -> bool:
        """Say whether anything is being fetched."""
        with self._guard:
            return any(running.active for running, _ in self._all.values())

    def _state(self, name: str) -> Running:
        return self._all[name][0] if name in self._all else Running(active=False)

    def _run(self, name: str, stop: threading.Event) -> None:
        while True:
            error, code = self._fetch(name, stop)
            with self._guard:
                if code == "stopped" and not stop.is_set():
                    continue  # the pause was taken back while it took effect
                ended = replace(self._all[name][0], active=False, pausing=False, error=error, code=code)
                self._all[name] = (ended, stop)
                return

    def _fetch(self, name: str, stop: threading.Event) -> tuple[str, str]:
        """Fetch a model; return the message and the code of what went wrong."""
        try:
            self.shelf.get(name, lambda progress: self._report(name, progress), stop)
        except GptsmithError as failure:
            return ("" if failure.code == "stopped" else str(failure)), failure.code
        except Exception as failure:  # noqa: BLE001 (the thread's last door: a page that looks must see it ended)
            _LOG.exception("the fetch of %s failed", name)
            return f"{type(failure).__name__}: {failure}", ""
        return "", ""

    def _report(self, name: str, progress: Progress) -> None:
        with self._guard:
            running, stop = self._all[name]
            self._all[name] = (replace(running, progress=progress), stop)


def fetches() -> Fetches:
    """Return the fetches of this process for the shelf of the state folder."""
    return _fetches(Shelf().root)


@cache
def _fetches(_root: Path) -> Fetches:
    return Fetches(Shelf())
