"""Chunks: offsets that are always exact, nothing lost, nothing longer than asked."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptsmith.rag.cutting import cut

TEXTS = st.one_of(
    st.text(max_size=600),
    st.text(alphabet="ab. \n#?。漢\u0301", max_size=3000),
    st.lists(st.sampled_from(["word ", "Sentence one. ", "\n\n", "# Heading\n", "x" * 300, "é"]), max_size=200).map(
        "".join
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    TEXTS, st.integers(200, 900), st.integers(0, 150), st.integers(0, 40), st.lists(st.integers(0, 3000), max_size=5)
)
def test_covers_every_character_within_the_limits(
    text: str, size: int, overlap: int, tokens: int, pages: list[int]
) -> None:
    starts = [m.start() for m in re.finditer(r"\w|[^\w\s]", text)]
    cuts = cut(text, size=size, overlap=overlap, pages=sorted(set(pages)), token_starts=starts, max_tokens=tokens)
    covered: set[int] = set()
    for c in cuts:
        passage = text[c.start : c.end]
        assert passage == passage.strip() and 0 < len(passage) <= size
        if tokens:
            assert sum(c.start <= s < c.end for s in starts) <= tokens
        covered |= set(range(c.start, c.end))
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)
    assert [c.start for c in cuts] == sorted({c.start for c in cuts})
    assert not any(c.start < page < c.end for c in cuts for page in pages)
    assert all(b.start >= a.end - overlap for a, b in itertools.pairwise(cuts))


@pytest.mark.parametrize(
    ("text", "pages", "passages"),
    [
        ("", [], []),
        (" \n ", [], []),
        ("short", [], ["short"]),
        ("One.\n\n\n\nThree.", [0, 6, 8], ["One.", "Three."]),
        ("A" * 150 + "\n\n" + "B" * 150, [], ["A" * 150, "B" * 150]),
        (
            "One. " * 25 + "\n\n# Next\nTwo. " + "Three. " * 20,
            [],
            ["One. " * 24 + "One.", "# Next\nTwo. " + "Three. " * 19 + "Three."],
        ),
        (
            "First page. " * 10 + "Second page. " * 10,
            [120],
            ["First page. " * 9 + "First page.", "Second page. " * 9 + "Second page."],
        ),
    ],
)
def test_cuts_at_the_best_place(text: str, pages: list[int], passages: list[str]) -> None:
    assert [text[c.start : c.end] for c in cut(text, size=200, overlap=0, pages=pages)] == passages


def test_overlap_begins_at_a_sentence() -> None:
    text = "The first sentence is here. The second one follows it. " * 10
    cuts = cut(text, size=200, overlap=60)
    assert all(text[c.start : c.start + 4] == "The " for c in cuts)
    assert all(b.start < a.end for a, b in itertools.pairwise(cuts))
