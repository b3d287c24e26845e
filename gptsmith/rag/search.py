"""Search: words and meaning together, as many passages as fit a budget of characters.

Both legs give 0 to 1 on a scale that does not depend on the query (cosine; BM25 as a share of the best possible), and
a hybrid score is their mean: a convex combination, which measured better than rank fusion (docs/knowledge.md).
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.cutting import begins, ends
from gptsmith.rag.hit import Hit
from gptsmith.rag.index import Dense, Index

Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
Nearness = Callable[[Dense, str, Rows, Scores], None]  # writes a query's cosines into scores, at least for the rows

ALPHA = 0.5  # the weight of meaning against words
_REACH = 300  # characters by which a passage grows so that its first and last sentences are whole
_KEPT = 3  # passages that are never left out for that
_SAME = 0.95  # share of words from which two passages say the same
_WORD = re.compile(r"\w+")
_POOL = 400  # candidates looked at while filling a budget


@dataclass
class _Span:
    """A stretch of one document that is going to be a hit."""

    row: int
    start: int
    end: int
    score: float


def score(index: Index, query: str, sources: Sequence[Knowledge], nearest: Nearness) -> Scores:
    """Return a score between 0 and 1 for each passage of `sources`, 0 for those of other sources.

    Each leg is stretched so that its best passage has 1, then both are mixed: that ranks. The whole is then scaled by
    how good the best passage is on a scale that does not depend on the query, so that a query of which the files say
    nothing has low scores throughout.
    """
    wanted = {k.name: k.retrieval.strategy for k in sources}
    kinds = [wanted.get(e.knowledge, "") for e in index.entries]
    strategy = np.array(kinds, dtype="U8")[index.entry_of]
    words = meaning = np.zeros(len(index.chunks), dtype=np.float32)
    if {"hybrid", "keyword"} & set(wanted.values()):
        words = index.keyword.scores(query) * np.isin(strategy, ("hybrid", "keyword"))
    if {"hybrid", "dense"} & set(wanted.values()):
        meaning = _meaning(index, query, np.isin(strategy, ("hybrid", "dense")), _top(words), nearest)
    weight = np.select([strategy == "dense", strategy == "hybrid"], [1.0, ALPHA], 0.0).astype(np.float32)
    ranked: Scores = weight * _stretched(meaning) + (1 - weight) * _stretched(words)
    fixed = weight * meaning + (1 - weight) * words
    scaled: Scores = ranked * float(fixed.max(initial=0.0)) / max(float(ranked.max(initial=0.0)), 1e-9)
    return scaled


def _stretched(leg: Scores) -> Scores:
    return np.asarray(leg / max(float(leg.max(initial=0.0)), 1e-9), dtype=np.float32)


def _meaning(index: Index, query: str, wanted: NDArray[np.bool_], likely: Rows, nearest: Nearness) -> Scores:
    """Return the cosine of each wanted passage with the query, 0 where it is negative.

    Where passages are very many, only the nearest and the `likely` ones, which have the words, are looked at.
    """
    found = np.zeros(len(index.chunks), dtype=np.float32)
    for dense in index.dense:
        if wanted[dense.rows].any():
            nearest(dense, query, likely, found)
    clipped: Scores = np.clip(found, 0.0, 1.0) * wanted
    return clipped


def fill(index: Index, scores: Scores, sources: Sequence[Knowledge], budget: int | None) -> list[Hit]:
    """Return the best passages whose characters together stay within `budget`, neighbours that overlap joined.

    Without a budget it is the largest that one of `sources` asks for; `top_k` of a source caps its passages. The best
    passage always comes, cut at the budget.
    """
    room = budget if budget is not None else max((k.retrieval.budget for k in sources), default=0)
    most = {k.name: k.retrieval.top_k for k in sources}
    taken: dict[str, int] = {}
    seen: list[frozenset[str]] = []
    spans: list[_Span] = []
    used = 0
    for row in _best(scores):
        chunk = index.chunks[row]
        name = index.entries[chunk.entry].knowledge
        cap = most.get(name)
        if cap is not None and taken.get(name, 0) >= cap:
            continue
        cost = _cost(index, spans, row)
        said = frozenset(_WORD.findall(index.text(row).lower()))
        if cost == 0 or _repeats(said, seen):
            continue
        seen.append(said)
        if used + cost > room:
            if spans:
                break
            spans.append(_Span(row, chunk.start, chunk.start + room, float(scores[row])))
            used = room
            break
        used += cost
        taken[name] = taken.get(name, 0) + 1
        _add(index, spans, _Span(row, chunk.start, chunk.end, float(scores[row])))
    return [_hit(index, span) for span in _rounded(index, sorted(spans, key=lambda s: -s.score), room - used)]


def _rounded(index: Index, spans: list[_Span], spare: int) -> list[_Span]:
    """Return spans that begin and end with whole sentences as far as there is room; the last makes room for it."""
    if spare < 2 * _REACH and len(spans) > _KEPT:
        last = spans.pop()
        spare += last.end - last.start
    found: list[_Span] = []
    for i, span in enumerate(spans):
        whole = _whole(index, span, [*found, *spans[i + 1 :]], spare)
        spare -= max((whole.end - whole.start) - (span.end - span.start), 0)
        found.append(whole)
    return found


def _whole(index: Index, span: _Span, others: list[_Span], room: int) -> _Span:
    """Return the span with the sentences at its ends whole, as far as `room` goes: a part of one is no quote.

    It stays on its page and leaves what is in `others` to them.
    """
    document = index.chunks[span.row].document_id
    text, pages = index.documents[document]
    page = bisect.bisect_right(pages, span.start)
    beside = [other for other in others if index.chunks[other.row].document_id == document]
    low = max([pages[page - 1] if page else 0, *(s.end for s in beside if s.end <= span.start)])
    after = [pages[page] if page < len(pages) else len(text), *(s.start for s in beside if s.start >= span.end)]
    start = _table(text, begins(text, span.start, max(low, span.start - min(_REACH, room))), low, room)
    end = ends(text, span.end, max(span.end, min(*after, len(text), span.end + min(_REACH, room - span.start + start))))
    return _Span(span.row, start, end, span.score)


def _table(text: str, start: int, low: int, room: int) -> int:
    """Return where the table begins in whose rows `start` lies: what its columns are, only its head says."""
    at = start
    while at > low and "|" in text[at : text.find("\n", at) % (len(text) + 1)] and text[at - 1] == "\n":
        above = text.rfind("\n", low, at - 1) + 1 or low
        if "|" not in text[above:at] or start - above > room:
            break
        at = above
    return at if start - at <= room else start


def opening(index: Index, sources: Sequence[str], budget: int) -> list[Hit]:
    """Return the passages with which documents begin, joined to one hit each, all within `budget` characters."""
    wanted = [i for i, entry in enumerate(index.entries) if entry.source in sources and entry.document_id]
    hits = []
    for entry in wanted:
        rows = [row for row, chunk in enumerate(index.chunks) if chunk.entry == entry]
        first = min(rows, key=lambda row: index.chunks[row].start, default=None)
        if first is None:
            continue
        start, share = index.chunks[first].start, budget // len(wanted)
        ends = [index.chunks[row].end for row in rows if index.chunks[row].end <= start + share]
        hits.append(_hit(index, _Span(first, start, max(ends, default=start + share), 1.0)))
    return hits


def _best(scores: Scores) -> list[int]:
    top = _top(scores)
    return [int(i) for i in top[np.lexsort((top, -scores[top]))]]


def _top(scores: Scores) -> Rows:
    """Return the rows of the highest scores above 0, in no order."""
    count = min(_POOL, len(scores))
    if not count:
        return np.zeros(0, dtype=np.int64)
    top = np.argpartition(-scores, count - 1)[:count].astype(np.int64)
    kept: Rows = top[scores[top] > 0]
    return kept


def _repeats(words: frozenset[str], seen: Sequence[frozenset[str]]) -> bool:
    """Tell whether a passage says what one that was taken says, number for number: a copy, another version's page."""
    for other in seen:
        shared = words & other
        if len(shared) >= _SAME * len(words | other) and not any(c.isdigit() for w in words ^ other for c in w):
            return True
    return False


def _touches(index: Index, span: _Span, row: int) -> bool:
    mine, other = index.chunks[row], index.chunks[span.row]
    return mine.document_id == other.document_id and mine.start <= span.end and span.start <= mine.end


def _cost(index: Index, spans: list[_Span], row: int) -> int:
    """Return how many characters a passage adds to those that are there."""
    chunk = index.chunks[row]
    covered = 0
    for span in spans:
        if _touches(index, span, row):
            covered += max(min(chunk.end, span.end) - max(chunk.start, span.start), 0)
    return max(chunk.end - chunk.start - covered, 0)


def _add(index: Index, spans: list[_Span], new: _Span) -> None:
    """Join `new` with the spans that it touches; the joined span keeps the id and score of its best passage."""
    for span in [s for s in spans if _touches(index, s, new.row)]:
        spans.remove(span)
        best = span if span.score >= new.score else new
        new = _Span(best.row, min(span.start, new.start), max(span.end, new.end), best.score)
    spans.append(new)


def _hit(index: Index, span: _Span) -> Hit:
    chunk = index.chunks[span.row]
    entry = index.entries[chunk.entry]
    text, pages = index.documents[chunk.document_id]
    return Hit(
        chunk_id=chunk.chunk_id,
        knowledge=entry.knowledge,
        source=entry.source,
        document_id=chunk.document_id,
        page=page_at(pages, span.start),
        start=span.start,
        end=span.end,
        text=text[span.start : span.end],
        score=round(span.score, 6),
    )


def page_at(pages: Sequence[int], offset: int) -> int | None:
    """Return the page, from 1, on which the character at `offset` stands; None for a document without pages."""
    return bisect.bisect_right(pages, offset) or 1 if pages else None
