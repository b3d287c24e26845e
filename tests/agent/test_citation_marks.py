"""Citations as models write them: every form of mark, what is no mark, and what a claim's check finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.agent.events import Reply
from gptsmith.agent.runtime.citing import cite, unsupported
from gptsmith.agent.runtime.streaming import TextOut
from gptsmith.rag.hit import Hit
from gptsmith.ui.web.parts import markdown
from tests.support.scripted import Scripted, call

KILN = "# Kiln\n\nThe kiln reaches 1280 degrees when its door is shut."


def streamed(text: str, cuts: list[int], known: set[int], *, marks: bool = True) -> str:
    sent: list[str] = []
    out = TextOut(sent.append, [], lambda: known, lambda: marks)
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        out.feed(text[start:end])
    out.complete(text)
    return "".join(sent)


@pytest.mark.parametrize(
    ("text", "known", "result"),
    [
        ("It is hot 【1】.", {1}, "It is hot [1]."),
        ("It is hot【1†kiln.md】.", {1}, "It is hot[1]."),
        ("It is hot [^1].", {1}, "It is hot [1]."),
        ("It opens at 9:00【1†source】, since 1374[1].", {1}, "It opens at 9:00[1], since 1374[1]."),
        ("It opens at 9:00【4】 or in 1374[2].", {1}, "It opens at 9:00 [unsupported] or in 1374 [unsupported]."),
        ("Take x2[1], log2(1) and row_2[1].", {1}, "Take x2[1], log2(1) and row_2[1]."),
        ("It is hot [Source 1] and dry [passage: 2].", {1, 2}, "It is hot [1] and dry [2]."),
        ("It is hot [Source 1, Source 2].", {1, 2}, "It is hot [1, 2]."),
        ("It is hot [1-3].", {1, 2, 3}, "It is hot [1, 2, 3]."),
        ("It is hot [1–2].", {1}, "It is hot [1]."),
        ("It is hot ［１］。", {1}, "It is hot [1]。"),
        ("It is hot (1). It is dry (Passage 2).", {1, 2}, "It is hot [1]. It is dry [2]."),
        ("It is hot. (1)", {1}, "It is hot. [1]"),
        ("As said in [1] it is hot.", {1}, "As said in [1] it is hot."),
        # no marks
        ("Press [7] on the keypad, then [12].", {1}, "Press [7] on the keypad, then [12]."),
        ("Press [7].", {1}, "Press [7]."),
        ("The list is [2, 3].", {1}, "The list is [2, 3]."),
        ("Of [1, 2, 3] and [[1, 2]] both stay.", {1, 2}, "Of [1, 2, 3] and [[1, 2]] both stay."),
        ("Items count from [0].", {1}, "Items count from [0]."),
        ("Call (2) people; two (2) came.", {1, 2}, "Call (2) people; two (2) came."),
        ("It came out (7).", {1}, "It came out (7)."),
        ("Read [1](https://a.org), x[1] and `y [9]`.", {1}, "Read [1](https://a.org), x[1] and `y [9]`."),
        ("The element [2] is red, the array [2] was bare.", {1}, "The element [2] is red, the array [2] was bare."),
        ("Look at row [2] and at step [3] as they differ.", {1}, "Look at row [2] and at step [3] as they differ."),
        ("The vector is [2] and has one entry.", {1}, "The vector is [2] and has one entry."),
        ("Both x [2] and scores[2] are read.", {1}, "Both x [2] and scores[2] are read."),
        # marks of nothing
        ("The old museum [2] was built in 1755.", {1}, "The old museum [unsupported] was built in 1755."),
        ("Hot [1] but the glaze dries [7] and cracks.", {1}, "Hot [1] but the glaze dries [unsupported] and cracks."),
        ("It lasts two years [3] and covers glass [1].", {1}, "It lasts two years [unsupported] and covers glass [1]."),
        ("It is cold [9].", {1}, "It is cold [unsupported]."),
        ("It is cold. [9] It is dry [1].", {1}, "It is cold. [unsupported] It is dry [1]."),
        ("It is cold 【9†x】 in winter", {1}, "It is cold [unsupported] in winter"),
        ("It is cold [8][9].", {1}, "It is cold [unsupported]."),
        ("It is hot [1][9] and dry [9, 1].", {1}, "It is hot [1] and dry [1]."),
        ("- cold [9]\n- hot [1]\n", {1}, "- cold [unsupported]\n- hot [1]\n"),
        ("| cold [9] | hot [1] |", {1}, "| cold [unsupported] | hot [1] |"),
    ],
)  # fmt: skip
def test_marks(text: str, known: set[int], result: str) -> None:
    for cuts in ([], list(range(1, len(text))), list(range(3, len(text), 7))):
        assert streamed(text, cuts, known) == result


FILES = {"kiln.md": 1, "price list.pdf": 2}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("It is hot [kiln.md].", "It is hot [1]."),
        ("It is hot [kiln.md, page 3]; it costs a lot [Price List.pdf: row 2].", "It is hot [1]; it costs a lot [2]."),
        ("It is hot【Source: kiln.md】.", "It is hot[1]."),
        ("It is hot【4:0†kiln.md】, it costs a lot 【4:1†price list.pdf】.", "It is hot[1], it costs a lot [2]."),
        ("It is hot【4:0†other.md】.", "It is hot [unsupported]."),
        ("It is hot [kiln.md#Heat][price list.pdf].", "It is hot [1][2]."),
        ("It is hot [1](kiln.md) and dry [kiln.md](./kiln.md).", "It is hot [1] and dry [1]."),
        ("See [other.md], [1](https://a.org/x.md), [the kiln](kiln.md) and ![kiln](kiln.md).",) * 2,
        ("Open `[kiln.md]`.\n```\n[kiln.md]\n```\n",) * 2,
    ],
)
def test_a_mark_may_name_the_file(text: str, result: str) -> None:
    for step in (1, 7, len(text)):
        sent: list[str] = []
        out = TextOut(
            sent.append, [], lambda: {1, 2}, lambda: True, lambda name, _: FILES.get(name.removeprefix("./").lower())
        )
        for start in range(0, len(text), step):
            out.feed(text[start : start + step])
        out.complete(text)
        assert "".join(sent) == result


def test_a_file_of_several_passages_is_cited_by_the_nearest(tmp_path: Path) -> None:
    """And a list of sources that the model adds is none of its claims."""
    pages = "\n\n".join([f"# Kiln\n\n{'Bricks and doors. ' * 60}", "# Glaze\n\nThe blue glaze dries for nine hours."])
    (tmp_path / "kiln.md").write_text(pages, "utf-8")
    knowledge = {"name": "files", "description": "All of it.", "paths": ["./kiln.md"]}
    said = "The blue glaze dries for nine hours [kiln.md].\n\nSources:\n[1] kiln.md\n[2] kiln.md"
    spec = {"schema": "assistant/v1", "name": "Kiln", "description": "Knows.", "instructions": "Cite."}
    with Assistant.from_dict({**spec, "knowledge": [knowledge]}, base_dir=tmp_path, model=Scripted(said)) as kiln:
        reply = kiln.chat("How long does the blue glaze dry?")
    assert [(c.verified, "nine hours" in c.quote) for c in reply.citations] == [(True, True)]


def test_an_assistant_that_does_not_cite_shows_no_marks() -> None:
    assert streamed("Hot [1]. Press [7] now. Cold [9].", [], {1}, marks=False) == "Hot. Press [7] now. Cold."


LAMP = (
    "# Warranty\nThe warranty lasts 36 months. It does not cover broken glass or water damage. Returns are accepted "
    'within 30 days. Repairs are done in our workshop in Ghent. "Keep the receipt", says the manual.'
)


@pytest.mark.parametrize(
    ("claim", "verified"),
    [
        # denied, or not denied
        ("The warranty covers broken glass and water damage", False),
        ("Returns are not accepted within 30 days", False),
        ("The warranty doesn't last 36 months", False),
        ("Broken glass is not covered", True),
        ("Water damage is never covered", True),
        ("The warranty lasts 36 months, but does not cover glass", True),
        # figures
        ("The warranty lasts 30 months", False),
        ("You can return it within 36 days", False),
        ("The warranty lasts 48 months", False),
        ("You can return it within 30 days", True),
        ("Returns are accepted within 30 days, and the warranty lasts 36 months", True),
        ("Die Garantie dauert 36 Monate", True),
        ("The warranty lasts forty-eight months", False),
        ("The warranty lasts thirty-six months", True),
        ("You can return it within twelve days", False),
        ("Returns are accepted within thirty days", True),
        ("Die Garantie dauert achtundvierzig Monate", False),
        ("Die Garantie dauert sechsunddreißig Monate", True),
        ("La garantie dure trente-six mois", True),
        ("La garantie dure quarante et un mois", False),
        ("La garantía dura treinta y seis meses", True),
        ("La garantía dura cuarenta meses", False),
        ("The two of them, glass and water, are not covered", True),
        # names
        ("Repairs are done in our workshop in Antwerp", False),
        ("Repairs happen in Ghent, Belgium", False),
        ("Repairs are done in Ghent", True),
        # quotations
        ("The manual says 'Keep the invoice'", False),
        ("The manual says ‘Keep the invoice’", False),
        ("The manual says «Keep the invoice»", False),
        ("The manual says 'Keep the receipt' and \"burn the box\"", False),
        ("The manual says 'Keep the receipt'", True),
        ('The manual says: "keep the receipt"', True),
        ('It "lasts 36 months," they say', True),
        ("It says “the warranty lasts 36 months”", True),
    ],
)
def test_what_is_verified(claim: str, verified: bool) -> None:
    hit = Hit(
        chunk_id="c", knowledge="k", source="lamp.md", document_id="d", start=0, end=len(LAMP), score=1.0, text=LAMP
    )
    (citation,) = cite(f"{claim} [1].", {1: hit})
    assert citation.verified is verified, citation.quote
    assert citation.quote in LAMP


@pytest.mark.parametrize(
    ("passage", "claim", "verified"),
    [
        ("A ticket costs twelve euros.", "A ticket costs 12 euros", True),
        ("A ticket costs 12 euros.", "A ticket costs eleven euros", False),
        ("A ticket costs twelve euros.", "A ticket costs 11 euros", False),
        ("Eine Karte kostet zwölf Euro.", "Eine Karte kostet elf Euro", True),  # "elf" may be another word
        ("Eine Karte kostet zwölf Euro.", "Eine Karte kostet dreizehn Euro", False),
        ("Eine Karte kostet einundzwanzig Euro.", "Eine Karte kostet 21 Euro", True),
        ("L'entrée coûte quatre-vingt-dix euros.", "L'entrée coûte 90 euros", True),
        ("L'entrée coûte 70 euros.", "L'entrée coûte soixante-douze euros", False),
        ("La entrada cuesta veintidós euros.", "La entrada cuesta 22 euros", True),
        ("La entrada cuesta 22 euros.", "La entrada cuesta veintitrés euros", False),
        ("Room A and room B are open.", "The two rooms are open", True),
    ],
)
def test_numbers_in_words_are_numbers(passage: str, claim: str, verified: bool) -> None:
    place = {"chunk_id": "c", "knowledge": "k", "source": "a.md", "document_id": "d"}
    hit = Hit(**place, start=0, end=len(passage), score=1.0, text=passage)
    (citation,) = cite(f"{claim} [1].", {1: hit})
    assert citation.verified is verified


def test_a_claim_without_its_passage_is_said_in_text_json_and_page(tmp_path: Path) -> None:
    (tmp_path / "kiln.md").write_text(KILN, "utf-8")
    spec: dict[str, Any] = {
        "schema": "assistant/v1", "id": "kiln", "name": "Kiln", "description": "Knows.", "instructions": "Be kind.",
        "knowledge": [{"name": "files", "paths": ["./kiln.md"], "mode": "tool"}],
    }  # fmt: skip
    model = Scripted(
        "Yes, students get 10% off with a card [1].",
        call("search_files", query="kiln degrees"),
        "It reaches 1280 degrees 【1†source】. It stands in Antwerp [4].",
    )
    a = Assistant.from_dict(spec, base_dir=tmp_path, model=model)
    reply = a.chat("Is there a discount?")
    assert reply.text == "Yes, students get 10% off with a card [unsupported]."
    assert (reply.citations, reply.unsupported) == ([], ["Yes, students get 10% off with a card"])
    events = list(a.stream("How hot?"))
    reply = Reply.model_validate(events[-1].data)
    said = "It reaches 1280 degrees [1]. It stands in Antwerp [unsupported]."
    assert reply.text == said == "".join(e.data["text"] for e in events if e.type == "text")
    assert [(c.id, c.verified) for c in reply.citations] == [(1, True)]
    assert reply.unsupported == ["It stands in Antwerp"] == unsupported(said)
    assert ":orange-badge[unsupported]" in markdown.safe(said, {1: 1})


def test_a_passage_is_sent_once_a_turn(tmp_path: Path) -> None:
    (tmp_path / "kiln.md").write_text(KILN, "utf-8")
    spec: dict[str, Any] = {
        "schema": "assistant/v1", "id": "kiln", "name": "Kiln", "description": "Knows.", "instructions": "Be kind.",
        "knowledge": [{"name": "files", "paths": ["./kiln.md"], "mode": "tool"}],
    }  # fmt: skip
    model = Scripted(
        call("search_files", query="kiln degrees"),
        call("search_files", id="c2", query="kiln door"),
        "1280 degrees [1].",
    )
    reply = Assistant.from_dict(spec, base_dir=tmp_path, model=model).chat("How hot?")
    first, second = [str(m.content) for m in model.history[-1] if m.type == "tool"]
    assert "1280" in first and "1280" not in second and "(found again, and given above: [1])" in second
    assert [[item["id"] for item in search.found] for search in reply.searched] == [[1], [1]]
    assert reply.citations[0].verified
