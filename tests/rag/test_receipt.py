"""The receipt of a file: what was read, what was left out, and questions that prove that it can be found."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.errors import KnowledgeError
from gptsmith.rag.cutting import time_left
from gptsmith.rag.knowledge import KnowledgeBase
from gptsmith.rag.receipt import Receipt, language_in, tables_in, words_in
from tests.support import documents

GUIDE = """# Boat rental

The boathouse is the wooden building behind the lock. Canoes are rented from April to October.

| boat | price |
|---|---|
| canoe | 12 |
| kayak | 9 |

![the lock](lock.png)

A deposit of fifty euros is paid in cash before the first trip. Children under eight wear a life jacket.

## Winter storage

Private boats are stored in the northern hall from November on, and the key lies with the harbour master.
"""
PASSAGES = (
    "Die Bibliothek am Markt öffnet montags um zehn Uhr, und die Ausweise werden am Schalter für ein Jahr verlängert.",
    "La bibliothèque ouvre le lundi à dix heures et les cartes sont prolongées pour un an par le bureau dans la cour.",
    "La biblioteca abre los lunes a las diez y los carnés se renuevan por un año en el mostrador de la entrada.",
    "The library opens on Mondays at ten, and cards are renewed for a year at the desk in the hall.",
    "図書館は月曜日の十時に開館します。利用者カードは受付で一年間更新できます。お問い合わせは電話でお願いします。",
    "Библиотека открывается по понедельникам в десять часов, а билеты продлевают на год у стойки в вестибюле.",
)


def _kb(base: Path) -> KnowledgeBase:
    return KnowledgeBase([Knowledge(name="docs", paths=["."])], base, base.parent / "index")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def _by_name(receipts: list[Receipt]) -> dict[str, Receipt]:
    return {receipt.source: receipt for receipt in receipts}


def test_a_receipt_counts_and_its_questions_find_the_file(base: Path) -> None:
    (base / "guide.md").write_text(GUIDE)
    (base / "manual.pdf").write_bytes(
        documents.pdf(
            ["The pump is a small device below the deck.", "", "The valve was replaced by Ines Marek in June."]
        )
    )
    with _kb(base) as kb:
        found = _by_name(kb.sync())
        guide, manual = found["guide.md"], found["manual.pdf"]
        assert (guide.tables, guide.images, guide.language) == (1, 1, "English")
        assert guide.words > 60 and guide.chunks >= 1
        assert manual.pages == 3 and "page 2 without text" in manual.reason
        assert guide.proofs and manual.proofs
        for receipt in (guide, manual):
            for proof in receipt.proofs:
                assert proof.found and proof.rank and kb.passage(proof.chunk_id).source == receipt.source
                text = kb.document(kb.passage(proof.chunk_id).document_id).text
                assert text[proof.start : proof.end] == proof.quote
        assert len({proof.question for proof in guide.proofs}) == 3
        assert {proof.page for proof in manual.proofs} <= {1, 3}


def test_questions_are_asked_once_and_again_when_the_file_changes(base: Path) -> None:
    (base / "a.md").write_text(GUIDE)
    (base / "b.md").write_text("The orchard is a field of forty apple trees. Its cider is pressed in September.")
    said: list[str] = []
    with _kb(base) as kb:
        kb.sync(said.append)
        assert sum(line.startswith("Asking") for line in said) == 2
        said.clear()
        before = kb.receipts()
        (base / "b.md").write_text("The orchard is a field of sixty pear trees. Its perry is pressed in October.")
        after = kb.sync(said.append)
        assert [line for line in said if line.startswith("Asking")] == ["Asking questions of b.md"]
        assert after[0] == before[0] and after[1].proofs != before[1].proofs
    with _kb(base) as kb:  # they last
        assert kb.receipts() == after


def test_what_cannot_be_read_has_no_questions(base: Path) -> None:
    (base / "empty.txt").touch()
    (base / "ok.txt").write_text("x")
    with _kb(base) as kb:
        found = _by_name(kb.sync())
    assert found["empty.txt"].proofs == [] and found["empty.txt"].reason
    assert found["ok.txt"].status == "ok" and found["ok.txt"].language == ""


@pytest.mark.parametrize(
    ("text", "language"),
    list(zip(PASSAGES, ["German", "French", "Spanish", "English", "Japanese", "Cyrillic script"], strict=True)),
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert language_in(text) == language


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("no table here", 0),
        ("a | b", 0),
        ("a | b\n1 | 2\n\ntext\n\nc | d\n3 | 4", 2),
        ("- item: brush; price: 4\n- item: comb; price: 2\n", 1),
    ],
)
def test_tables_are_counted(text: str, tables: int) -> None:
    assert tables_in(text) == tables


def test_words_are_counted() -> None:
    assert words_in("Don't panic: 3.5 kg of well-known fruit, 1,000 times!") == 9


@pytest.mark.parametrize("kind", ["docx", "html", "ipynb"])
def test_pictures_inside_are_counted(base: Path, kind: str) -> None:
    if kind == "html":
        (base / "a.html").write_text("<h1>Two</h1><p>Some words stand here.<img src=a.png><IMG src='b.png'></p>")
    elif kind == "ipynb":
        cell = {"cell_type": "code", "source": "plot()", "outputs": [{"data": {"image/png": "aGk="}}] * 2}
        (base / "a.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4}))
    else:
        import io
        import zipfile

        out = io.BytesIO(documents.docx(["Some words stand here."]))
        with zipfile.ZipFile(out, "a") as archive:
            for name in ("word/media/image1.png", "word/media/image2.jpeg"):  # the file has a thumbnail beside
                archive.writestr(name, b"x")
        (base / "a.docx").write_bytes(out.getvalue())
    with _kb(base) as kb:
        assert [receipt.images for receipt in kb.sync()] == [2]


@pytest.mark.parametrize("at", ["Reading", "Indexed", "Asking"])
def test_a_stopped_sync_keeps_what_was_done(base: Path, at: str) -> None:
    for number in range(3):
        (base / f"{number}.md").write_text(GUIDE.replace("fifty", f"{number} hundred"))
    said: list[str] = []
    with _kb(base) as kb:
        with pytest.raises(KnowledgeError, match="stopped; what was read is kept") as stopped:
            kb.sync(said.append, cancelled=lambda: any(line.startswith(at) for line in said))
        assert stopped.value.code == "cancelled"
        assert kb.stale() == (at != "Asking")
        assert [receipt.status for receipt in kb.sync()] == ["ok"] * 3
        assert all(receipt.proofs for receipt in kb.receipts()) and not kb.stale()


CHILD = """
import sys
from pathlib import Path
from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.knowledge import KnowledgeBase
base = Path(sys.argv[1])
with KnowledgeBase([Knowledge(name="docs", paths=["."])], base, base.parent / "index") as kb:
    kb.sync(lambda line: print(line, flush=True))
"""


def test_after_a_kill_only_the_rest_is_embedded(base: Path) -> None:
    sentences = (f"Locker {n} in hall {n % 7} belongs to the member with number {n * 37}." for n in range(2400))
    (base / "lockers.txt").write_text("\n\n".join(sentences))
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(base)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    total = ""
    for line in child.stdout:
        if line.startswith("Indexed"):
            total = line
            child.send_signal(signal.SIGKILL)
            break
    child.wait()
    child.stdout.close()
    assert "of about" in total and total.strip().endswith("left")
    said: list[str] = []
    with _kb(base) as kb:
        assert kb.receipts() == []
        receipt = kb.sync(said.append)[0]
        done = [line for line in said if line.startswith("Indexed")][-1]
        assert int(done.split()[1].replace(",", "")) <= receipt.chunks - 128
        assert not any(line.startswith("Reading") for line in said) or receipt.status == "ok"
        assert all(proof.found for proof in receipt.proofs) and len(receipt.proofs) == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds"), (44, "about 40 seconds"), (100, "about 2 minutes"), (7200, "about 2 hours")],
)
def test_time_left_is_said_roughly(seconds: float, words: str) -> None:
    assert time_left(seconds) == words
