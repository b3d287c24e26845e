"""What a person has typed and not saved: kept in the state folder, so that a reload or a crash loses nothing.

Each browser tab keeps its own copy under a token of its own; a tab that is opened anew is offered those of others.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from gptsmith.state import atomic_write

Kind = Literal["form", "yaml"]

_TOKEN = re.compile(r"[a-z0-9]{4,40}\Z")
_KEPT_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Copy:
    """One unsaved text: `base` is the digest of the file that it was made from, `at` seconds since 1970."""

    kind: Kind
    token: str
    text: str
    base: str
    at: float

    @property
    def clock(self) -> str:
        """When it was last changed, as a person reads it."""
        day = "" if time.time() - self.at < 12 * 3600 else "%d %B, "
        return time.strftime(f"{day}%H:%M", time.localtime(self.at))


class Unsaved:
    """The unsaved texts of one assistant, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, kind: Kind, token: str, text: str, base: str) -> None:
        """Keep what a tab has typed so far."""
        copy = Copy(kind, token, text, base, time.time())
        atomic_write(self._file(kind, token), json.dumps(asdict(copy), ensure_ascii=False))

    def drop(self, kind: Kind, token: str) -> None:
        """Forget what a tab has typed: it was saved, or is not wanted."""
        self._file(kind, token).unlink(missing_ok=True)

    def others(self, kind: Kind, token: str) -> list[Copy]:
        """Return what other tabs, or this one before a reload, have left; the newest first."""
        found = [self._read(file) for file in self._folder.glob(f"{kind}-*.json")]
        copies = [copy for copy in found if copy and copy.token != token]
        return sorted(copies, key=lambda copy: -copy.at)

    def _read(self, file: Path) -> Copy | None:
        try:
            copy = Copy(**json.loads(file.read_text("utf-8")))
            old = time.time() - copy.at > _KEPT_SECONDS
        except (OSError, ValueError, TypeError):  # gone meanwhile, or not one of ours
            return None
        if old:
            with contextlib.suppress(OSError):
                file.unlink()
        return None if old else copy

    def _file(self, kind: Kind, token: str) -> Path:
        if not _TOKEN.match(token):
            raise ValueError("a tab's token is made by the program")
        return self._folder / f"{kind}-{token}.json"
