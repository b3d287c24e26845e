"""An answer carries what the question names: the same thing, the same version, the value that is asked for."""

from __future__ import annotations

import pytest

from gptsmith.models.chat.embedded.answer import choose, rank
from gptsmith.models.chat.embedded.evidence import is_markup
from gptsmith.models.chat.messages import Passage
from gptsmith.models.embedding import load_embedder

TICKETS = """# Prices

| Ticket | Price | Valid |
|---|---|---|
| Day ticket | 12 euros | one day |
| Family ticket | 30 euros | one day |
"""
STATIONS = """- station: Aldermoor; platforms: 4; opened: 1887-05-02; closed: 1964-03-01
- station: Brackwater; platforms: 2; opened: 1901-09-14
"""
NOTES = """Lanternd 2.11.1 was released on 4 March 2021 and keeps its logs in /var/log/lanternd.

The daemon of Lanternd runs as the user lamp. The user lamp has the shell /bin/false."""

RELEASES = """- version: 7.04; codename: Blue Petrel; released: 2019-04-18
- version: 7.10; codename: Grey Plover; released: 2019-10-17
- version: 8.04 LTS; codename: Old Curlew; released: 2020-04-23
"""
SETTINGS = """The valid values of the colour setting are:

* auto
* always
* never

If you want to change how lines are broken, you will have to override _cut_lines() in your own class.

The pier is lit by forty lamps. Many keepers of the pier lived in the village with their families.

The pier uses a ticket system of its own, for which visitors need a card.
"""


def _answers(question: str, text: str, source: str = "notes.md") -> str:
    ranked = rank(question, [Passage(id=1, source=source, text=text)], load_embedder("embedded").encode)
    return "\n".join(quote.text for quote in choose(question, ranked))


@pytest.mark.parametrize(
    ("question", "text", "carries"),
    [
        ("How much is a day ticket?", TICKETS, "Day ticket | 12 euros"),
        ("How many platforms does Brackwater have?", STATIONS, "station: Brackwater; platforms: 2"),
        ("When did Aldermoor close?", STATIONS, "closed: 1964-03-01"),
        ("When was Lanternd 2.11.1 released?", NOTES, "4 March 2021"),
        ("What is the shell of the user lamp?", NOTES, "/bin/false"),
        ("What is the codename of version 7.10?", RELEASES, "codename: Grey Plover"),
        ("What are the valid values of the colour setting?", SETTINGS, "never"),
        ("What are the valid values of the colour setting?", SETTINGS, "always"),
        ("Which method do I override to change how lines are broken?", SETTINGS, "_cut_lines()"),
        ("How many lamps does the pier have?", SETTINGS, "forty lamps"),
    ],
)
def test_what_is_asked_is_answered(question: str, text: str, carries: str) -> None:
    assert carries in _answers(question, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How much is a season ticket?", TICKETS),  # another thing of the same kind
        ("When was Brackwater closed?", STATIONS),  # its row leaves that column out
        ("How many platforms does Collingford have?", STATIONS),
        ("When was Lanternd 2.11.2 released?", NOTES),  # another version
        ("When was Lanternd 2.1 released?", NOTES),  # part of a version is another one
        ("What is the shell of the user Wick?", NOTES),
        ("What is the codename of version 7.11?", RELEASES),
        ("How many keepers does the pier have?", SETTINGS),
        ("Which heating system does the pier use?", SETTINGS),
    ],
)
def test_what_is_next_door_is_no_answer(question: str, text: str) -> None:
    assert _answers(question, text) == ""


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("[badge]: https://example.org/b.svg", True),
        ("[![Build][b]][l] [![Fuzzing][f]][g]", True),
        ('<p align="center"><img src="logo.png"></p>', True),
        ("Content-Transfer-Encoding: 7bit", True),
        ("See [the guide](https://example.org/guide) for how it is installed.", False),
        ("brotli 1.0.9 -0 | 2.702 | 395 MB/s", False),
        ("The ring <b>blinks</b> twice.", False),
    ],
)
def test_machinery_is_told_from_words(text: str, markup: bool) -> None:
    assert is_markup(text) is markup
