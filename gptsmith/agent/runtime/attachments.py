"""Files that a person gives with a message: copied to the thread, texts searched there, pictures shown and named."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.agent.runtime.letters import whole
from gptsmith.agent.runtime.searching import Before, asks_of_files, named_in, queries_for, search_all
from gptsmith.agent.runtime.turn import Turn
from gptsmith.assistants.spec import Knowledge
from gptsmith.errors import UsageError
from gptsmith.rag.reading import pictures
from gptsmith.rag.reading.parsed import Unreadable
from gptsmith.rag.reading.process import ReadingProcess

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.rag.base import KnowledgeBase
    from gptsmith.rag.hit import Hit, Receipt

MAX_BYTES = 50_000_000
_NAME = "attached"


@dataclass(frozen=True)
class _Given:
    """A file that was read through once: what of it is kept, and how it is called."""

    name: str
    kind: str
    data: bytes
    suffix: str


class Attachments:
    """The files of one thread, in its own folder under the assistant's state."""

    def __init__(self, engine: Engine, thread_id: str) -> None:
        self.folder = engine.folder / "threads" / f"{thread_id}.files"

    @property
    def any(self) -> bool:
        """Whether the thread has text files to search."""
        return (self.folder / "texts").is_dir()

    def take(self, files: list[str]) -> list[dict[str, str]]:
        """Copy files to the thread; return what is kept of each: id, name, kind (image or document) and file.

        Raises:
            UsageError: a file is not there, too big, or cannot be read, with the reason; nothing was copied then.
        """
        return [self._copy(given) for given in _read_through(files)]

    def _copy(self, given: _Given) -> dict[str, str]:
        folder = self.folder / ("images" if given.kind == "image" else "texts")
        folder.mkdir(parents=True, exist_ok=True)
        if given.kind == "image":
            from gptsmith.models.pictures.store import next_id

            id = next_id(folder)
            target = folder / f"{id}{given.suffix}"
        else:
            target = _free(folder, given.name)
            id = target.name
        target.write_bytes(given.data)
        return {"id": id, "name": whole(given.name), "kind": given.kind, "file": str(target.relative_to(self.folder))}

    @cached_property
    def _base(self) -> KnowledgeBase:
        from gptsmith.rag.base import KnowledgeBase

        source = Knowledge(name=_NAME, paths=["./*"])
        return KnowledgeBase([source], self.folder / "texts", self.folder / "index")

    def search(self, turn: Turn, message: str, before: Before, files: list[dict[str, str]]) -> bool:
        """Search the thread's own text files; return whether the message asks of them alone.

        Who attaches a file asks about it: those of `files`, which came with this message, or that the message names are
        shown from their beginning, and whole where they are short.
        """
        if not self.any:
            return False
        turn.cites = True
        new = [file["id"] for file in files if file["kind"] == "document"]
        with self._base as base:
            known = [receipt.source for receipt in self._sync(base, turn)]
            meant = named_in(message, known) or new
            alone = meant != new or asks_of_files(message, new=bool(new))
            queries = queries_for(message, Before() if new else before)
            hits = base.opening(meant) if meant else []
            hits += [hit for hit in search_all(base.search, queries) if not (meant and alone) or hit.source in meant]
        turn.passages = (turn.passages or []) + turn.found(queries[-1], _apart(hits), [_NAME])
        return alone and bool(hits)

    def _sync(self, base: KnowledgeBase, turn: Turn) -> list[Receipt]:
        if not base.stale():
            return base.receipts()
        receipts = base.sync(lambda text: turn.emit("progress", {"stage": "index", "text": text}))
        for receipt in receipts:
            if receipt.status != "ok":
                text = f"{receipt.source} is not searched: {receipt.reason}"
                turn.emit("progress", {"stage": "index", "text": text})
        return receipts


def _read_through(files: list[str]) -> list[_Given]:
    """Read each file once, so that what cannot be read is said before the message is sent."""
    with ReadingProcess() as reader:
        return [_given(Path(file), reader) for file in files]


def _given(path: Path, reader: ReadingProcess) -> _Given:
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="check the name; folders cannot be attached")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB", hint="attach a smaller file")
    data, name = path.read_bytes(), unicodedata.normalize("NFC", path.name)
    try:
        if pictures.is_picture(name, data):
            picture = pictures.fitted(name, data)
            return _Given(name, "image", picture.data, picture.suffix)
        if not reader.read(data, name).text.strip():
            raise Unreadable("it holds no text")
    except Unreadable as error:
        raise UsageError(f"{name} cannot be read: {error}") from error
    return _Given(name, "document", data, path.suffix.lower())


def _apart(hits: list[Hit]) -> list[Hit]:
    """Return the hits without those that lie within another one."""
    kept: list[Hit] = []
    for hit in hits:
        inside = (o.document_id == hit.document_id and o.start <= hit.start and hit.end <= o.end for o in kept)
        if not any(inside):
            kept.append(hit)
    return kept


def _free(folder: Path, name: str) -> Path:
    """Return a path in `folder` for a file of the person's, with a name that is safe and not taken."""
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    safe = "".join(c if c.isalnum() or c in "-_. " else "_" for c in stem).strip(". ")[:80] or "file"
    target, n = folder / f"{safe}{suffix}", 2
    while target.exists():
        target, n = folder / f"{safe}-{n}{suffix}", n + 1
    return target
