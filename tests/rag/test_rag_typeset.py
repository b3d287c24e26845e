"""The text of printed pages: what the typesetter added is gone, what the author wrote is there."""

from __future__ import annotations

import pytest

from gptsmith.rag.reading.typeset import untypeset


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        (["The ﬁrst ﬂag, eﬃcient"], ["The first flag, efficient"]),
        (["hy\u00adphen"], ["hyphen"]),
        (["\ufee3\ufe98\ufea4\ufed2 \ufefb"], ["متحف لا"]),
        (["2.4 Options . . . . . . . . . . 7"], ["2.4 Options … 7"]),
        (["Wait... what?"], ["Wait... what?"]),
        (["12"], ["12"]),
        ([""], [""]),
        ([], []),
    ],
)
def test_printed_letters(pages: list[str], wanted: list[str]) -> None:
    assert untypeset(pages) == wanted


TEXT = "begins\nand goes on\nand on\nand ends"


def printed(*ends: str) -> list[str]:
    """Return pages that each have this first or last line; a bar stands for the text between both."""
    return [
        (end if "|" in end else f"|{end}").replace("|", f"\nText {i} {TEXT} {i}\n").strip()
        for i, end in enumerate(ends)
    ]


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [
        (printed("Page 12"), printed("")),
        (printed("Seite 3 von 7|"), printed("")),
        (printed("1", "2", "3"), printed("", "", "")),
        (printed("- 9 -", "- 10 -", "- 11 -"), printed("", "", "")),
        (printed("i|", "ii|", "iii|", "1|"), printed("", "", "", "1|")),
        (printed("My Manual\n1|", "My Manual\n2|", "My Manual\n3|"), printed("My Manual|", "", "")),
        (printed("Same|", "Same|"), printed("Same|", "Same|")),
    ],
)
def test_the_furniture_of_pages_goes_and_a_header_is_said_once(pages: list[str], wanted: list[str]) -> None:
    assert untypeset(pages) == wanted


@pytest.mark.parametrize(
    "pages",
    [
        ["Total in euros\n1250"],
        ["Sum\n1", "Sum\n2", "Sum\n3"],
        printed("Total in euros\n1250"),
        printed("12"),
        printed("iii|"),
        printed("1", "2"),
        printed("40", "75", "12"),
        printed("2023", "2024", "2025"),
        printed("mix", "civil", "dim"),
        printed("I|", "II|", "III|"),
        printed("Fee: 3", "Fee: 3", "Fee: 3"),
        printed("No dogs.", "No dogs.", "No dogs."),
        printed("007", "008", "009"),
    ],
)
def test_amounts_years_and_numerals_stay(pages: list[str]) -> None:
    assert untypeset(pages) == pages


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("A cert-\nificate", "A certificate"),
        ("the recom-\nmended pres-\nsure", "the recommended pressure"),
        ("a well-\nknown place", "a well-known place"),
        ("two- and three-\nyear plans", "two- and three-year plans"),
        ("two-\nand three-bed rooms", "two- and three-bed rooms"),
        ("the years 2019-\n2021", "the years 2019-2021"),
        ("Mr Smith-\nJones", "Mr Smith-Jones"),
        ("Die Kesseldruck-\nanzeige", "Die Kesseldruckanzeige"),
        ("the vorpal-\nblade; a vorpal-blade", "the vorpal-blade; a vorpal-blade"),
        ("a list\n- one\n- two", "a list\n- one\n- two"),
    ],
)
def test_words_broken_at_a_line_s_end_are_whole_again(page: str, wanted: str) -> None:
    assert untypeset([page]) == [wanted]
