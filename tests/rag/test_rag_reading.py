"""Reading files: every kind to text, broken and hostile ones to a plain reason, in a process that may die."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import pytest

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Unreadable
from gptsmith.rag.reading.process import ReadingProcess
from tests.support import documents


@pytest.fixture(scope="module")
def reader() -> Iterator[ReadingProcess]:
    with ReadingProcess(seconds=60) as process:
        yield process


PAGE = b"""<html><head><title>Opening hours</title><style>p {}</style></head><body><nav>Menu</nav><script>x()</script>
<h2>Summer</h2><p>Open <b>ten</b> to six.<br>Closed on Monday.</p><ul><li>Free for children</li></ul>
<table><tr><th>Day</th><th>Hours</th></tr><tr><td>Sunday</td><td>10-18</td></tr></table><!-- hidden --></body></html>"""
PAGE_TEXT = """Opening hours

## Summer

Open ten to six.
Closed on Monday.

- Free for children

Day | Hours
Sunday | 10-18"""


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", b"plain\r\nlines\rhere", "plain\nlines\nhere"),
        ("a.md", "\ufeff# Título\n\nolá".encode(), "# Título\n\nolá"),
        ("a.txt", "olá 漢字".encode("utf-16"), "olá 漢字"),
        ("a.txt", "\ufeffbig end".encode("utf-16-be"), "big end"),
        ("a.txt", "no mark, but two bytes each".encode("utf-16-le"), "no mark, but two bytes each"),
        ("a.txt", "naïve café".encode("latin-1"), "naïve café"),
        ("a.csv", b"day;hours\nSunday;10-18\n", "- day: Sunday; hours: 10-18"),
        ("a.json", b'{"day": "Sunday"}', "day: Sunday"),
        ("a.py", b"def f():\n    return 1\n", "def f():\n    return 1\n"),
        ("README", b"no suffix", "no suffix"),
        ("a.html", PAGE, PAGE_TEXT),
        ("page", PAGE.replace(b"<html>", b"<!DOCTYPE html><html>"), PAGE_TEXT),
        ("a.html", "<meta charset=iso-8859-1><p>olá</p>".encode("latin-1"), "olá"),
        ("a.html", b"<form action=x><p>All in a form</p><button>Go</button></form>", "All in a form"),
        ("a.html", b"<div>" * 5000 + b"deep", "deep"),
        (
            "a.docx",
            documents.docx(["# Hours", "Open daily."], [["Day", "Hours"]]),
            "# Hours\n\nOpen daily.\n\nDay | Hours",
        ),
        ("word-without-suffix", documents.docx(["Found out by its bytes."]), "Found out by its bytes."),
        ("wrong-name.txt", documents.pdf(["A PDF all the same."]), "A PDF all the same."),
        ("owner.pdf", documents.pdf(["May be read by all."], owner_only=True), "May be read by all."),
    ],
)
def test_reads(reader: ReadingProcess, name: str, data: bytes, text: str) -> None:
    assert reader.read(data, name).text == text


def test_keeps_the_pages_of_a_pdf(reader: ReadingProcess) -> None:
    parsed = reader.read(documents.pdf(["First page.", "", "Third page."]), "a.pdf")
    assert parsed.text == "First page.\n\n\n\nThird page."
    assert [parsed.text[at : at + 5] for at in parsed.pages] == ["First", "\n\nThi", "Third"]
    assert parsed.note == "page 2 without text (blank or scanned)"


def _bomb_pdf() -> bytes:
    packed = zlib.compress(b"BT (a) Tj ET\n" * 40_000_000, 9)
    whole = documents.pdf(["marker"])
    start, end = whole.index(b"5 0 obj"), whole.index(b"xref")
    body = b"5 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream\nendobj\n"
    return whole[:start] + body + whole[end:]


@pytest.mark.parametrize(
    ("name", "data", "status", "reason"),
    [
        ("a.txt", b"", "skipped", "the file is empty"),
        ("a.pdf", b"", "skipped", "the file is empty"),
        ("a.md", b" \n\t\n", "skipped", "the file is empty"),
        ("a.bin", bytes(range(256)) * 8, "skipped", "it holds binary data, not text; export it as PDF"),
        ("a.png", b"\x89PNG\r\n", "skipped", "it is a picture; knowledge is read from text"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "skipped", "it is the old Word format; save it as DOCX"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "skipped", "it is an old spreadsheet; save it as XLSX or CSV"),
        ("a.docx", b"PK\x03\x04broken", "failed", "the Word file is broken; open it in a word processor"),
        ("a.docx", documents.docx(["x"])[:-200], "failed", "the Word file is broken"),
        ("a.docx", documents.docx([]), "skipped", "the Word file holds no text"),
        ("a.docx", documents.docx_bomb(300), "failed", "like an archive bomb; it was not opened"),
        ("a.pdf", documents.pdf(["secret"], password="x"), "failed", "the PDF is locked with a password"),
        ("a.pdf", b"%PDF-1.7\nnothing else", "failed", "the PDF is broken"),
        ("a.pdf", documents.pdf(["cut off"])[:300], "failed", "PDF"),
        ("a.pdf", documents.pdf(["", ""]), "failed", "the PDF holds only pictures of pages (a scan), no text"),
        ("a.pdf", b"not a pdf at all", "failed", "the PDF is broken"),
        ("a.html", b"<script>draw()</script>", "failed", "the page has no text (it may be drawn by a script)"),
    ],
)
def test_refuses_with_a_reason(reader: ReadingProcess, name: str, data: bytes, status: str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        reader.read(data, name)
    assert caught.value.status == status
    assert reason in str(caught.value)


def test_a_bomb_in_a_pdf_is_stopped_and_the_next_file_is_read() -> None:
    with ReadingProcess(seconds=20) as process:
        with pytest.raises(Unreadable):
            process.read(_bomb_pdf(), "bomb.pdf")
        assert process.read(b"still here", "next.txt").text == "still here"


def test_a_hang_is_killed_and_the_next_file_is_read() -> None:
    with ReadingProcess(seconds=60) as process:
        process.read(b"warm", "a.txt")
        process.seconds = 0.05
        with pytest.raises(Unreadable, match=r"reading it took more than 0\.05 seconds; split the file"):
            process.read(b"<p>" * 2_000_000, "slow.html")
        process.seconds = 60
        assert process.read(b"still here", "next.txt").text == "still here"


@pytest.mark.slow  # by the clock: a busy machine may read one page for longer than this asks
def test_a_long_pdf_has_time_as_long_as_its_pages_come() -> None:
    with ReadingProcess(seconds=60) as process:
        process.read(documents.pdf(["warm"]), "warm.pdf")
        started = time.monotonic()
        data = documents.pdf([f"Page {number} of a long book. " * 20 for number in range(60)])
        process.read(data, "long.pdf")
        process.seconds = (time.monotonic() - started) / 3
        assert len(process.read(data, "long.pdf").pages) == 60


def test_a_crash_costs_one_file() -> None:
    with ReadingProcess() as process:
        process.read(b"warm", "a.txt")
        assert process._child is not None
        process._child.kill()
        process._child.wait()
        assert process.read(b"a new child", "next.txt").text == "a new child"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Änne\nBo\n", "cp1252"),
        ("Name,Alter\nZoë,31\n", "cp1252"),
        ("15 € pro Tag\n", "cp1252"),
        ("Kraków 3\nŁódź 4\n", "cp1250"),
        ("Имя\nАнна\n", "cp1251"),
        ("이름,나이\n김철수,31\n", "euc_kr"),
        ("名前\n太郎\n", "shift_jis"),
    ],
)
def test_the_encoding_of_a_very_short_table_is_told(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding))[0] == text
