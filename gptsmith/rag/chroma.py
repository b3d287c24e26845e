"""The Chroma cache of the vectors: quick for very many passages, made again from SQLite whenever in doubt.

Only the process that holds the file lock opens it. A mark lies on the disk while it is written: found at opening, it
means that a writer died, and the folder is thrown away unopened. A new collection is filled aside, checked, then
used; few changes go into the old one, which nobody searches meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import shutil
import threading
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gptsmith.errors import GptsmithError
from gptsmith.rag.index import Dense, Index
from gptsmith.state import atomic_write, lock

log = logging.getLogger(__name__)

_BATCH = 2_000
_SAMPLES = 5
_CHANGED = 0.2  # the share of vectors that may differ for a collection to be changed instead of filled anew
_CLOSE = 1e-3  # a vector's distance to itself, after float32 and the index


class NearestPlaces(NamedTuple):
    """Places in `Dense.matrix` and their cosines, best first."""

    places: NDArray[np.int64]
    cosines: NDArray[np.float32]


class _Ready(NamedTuple):
    """A collection that was checked, and the place in the matrix of each of its ids."""

    collection: Any
    places: dict[str, int]


class ChromaCache:
    """The vectors of one assistant's knowledge in an embedded Chroma, kept in step by a thread of its owner."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / "chroma.json"
        self._mark = folder / "chroma.writing"
        self._guard = threading.Lock()
        self._owned = contextlib.ExitStack()
        self._owner = False
        self._client: Any = None
        self._ready: dict[str, _Ready] = {}  # by the key of the vectors
        self._thread: threading.Thread | None = None

    def keep_in_step(self, index: Index) -> None:
        """Bring the cache in step with `index` on a thread of its own; search is exact until it is."""
        self.wait()
        if self._own() and index.dense:
            self._thread = threading.Thread(target=self._step, args=(index,), name="gptsmith-chroma", daemon=True)
            self._thread.start()

    def drop(self) -> None:
        """Throw the cache away where there is one: search is exact. Another process that owns it keeps it."""
        self.wait()
        if not self._note.exists() and not any(self._folder.glob("chroma-*")):
            return
        if self._own():
            with self._guard:
                self._discard()
                self._note.unlink(missing_ok=True)
                self._mark.unlink(missing_ok=True)

    def wait(self) -> None:
        """Wait until the cache is in step."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Finish writing, let go of the files and of the ownership."""
        self.wait()
        with self._guard:
            self._shut()
            self._owned.close()
            self._owner = False

    def nearest(self, dense: Dense, vector: NDArray[np.float32], count: int) -> NearestPlaces | None:
        """Return the passages nearest to `vector`; None when the cache is not in step, so that search stays exact."""
        if not self._guard.acquire(blocking=False):
            return None
        try:
            ready = self._ready.get(dense.key)
            if ready is None:
                return None
            found = ready.collection.query([vector], n_results=min(count, len(ready.places)), include=["distances"])
            places = np.array([ready.places[i] for i in found["ids"][0]], dtype=np.int64)
            return NearestPlaces(places, 1.0 - np.array(found["distances"][0], dtype=np.float32))
        except Exception as error:  # noqa: BLE001 - a cache that fails in any way is left alone; SQLite has the truth
            log.warning("the vector cache failed (%s) and is not used", type(error).__name__)
            self._ready.clear()
            return None
        finally:
            self._guard.release()

    def in_step(self, index: Index) -> bool:
        """Say whether every vector of `index` is in the cache and answers."""
        return all(d.key in self._ready for d in index.dense)

    def _own(self) -> bool:
        if not self._owner:
            try:
                self._owned.enter_context(lock(self._folder / "chroma.lock", timeout=0))
            except GptsmithError:  # another process owns it
                return False
            self._owner = True
        return True

    def _step(self, index: Index) -> None:
        with self._guard:
            try:
                self._bring(index)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - Chroma's panics are no Exception; nothing depends on the cache
                log.warning("the vector cache could not be written (%s); search stays exact", type(error).__name__)
                self._ready.clear()

    def _bring(self, index: Index) -> None:
        wanted = {dense.key: dense for dense in index.dense}
        if set(wanted) == set(self._ready):
            return
        self._ready = {}
        try:
            known = self._open()
            if set(wanted) <= known:
                self._ready = {key: self._known(dense) for key, dense in wanted.items()}
            else:
                self._build(wanted)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - absent or damaged (its panics are no Exception): build it anew
            log.info("the vector cache is built again (%s)", error)
            self._discard()
            self._build(wanted)

    def _known(self, dense: Dense) -> _Ready:
        collection = self._client.get_collection(_name(dense), embedding_function=None)
        _check(collection, dense)
        return _Ready(collection, _places(dense))

    def _build(self, wanted: dict[str, Dense]) -> None:
        self._mark.touch()
        if self._client is None:
            self._start(self._folder / f"chroma-{secrets.token_hex(6)}")
        old = {collection.name for collection in self._client.list_collections()}
        ready = {key: self._changed(dense, old) or self._filled(dense) for key, dense in wanted.items()}
        for name in old:
            self._client.delete_collection(name)
        self._ready = ready
        self._mark.unlink(missing_ok=True)

    def _changed(self, dense: Dense, old: set[str]) -> _Ready | None:
        """Turn an old collection into the wanted one when few vectors differ, taking it out of `old`; else None.

        While it changes the mark lies on the disk and nobody searches it.
        """
        places = _places(dense)
        for name in old:
            kept = self._client.get_collection(name, embedding_function=None)
            known = set(kept.get(include=[])["ids"])
            gone, new = known - set(places), set(places) - known
            if len(gone) + len(new) > _CHANGED * len(places):
                continue
            self._put(kept, dense, {chunk_id: places[chunk_id] for chunk_id in new})
            for part in _batches(sorted(gone)):
                kept.delete(ids=part)
            if name != _name(dense):
                kept.modify(name=_name(dense))
            _check(kept, dense)
            old.discard(name)
            return _Ready(kept, places)
        return None

    def _filled(self, dense: Dense) -> _Ready:
        collection = self._client.create_collection(
            _name(dense), configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        places = _places(dense)  # the same file at two paths has the same chunks: each goes in once
        self._put(collection, dense, places)
        _check(collection, dense)
        return _Ready(collection, places)

    def _put(self, collection: Any, dense: Dense, places: dict[str, int]) -> None:
        for part in _batches(list(places)):
            collection.upsert(ids=part, embeddings=dense.matrix[[places[chunk_id] for chunk_id in part]])

    def _discard(self) -> None:
        """Throw the cache away, files and all."""
        self._shut()
        for place in self._folder.glob("chroma-*"):
            shutil.rmtree(place, ignore_errors=True)

    def _open(self) -> set[str]:
        """Open what the last owner left and return the keys of its vectors; raises when its writer died."""
        if self._client is None:
            note = self._folder_noted()
            if note is None or self._mark.exists():
                raise FileNotFoundError("it is not there, or its writer was stopped")
            self._start(note)
        return {collection.name.removeprefix("v-") for collection in self._client.list_collections()}

    def _folder_noted(self) -> Path | None:
        try:
            name = json.loads(self._note.read_text())["folder"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        place = self._folder / Path(str(name)).name
        return place if place.name.startswith("chroma-") and place.is_dir() else None

    def _start(self, place: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(place, settings=Settings(anonymized_telemetry=False))
        atomic_write(self._note, json.dumps({"folder": place.name}))

    def _shut(self) -> None:
        self._ready.clear()
        if self._client is not None:
            with contextlib.suppress(Exception):  # closing a damaged cache may fail; it is let go all the same
                self._client.close()
            self._client = None


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[i : i + _BATCH] for i in range(0, len(ids), _BATCH)]


def _name(dense: Dense) -> str:
    """Return the collection's name: made of ids alone, never of anything a person or file wrote."""
    return f"v-{dense.key}"


def _places(dense: Dense) -> dict[str, int]:
    return {chunk_id: place for place, chunk_id in enumerate(dense.ids)}


def _check(collection: Any, dense: Dense) -> None:
    """Raise ValueError unless the collection holds as many vectors as it should and finds some of them again."""
    expected = len(set(dense.ids))
    if collection.count() != expected:
        raise ValueError(f"{collection.count()} vectors instead of {expected}")
    places = sorted({round(i * (len(dense.ids) - 1) / _SAMPLES) for i in range(_SAMPLES + 1)})
    found = collection.query(dense.matrix[places], n_results=1, include=["distances"])
    if any(not d or d[0] > _CLOSE for d in found["distances"]):
        raise ValueError("it does not find its own vectors")
