"""Files that programs upload to name them in a later request: each key sees its own."""

from __future__ import annotations

import json
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gptsmith.state import atomic_write, home
from gptsmith.ui.http.conversation import MAX_FILE, Given, safe_name
from gptsmith.ui.http.faults import Refusal, wrong
from gptsmith.ui.http.keys import Key

MOST = 1000
_ID = re.compile(r"file-[0-9a-f]{24}\Z")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Uploads:
    """The uploaded files under `folder`, by default in the state folder."""

    folder: Path | None = None

    def add(self, key: Key, name: str, data: bytes, purpose: str) -> dict[str, Any]:
        """Keep a file and return what is known of it.

        Raises:
            Refusal: it is empty or too large, or the key has too many.
        """
        if not data:
            raise wrong("The file is empty.", "file")
        if len(data) > MAX_FILE:
            raise Refusal(413, f"A file may have {MAX_FILE // 1_000_000} MB.", param="file")
        place = self._place(key)
        if sum(1 for _ in place.glob("*.json")) >= MOST:
            raise Refusal(400, f"{MOST} files are kept for a key; delete some.", code="too_many_files")
        id = f"file-{secrets.token_hex(12)}"
        about = {"id": id, "object": "file", "bytes": len(data), "created_at": int(time.time())}
        about |= {"filename": safe_name(name), "purpose": purpose[:64], "status": "processed"}
        atomic_write(place / f"{id}.data", data)
        atomic_write(place / f"{id}.json", json.dumps(about))
        return about

    def all(self, key: Key) -> list[dict[str, Any]]:
        """Return what is known of a key's files, the newest first."""
        found = [json.loads(path.read_text("utf-8")) for path in self._place(key).glob("*.json")]
        return sorted(found, key=lambda about: -int(about["created_at"]))

    def about(self, key: Key, id: str) -> dict[str, Any]:
        """Return what is known of a file. Raises Refusal where the key has none of that id."""
        made: dict[str, Any] = json.loads(self._path(key, id, "json").read_text("utf-8"))
        return made

    def data(self, key: Key, id: str) -> bytes:
        """Return a file's bytes. Raises Refusal where the key has none of that id."""
        return self._path(key, id, "data").read_bytes()

    def delete(self, key: Key, id: str) -> None:
        """Forget a file. Raises Refusal where the key has none of that id."""
        self._path(key, id, "json").unlink(missing_ok=True)
        (self._place(key) / f"{id}.data").unlink(missing_ok=True)

    def given(self, key: Key, id: str) -> Given:
        """Return a file as a message brings it along. Raises Refusal where the key has none of that id."""
        name = self.about(key, id)["filename"]
        return Given(name, self.data(key, id), name.lower().endswith(_PICTURES))

    def _place(self, key: Key) -> Path:
        place = (self.folder or home()) / "uploads" / (key.id or "local")
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def _path(self, key: Key, id: str, ending: str) -> Path:
        path = self._place(key) / f"{id}.{ending}"
        if not _ID.match(id) or not path.is_file():
            raise Refusal(404, f"There is no file {id[:60]!r}.", code="not_found", param="file_id")
        return path
