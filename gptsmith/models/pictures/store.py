"""The pictures of one assistant: their files in the folder of their conversation, their records in SQLite."""

from __future__ import annotations

import re
import threading
from contextlib import closing
from pathlib import Path

from gptsmith.errors import UsageError
from gptsmith.models.pictures.record import Picture, PictureRecord
from gptsmith.state import atomic_write, connect

_SCHEMA = [
    """
    CREATE TABLE pictures (
        thread TEXT NOT NULL, id TEXT NOT NULL, shown INTEGER NOT NULL, prompt TEXT NOT NULL, caption TEXT NOT NULL,
        seed INTEGER, record TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (thread, id)
    );
    CREATE INDEX pictures_created ON pictures (created);
    """
]
_NUMBER = re.compile(r"img_(\d+)")
IMAGES = "images"


class PictureStore:
    """The pictures of the assistant whose state folder is `folder`.

    A conversation's pictures, the attached ones included, share one row of ids: img_1, img_2, … Tries that were not
    chosen have ids of their own, and no model can name one. All lie in `threads/<thread>.files/images`, so that they go
    when the conversation is deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "pictures.sqlite"
        self._lock = threading.Lock()

    def images(self, thread: str) -> Path:
        """Return the folder of a conversation's pictures; without a conversation, one of the assistant's own."""
        return (self.folder / "threads" / f"{thread}.files" if thread else self.folder / "loose") / IMAGES

    def save(self, thread: str, picture: Picture, *, shown: bool = True, parameters: bool = True) -> PictureRecord:
        """Write a picture and its record; return the record with its new id and path."""
        with self._lock, closing(connect(self._file, _SCHEMA)) as db, db:
            folder = self.images(thread)
            folder.mkdir(parents=True, exist_ok=True)
            id = next_id(folder) if shown else f"try_{sum(1 for _ in folder.glob('try_*')) + 1}"
            path = folder / f"{id}.png"
            picture.record = record = picture.record.model_copy(update={"id": id, "path": str(path)})
            atomic_write(path, picture.png(parameters=parameters))
            values = (thread, id, shown, record.prompt, record.caption, record.seed, record.created)
            db.execute(
                "INSERT OR REPLACE INTO pictures (thread, id, shown, prompt, caption, seed, created, record) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, record.model_dump_json()),
            )
        return record

    def path(self, thread: str, id: str, *, tries: bool = False) -> Path:
        """Return the file of a picture, drawn or attached; with `tries` also one that was drawn and not chosen.

        Raises:
            UsageError: the conversation has no such picture; it names those that there are.
        """
        folder = self.images(thread)
        files = {p.stem: p for p in folder.iterdir()} if folder.is_dir() else {}
        if not tries:
            for record in self._records("thread = ? AND shown = 0", thread):
                files.pop(record.id, None)
        if id not in files:
            there = ", ".join(sorted(files, key=_number)[-10:])
            raise UsageError(
                f"there is no picture {id[:40]!r} in this conversation",
                hint=f"the pictures are: {there}" if there else "attach one first, or draw one",
            )
        return files[id]

    def last(self, thread: str) -> str:
        """Return the id of the conversation's last picture that was shown or attached; empty when it has none."""
        folder = self.images(thread)
        ids = sorted((p.stem for p in folder.iterdir()), key=_number) if folder.is_dir() else []
        hidden = {r.id for r in self._records("thread = ? AND shown = 0", thread)}
        return next((id for id in reversed(ids) if id not in hidden), "")

    def record(self, thread: str, id: str) -> PictureRecord | None:
        """Return the record of a picture; None for one that was not drawn here."""
        found = self._records("thread = ? AND id = ?", thread, id)
        return found[0] if found else None

    def history(self, thread: str, last: int = 8) -> list[PictureRecord]:
        """Return the last pictures that were shown in a conversation, oldest first."""
        return self._records("thread = ? AND shown = 1 ORDER BY rowid DESC LIMIT ?", thread, last)[::-1]

    def search(self, text: str = "", seed: int | None = None, last: int = 200) -> list[PictureRecord]:
        """Return pictures of all conversations, newest first, whose words hold `text` and whose seed is `seed`."""
        like = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
        found = self._records(
            "(prompt LIKE ? ESCAPE '\\' OR caption LIKE ? ESCAPE '\\') AND (? IS NULL OR seed = ?) "
            "ORDER BY created DESC LIMIT ?",
            like,
            like,
            seed,
            seed,
            last,
        )
        return [record for record in found if Path(record.path).is_file()]

    def _records(self, where: str, *values: object) -> list[PictureRecord]:
        if not self._file.is_file():
            return []
        with self._lock, closing(connect(self._file, _SCHEMA)) as db:
            rows = db.execute(f"SELECT record FROM pictures WHERE {where}", values).fetchall()  # noqa: S608
        return [PictureRecord.model_validate_json(row[0]) for row in rows]


def next_id(folder: Path) -> str:
    """Return the id of the next picture in a conversation's folder."""
    return f"img_{max((_number(path.stem) for path in folder.iterdir()), default=0) + 1}"


def _number(id: str) -> int:
    found = _NUMBER.fullmatch(id)
    return int(found[1]) if found else 0
