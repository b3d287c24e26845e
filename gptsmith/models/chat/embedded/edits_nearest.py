"""The one of several texts that words mean although they share none with it: `the clothes question`, by embedding."""

from __future__ import annotations

from collections.abc import Sequence

LEAST, MARGIN = 0.42, 0.15
"""The similarity that the best text needs, and how far the next has to lie behind it."""


def nearest(words: str, texts: Sequence[str]) -> int | None:
    """Return the position of the text that `words` speak of; None where that is in doubt."""
    if not words.strip() or not texts:
        return None
    from gptsmith.models.embedding import load_embedder

    rows = load_embedder("embedded").encode([words, *texts])
    scores = [float(score) for score in rows[1:] @ rows[0]]
    best = max(range(len(scores)), key=scores.__getitem__)
    rest = max((score for n, score in enumerate(scores) if n != best), default=0.0)
    return best if scores[best] >= LEAST and scores[best] - rest >= MARGIN else None
