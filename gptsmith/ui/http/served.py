"""The assistants behind the doors: named once, loaded when first asked, loaded again when their file changes."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gptsmith import Assistant
from gptsmith.assistants.files.library import Library, find_library
from gptsmith.errors import SpecError, UsageError

Mark = tuple[int, int]
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


@dataclass
class _Loaded:
    assistant: Assistant
    mark: Mark


@dataclass
class Served:
    """The assistants of some spec files, or of a whole library (`files` empty). Safe across threads."""

    files: Sequence[Path] = ()
    library: Library | None = None
    trust: bool = False
    model: str | None = None
    _loaded: dict[Path, _Loaded] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def all(self) -> list[Assistant]:
        """Return every assistant that loads, each id once."""
        paths = list(self.files) or [entry.path for entry in self._shelf().entries() if not entry.error]
        found: dict[str, Assistant] = {}
        for path in paths:
            try:
                assistant = self._get(path)
            except (SpecError, UsageError):  # changed into something wrong, or gone, while it is served
                continue
            found.setdefault(assistant.spec.id or "assistant", assistant)
        return list(found.values())

    def find(self, id: str) -> Assistant | None:
        """Return the assistant called `id`, None when there is none.

        Raises:
            SpecError: its file is wrong by now.
        """
        if self.files:
            return next((a for a in self.all() if (a.spec.id or "assistant") == id), None)
        if not _ID.match(id):
            return None
        try:
            path = self._shelf().find(id)
        except UsageError:
            return None
        return self._get(path) if path.parent in self._shelf_folders() else None

    def close(self) -> None:
        """Let go of every assistant."""
        with self._lock:
            for one in self._loaded.values():
                one.assistant.close()
            self._loaded.clear()

    def _shelf(self) -> Library:
        return self.library or find_library()

    def _shelf_folders(self) -> tuple[Path, ...]:
        from gptsmith.assistants.files.library import shipped_specs

        return (self._shelf().specs, shipped_specs())

    def _get(self, path: Path) -> Assistant:
        with self._lock:
            try:
                about = path.stat()
            except OSError as error:
                raise UsageError(f"there is no file {path}", code="not_found") from error
            mark, known = (about.st_mtime_ns, about.st_size), self._loaded.get(path)
            if known is None or known.mark != mark:
                made = Assistant.from_file(path, trust=self.trust, model=self.model)
                known = self._loaded[path] = _Loaded(made, mark)
            return known.assistant
