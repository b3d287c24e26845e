"""Cutting and embedding documents: many small ones share a batch, a document is marked when all of it is stored."""

from __future__ import annotations

import bisect
import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.models.embedding import Embedder, load_embedder
from gptsmith.rag.store import Store, digest

# The chunker: cuts a text into passages whose offsets are always exact.
#
# Sizes are characters, cut earlier where the sentence encoder's token limit would be passed: what it does not read
# could never be found. A passage never crosses a page, so that its page is certain. Cuts prefer, in this order,
# headings, paragraphs, sentences and lines, spaces.

CHUNKER = "c3"  # part of every chunk's id: raise it when the cuts change

_HEADING = re.compile(r"^(?:#{1,6}[ \t]+\S|[^\n]{1,120}\n(?:={3,}|-{3,})[ \t]*$)", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"[.!?…。！？]+[\"'”’)\]]*\s+|\n|[。！？]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Cut:
    """One passage: `text[start:end]` of the document that was cut."""

    start: int
    end: int


class _Bounds:
    """Where a text may be cut, strongest class first; each list is sorted."""

    def __init__(self, text: str) -> None:
        self.sections = [m.start() for m in _HEADING.finditer(text)]
        self.paragraphs = [m.end() for m in _PARAGRAPH.finditer(text)]
        self.sentences = [m.end() for m in _SENTENCE.finditer(text)]
        self.spaces = [m.end() for m in _SPACE.finditer(text)]

    def best(self, start: int, limit: int) -> int:
        """Return the best place to end a chunk that begins at `start` and must not pass `limit`."""
        room = limit - start
        floors = ((self.sections, 0.25), (self.paragraphs, 0.4), (self.sentences, 0.4), (self.spaces, 0.0))
        for places, share in floors:
            found = _last_at_most(places, limit)
            if found is not None and found > start + share * room:
                return found
        return limit

    def resume(self, end: int, overlap: int) -> int:
        """Return where the chunk after one that ends at `end` begins, at most `overlap` characters before it."""
        if not overlap or _contains(self.sections, end):
            return end
        for places in (self.sentences, self.spaces):
            found = _first_at_least(places, end - overlap)
            if found is not None and found < end:
                return found
            if found == end:  # a whole sentence ends here, and the one before it is too long to be said again
                return end
        return end


def begins(text: str, start: int, least: int) -> int:
    """Return where the sentence or line in which `start` lies begins, `start` itself when that is before `least`."""
    if start == 0 or text[start - 1] == "\n":
        return start
    found = [m.end() for m in _SENTENCE.finditer(text, least, start)]
    return found[-1] if found else start


def ends(text: str, end: int, most: int) -> int:
    """Return where the sentence or line of the character before `end` ends, `end` when that is behind `most`."""
    if end == 0 or _SENTENCE.match(text, end - 1) or end >= len(text):
        return end
    found = _SENTENCE.search(text, end, most + 1)
    return end + len(text[end : found.end()].rstrip()) if found else most if most == len(text) else end


def cut(
    text: str,
    *,
    size: int = 900,
    overlap: int = 100,
    pages: Sequence[int] = (),
    token_starts: Sequence[int] = (),
    max_tokens: int = 0,
) -> list[Cut]:
    """Cut `text` into passages of at most `size` characters and `max_tokens` tokens (0: no token limit).

    `pages` are the offsets where pages begin, `token_starts` the offset of each token's first character. Every
    character that is not white space is in at least one passage; consecutive passages share up to `overlap`
    characters, none across a heading or page. An empty or blank text gives no passage.
    """
    bounds = _Bounds(text)
    cuts: list[Cut] = []
    edges = sorted({0, len(text), *(p for p in pages if 0 < p < len(text))})
    for page, page_end in itertools.pairwise(edges):
        start = _skip_space(text, page)
        while start < page_end:
            limit = min(_limit(text, start, size, token_starts, max_tokens), page_end)
            stop = _next_section(bounds.sections, start, limit, size)
            end = stop if stop else (limit if limit >= page_end else bounds.best(start, limit))
            trimmed = start + len(text[start:end].rstrip())
            cuts.append(Cut(start, trimmed))
            if end >= page_end:
                break
            resumed = _skip_space(text, bounds.resume(end, min(overlap, (trimmed - start) // 2)))
            start = resumed if resumed > start else _skip_space(text, end)
    return cuts


def _limit(text: str, start: int, size: int, token_starts: Sequence[int], max_tokens: int) -> int:
    limit = min(start + size, len(text))
    if max_tokens and token_starts:
        first = bisect.bisect_left(token_starts, start)
        if first + max_tokens < len(token_starts):
            limit = min(limit, max(token_starts[first + max_tokens], start + 1))
    return limit


def _next_section(sections: Sequence[int], start: int, limit: int, size: int) -> int:
    """Return the first section bound behind a passage that is already half full, 0 for none before `limit`."""
    found = _first_at_least(sections, start + size // 2)
    return found if found is not None and start < found <= limit else 0


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _last_at_most(places: Sequence[int], limit: int) -> int | None:
    i = bisect.bisect_right(places, limit)
    return places[i - 1] if i else None


def _first_at_least(places: Sequence[int], least: int) -> int | None:
    i = bisect.bisect_left(places, least)
    return places[i] if i < len(places) else None


def _contains(places: Sequence[int], value: int) -> bool:
    return _first_at_least(places, value) == value


Progress = Callable[[str], None]
_Row = tuple[str, str, str, int, int]

_BATCH = 128  # passages embedded and stored at a time
_SPECIALS = 2  # tokens that the encoder puts around a text


def cutting_of(knowledge: Knowledge) -> str:
    """Return the id of everything that decides where chunks lie and what their vectors are."""
    return digest(CHUNKER, knowledge.chunking.size, knowledge.chunking.overlap, knowledge.embedding_model)


def chunks_of(text: str, pages: list[int], knowledge: Knowledge, embedder: Embedder) -> list[Cut]:
    """Cut one document as its source asks, no passage longer than the encoder reads."""
    return cut(
        text,
        size=knowledge.chunking.size,
        overlap=knowledge.chunking.overlap,
        pages=pages,
        token_starts=[start for start, _ in embedder.token_spans(text)],
        max_tokens=embedder.max_tokens - _SPECIALS,
    )


class Cutter:
    """Stores the chunks and vectors of documents; call `finish` at the end."""

    def __init__(self, store: Store, progress: Progress, documents: Sequence[tuple[str, Knowledge]] = ()) -> None:
        """`documents` are all that are going to be added: they tell how long it will take."""
        self._store = store
        self._progress = progress
        self._left = sum(store.sizes(d)[0] for d, k in documents if not store.is_cut(d, cutting_of(k)))
        self._cut = self._made = 0  # characters that were cut, and the passages that they gave
        self._began = 0.0
        self._waiting: dict[str, list[tuple[_Row, str]]] = {}
        self._unmarked: dict[str, list[tuple[str, str]]] = {}
        self._done = 0

    def add(self, document_id: str, knowledge: Knowledge) -> None:
        """Cut a stored document; nothing happens when its chunks are stored already."""
        cutting = cutting_of(knowledge)
        marks = self._unmarked.setdefault(knowledge.embedding_model, [])
        stored = self._store.text(document_id)
        if stored is None or (document_id, cutting) in marks or self._store.is_cut(document_id, cutting):
            return
        text, pages, _ = stored
        embedder = load_embedder(knowledge.embedding_model)
        cuts = chunks_of(text, pages, knowledge, embedder)
        rows = [(digest(document_id, cutting, c.start), document_id, cutting, c.start, c.end) for c in cuts]
        known = self._store.known_chunks([row[0] for row in rows])
        waiting = self._waiting.setdefault(knowledge.embedding_model, [])
        new = [(row, text[row[3] : row[4]]) for row in rows if row[0] not in known]
        waiting.extend(new)
        self._left -= len(text)
        self._cut += len(text)
        self._made += len(new)
        marks.append((document_id, cutting))
        if len(waiting) >= _BATCH:
            self._store_waiting(knowledge.embedding_model)

    def finish(self) -> None:
        """Store what is still waiting."""
        for model in list(self._unmarked):
            self._store_waiting(model)

    def _store_waiting(self, model: str) -> None:
        waiting = self._waiting.pop(model, [])
        embedder = load_embedder(model) if waiting else None
        self._began = self._began or time.monotonic()
        for i in range(0, len(waiting), _BATCH):
            part = waiting[i : i + _BATCH]
            assert embedder is not None  # noqa: S101 - there are texts
            self._store.add_chunks([row for row, _ in part], embedder.encode([text for _, text in part]))
            self._done += len(part)
            self._progress(self._so_far())
        for document_id, cutting in self._unmarked.pop(model, []):
            self._store.mark_cut(document_id, cutting)

    def _so_far(self) -> str:
        """Return how far it is, and how long the rest will take once that can be told."""
        rest = self._made - self._done + round(self._left * self._made / max(self._cut, 1))
        if rest <= 0:
            return f"Indexed {self._done:,} passages"
        took = time.monotonic() - self._began
        said = f"Indexed {self._done:,} of about {self._done + rest:,} passages"
        return f"{said}, {time_left(rest * took / self._done)} left"


def time_left(seconds: float) -> str:
    """Return a time in words, as roughly as it is known."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} seconds"
    minutes = round(seconds / 60)
    return f"about {minutes} minutes" if minutes < 90 else f"about {round(minutes / 60)} hours"
