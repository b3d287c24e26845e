"""The text of printed pages: what the typesetter added is gone, what the author wrote is there."""

from __future__ import annotations

import pytest

from gptsmith.rag.reading.typeset import untypeset


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        (["The ﬁrst ﬂag, eﬃcient"], ["The first flag, efficient"]),
        (["hy\u00adphen"], ["hyphen"]),
        (["2.4 Options . . . . . . . . . . 7"], ["2.4 Options … 7"]),
        (["Wait... what?"], ["Wait... what?"]),
        (["Text one\n12"], ["Text one"]),
        (["iii\nText"], ["Text"]),
        (["12"], ["12"]),
        (
            ["My Manual\n1\nAlpha", "My Manual\n2\nBeta", "My Manual\n3\nGamma"],
            ["Alpha", "Beta", "Gamma"],
        ),
        (["Same\nA", "Same\nB"], ["Same\nA", "Same\nB"]),
        ([""], [""]),
        ([], []),
    ],
)
def test_printed_pages(pages: list[str], wanted: list[str]) -> None:
    assert untypeset(pages) == wanted
