"""The best passages read once more, token by token: which of them holds every word of the question, or its like.

MaxSim (Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832) over the sentence encoder's own token vectors: each
token of the question is held against the passage's nearest one. It needs no further weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.models.embedding import load_embedder
from gptsmith.rag.index import Dense, Index, Scores

READ_AGAIN = 14  # passages: reading one costs as much as embedding it did
_WEIGHT = 0.3  # of the second reading, against the score of the first


def rerank(index: Index, query: str, scores: Scores, sources: Sequence[Knowledge]) -> Scores:
    """Return `scores` with the best passages of sources that ask for it ordered anew; the best score stays as it was.

    Passages whose encoder gives no token vectors stay where they are.
    """
    wanted = {k.name for k in sources if k.retrieval.rerank}
    if not wanted:
        return scores
    best = [int(i) for i in np.argsort(-scores, kind="stable")[: 2 * READ_AGAIN] if scores[i] > 0]
    best = [i for i in best if index.entries[index.chunks[i].entry].knowledge in wanted][:READ_AGAIN]
    found = scores.copy()
    for dense in index.dense:
        mine = [i for i in best if _has(dense, i)]
        near = _nearness(dense.model, query, [index.words(i) for i in mine]) if len(mine) > 1 else None
        if near is None:
            continue
        old = scores[mine]
        span = max(float(near.max() - near.min()), 1e-9)
        low, high = float(old.min()), float(old.max())
        mixed = (1 - _WEIGHT) * old + _WEIGHT * (low + (high - low) * (near - near.min()) / span)
        found[mine] = mixed * (high / max(float(mixed.max()), 1e-9))
    return found


def _has(dense: Dense, row: int) -> bool:
    at = int(np.searchsorted(dense.rows, row))
    return at < len(dense.rows) and int(dense.rows[at]) == row


def _nearness(model: str, query: str, texts: Sequence[str]) -> Scores | None:
    """Return for each text how near its tokens are to those of the query, on average; None without token vectors."""
    read = load_embedder(model).token_vectors([query, *texts])
    if read is None or not len(read[0]):
        return None
    asked = read[0]
    near = [float((asked @ tokens.T).max(axis=1).mean()) if len(tokens) else 0.0 for tokens in read[1:]]
    return np.array(near, dtype=np.float32)
