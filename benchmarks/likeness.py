"""How alike a word and a thing must be before the thing is drawn for the word: what each likeness would cost.

python -m benchmarks.likeness [--show]

For every likeness: words for which a thing is drawn that may stand for it, for which one is drawn that may not, and
which are told to the person. The words with their right things are in tests/data/words_beyond_the_world.txt; the
likeness is chosen on every second one and reported on the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from gptsmith.models.embedding import load_embedder
from gptsmith.models.pictures.world.objects import SAME, NearestThing, nearest

WORDS = Path(__file__).parents[1] / "tests" / "data" / "words_beyond_the_world.txt"
LIKENESSES = [round(0.5 + 0.02 * i, 2) for i in range(23)]


def words() -> list[tuple[str, frozenset[str]]]:
    """Return each word with the things that may be drawn for it."""
    lines = [line for line in WORDS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    split = (line.partition(":") for line in lines)
    return [(word, frozenset(part.strip() for part in right.split(",") if part.strip())) for word, _, right in split]


def counts(found: list[tuple[NearestThing | None, frozenset[str]]], least: float) -> tuple[int, int, int]:
    """Return how many words are drawn rightly, drawn wrongly, and told, from a likeness on."""
    drawn = [near.known in right for near, right in found if near is not None and near.cosine >= least]
    return sum(drawn), len(drawn) - sum(drawn), len(found) - len(drawn)


def main() -> None:
    """Print one line per likeness, for the words it is chosen on and those held out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", action="store_true", help="print what is drawn wrongly")
    given = parser.parse_args()
    encode = load_embedder("embedded").encode
    found = [(nearest(word, encode, 0.0), right) for word, right in words()]
    print("likeness | chosen on: right, wrong, told | held out: right, wrong, told")
    for least in LIKENESSES:
        mark = " <- used" if abs(least - SAME) < 1e-9 else ""
        halves = [counts(found[start::2], least) for start in (0, 1)]
        print(f"{least:8.2f} | {halves[0]} | {halves[1]}{mark}")
    if given.show:
        wrong = [n for n, right in found if n is not None and n.cosine >= SAME and n.known not in right]
        print(*(f"{n.word}: {n.known} ({n.cosine:.2f})" for n in wrong), sep="\n")


if __name__ == "__main__":
    main()
