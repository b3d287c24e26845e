"""The one of several texts that words mean although they share none with it: `the clothes question`, by embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gptsmith.models.chat.embedded.edits_grounds import encoded, encoded_all

LEAST, MARGIN = 0.42, 0.15
"""The similarity that the best text needs, and how far the next has to lie behind it."""
LEAN, APART = 0.2, 0.02
"""The similarity that the nearest example of a side needs, and how far the other sides have to lie behind it."""


def nearest(words: str, texts: Sequence[str]) -> int | None:
    """Return the position of the text that `words` speak of; None where that is in doubt."""
    if not words.strip() or not texts:
        return None
    scores = [float(score) for score in encoded_all(tuple(texts)) @ encoded(words)]
    best = max(range(len(scores)), key=scores.__getitem__)
    rest = max((score for n, score in enumerate(scores) if n != best), default=0.0)
    return best if scores[best] >= LEAST and scores[best] - rest >= MARGIN else None


def leaning(words: str, sides: Mapping[str, tuple[str, ...]]) -> str:
    """Return the side to whose examples the words are nearest; empty where that is in doubt.

    What the words speak of is known already, so that little is needed to tell which way they lean.
    """
    said = encoded(words)
    scored = {side: sorted(map(float, encoded_all(examples) @ said))[-2:] for side, examples in sides.items()}
    (best, side), *rest = sorted(((sum(two) / len(two), side) for side, two in scored.items()), reverse=True)
    return side if best >= LEAN and all(best - other >= APART for other, _ in rest) else ""
