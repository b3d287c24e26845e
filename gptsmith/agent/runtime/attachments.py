"""Files that a person gives with a message: copied to the thread, texts searched there, pictures shown and named."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.agent.runtime.searching import queries_for, search_all
from gptsmith.agent.runtime.turn import Turn
from gptsmith.assistants.spec import Knowledge
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.rag.base import KnowledgeBase

MAX_PIXELS = 25_000_000
MAX_BYTES = 50_000_000
_PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_DOCUMENTS = {".txt", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".rst", ".csv"}
_NAME = "attached"


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
            UsageError: a file is not there, of no known kind, or too big; nothing was copied then.
        """
        checked = [(Path(file), _kind(Path(file))) for file in files]
        return [self._copy(path, kind) for path, kind in checked]

    def _copy(self, path: Path, kind: str) -> dict[str, str]:
        folder = self.folder / ("images" if kind == "image" else "texts")
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "image":
            id = f"img_{sum(1 for _ in folder.iterdir()) + 1}"
            target = folder / f"{id}{path.suffix.lower()}"
        else:
            target = _free(folder, path.name)
            id = target.name
        shutil.copyfile(path, target)
        return {"id": id, "name": path.name, "kind": kind, "file": str(target.relative_to(self.folder))}

    @cached_property
    def _base(self) -> KnowledgeBase:
        from gptsmith.rag.base import KnowledgeBase

        source = Knowledge(name=_NAME, paths=["./*"])
        return KnowledgeBase([source], self.folder / "texts", self.folder / "index")

    def search(self, turn: Turn, message: str, previous: str) -> None:
        """Search the thread's own text files, whatever the message is: who attaches a file asks about it."""
        if not self.any:
            return
        turn.cites = True
        with self._base as base:
            if base.stale():
                for receipt in base.sync(lambda text: turn.emit("progress", {"stage": "index", "text": text})):
                    if receipt.status != "ok":
                        text = f"{receipt.source} is not searched: {receipt.reason}"
                        turn.emit("progress", {"stage": "index", "text": text})
            queries = queries_for(message, previous)
            hits = search_all(base.search, queries)
        turn.passages = (turn.passages or []) + turn.found(queries[-1], hits, [_NAME])


def _kind(path: Path) -> str:
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="check the name; folders cannot be attached")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB", hint="attach a smaller file")
    if _picture_type(path):
        return "image"
    if path.suffix.lower() in _DOCUMENTS:
        return "document"
    known = ", ".join(sorted(_DOCUMENTS | {".png", ".jpg", ".webp", ".gif"}))
    raise UsageError(f"{path.name} is of no kind that can be attached", hint=f"these can: {known}")


def _picture_type(path: Path) -> str:
    """Return the media type of a picture, an empty text for anything else; only the head is read.

    Raises:
        UsageError: the picture has more pixels than it is safe to open.
    """
    import warnings

    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(_PICTURES)) as picture:
                width, height = picture.size
                kind = _PICTURES[picture.format or "PNG"]
    except (UnidentifiedImageError, OSError):
        return ""
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        width, height, kind = MAX_PIXELS, 2, ""
    if width * height > MAX_PIXELS:
        raise UsageError(
            f"{path.name} has more than {MAX_PIXELS // 1_000_000} million pixels", hint="attach a smaller picture"
        )
    return kind


def _free(folder: Path, name: str) -> Path:
    """Return a path in `folder` for a file of the person's, with a name that is safe and not taken."""
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    safe = "".join(c if c.isalnum() or c in "-_. " else "_" for c in stem).strip(". ")[:80] or "file"
    target, n = folder / f"{safe}{suffix}", 2
    while target.exists():
        target, n = folder / f"{safe}-{n}{suffix}", n + 1
    return target
