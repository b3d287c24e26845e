"""Quotes checked against their source."""

from __future__ import annotations

import pytest

from gptsmith.rag.hit import locate

TEXT = "The panel  was\npainted in 1755 – by “Ana” Reis. It isn’t for sale; the ﬂoor of the café is."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("painted in 1755", "painted in 1755"),
        ("The panel was painted in 1755", "The panel  was\npainted in 1755"),
        ('1755 - by "Ana" Reis', "1755 – by “Ana” Reis"),
        ("It isn't for sale", "It isn’t for sale"),
        ("the floor of the cafe\u0301 is", "the ﬂoor of the café is"),
        ('"It isn\'t for sale"', "It isn’t for sale"),
        ("  for sale  ", "for sale"),
        ("zero\u200bwidth", None),
        ("painted in 1756", None),
        ("the cafe", None),
        ("the panel was", None),
        ("", None),
        ("  ", None),
        ('""', None),
    ],
)
def test_finds_what_is_there_and_only_that(quote: str, found: str | None) -> None:
    place = locate(quote, TEXT)
    assert (TEXT[place[0] : place[1]] if place else None) == found


def test_looks_only_where_it_is_told() -> None:
    text = "one two one two"
    assert locate("one", text, 4) == (8, 11)
    assert locate("two", text, 0, 6) is None
    assert locate("one  two", text, 1) == (8, 15)
