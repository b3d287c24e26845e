"""The vectors of an assistant's knowledge, carried from one machine to another, so that they are not computed again.

Only vectors travel, each with the id of its passage, which is made of the document's bytes, the way of cutting and the
place. Texts are always read from the files; a vector without such a passage is dropped at the next sync.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.assistants.files.library import state_key
from gptsmith.assistants.format.loader import Loaded, load_file
from gptsmith.errors import GptsmithError, KnowledgeError
from gptsmith.models.embedding import load_embedder
from gptsmith.rag.cutting import cutting_of
from gptsmith.rag.knowledge import KnowledgeBase
from gptsmith.rag.store import Matrix, Store, digest
from gptsmith.state import State

FORMAT = "gptsmith-index/1"
_LONGEST = 100_000  # characters of a passage
_NORM = 0.01  # a vector's length may be this far from 1


def pack_index(path: Path) -> bytes:
    """Bring the index of a spec's knowledge up to date and return its vectors as JSON lines; b"" without any."""
    loaded = load_file(path)
    if not loaded.spec.knowledge or loaded.base_dir is None:
        return b""
    folder = _folder(path)
    knowledge = KnowledgeBase(loaded.spec.knowledge, loaded.base_dir, folder)
    try:
        knowledge.sync()
    finally:
        knowledge.close()
    store = Store(folder / "knowledge.sqlite")
    try:
        stored = store.load()
    finally:
        store.close()
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for chunk, vector in zip(stored.chunks, stored.vectors, strict=True):
        key = (chunk.document_id, stored.entries[chunk.entry].cutting)
        line = lines.setdefault(key, {"document": key[0], "cutting": key[1], "places": {}})
        line["places"][chunk.start] = (chunk.end, vector)
    return "".join(json.dumps(line) + "\n" for line in [{"format": FORMAT}, *map(_line, lines.values())]).encode()


def unpack_index(data: bytes, path: Path) -> int:
    """Put carried vectors beside the knowledge of the spec at `path` and return how many; the next sync uses them.

    Raises KnowledgeError for lines that `pack_index` does not write; then nothing is stored.
    """
    try:
        lines = [json.loads(line) for line in data.decode("utf-8").split("\n") if line]
        if not lines or lines[0] != {"format": FORMAT}:
            raise ValueError(f"they are not of the format {FORMAT}")
        sizes = _sizes(load_file(path))
        kept = [_read(line, sizes[line["cutting"]]) for line in lines[1:] if line["cutting"] in sizes]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        why = f"the vectors in the bundle cannot be used ({str(error)[:100]})"
        raise KnowledgeError(why, code="bad_index", hint="they are computed anew from the files") from error
    store = Store(_folder(path) / "knowledge.sqlite")
    try:
        for rows, vectors in kept:
            store.add_chunks(rows, vectors)
    finally:
        store.close()
    return sum(len(rows) for rows, _ in kept)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    places = sorted(line["places"].items())
    vectors = base64.b64encode(b"".join(vector for _, (_, vector) in places)).decode("ascii")
    return {**line, "places": [[start, end] for start, (end, _) in places], "vectors": vectors}


def _read(line: dict[str, Any], size: int) -> tuple[list[tuple[str, str, str, int, int]], Matrix]:
    document, cutting = line["document"], line["cutting"]
    if not (isinstance(document, str) and len(document) == 32 and document.isalnum()):
        raise ValueError("a document has no id")
    places = [(start, end) for start, end in line["places"]]
    if not all(type(n) is int for place in places for n in place):
        raise ValueError("a place is no number")
    if any(not 0 <= start < end <= start + _LONGEST for start, end in places) or len(set(places)) < len(places):
        raise ValueError("a place is none")
    flat = np.frombuffer(base64.b64decode(line["vectors"], validate=True), dtype="<f4")
    if flat.size != len(places) * size:
        raise ValueError("vectors are missing")
    vectors = flat.reshape(len(places), size)
    if not np.isfinite(vectors).all() or (np.abs(np.linalg.norm(vectors, axis=1) - 1) > _NORM).any():
        raise ValueError("a vector is none")
    return [(digest(document, cutting, start), document, cutting, start, end) for start, end in places], vectors


def _sizes(loaded: Loaded) -> dict[str, int]:
    """Return the lengths of vectors by the ways of cutting that the spec asks for, as far as its encoders are here."""
    found: dict[str, int] = {}
    for source in loaded.spec.knowledge:
        try:
            found[cutting_of(source)] = load_embedder(source.embedding_model).dimensions
        except GptsmithError:
            continue  # without its key or package the vectors could not be compared with a question either
    return found


def _folder(path: Path) -> Path:
    return State().folder(state_key(path))
