"""Archives are read file by file under the same limits, manual pages as their reader sees them, scans too."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from gptsmith.rag.reading import kinds
from gptsmith.rag.reading.parsed import Parsed, Raw, Unreadable
from gptsmith.rag.reading.process import ReadingProcess
from gptsmith.rag.reading.recognition import program
from tests.support import documents

DATA = os.environ.get("GPTSMITH_TEST_DATA", "")


def parsed(name: str, data: bytes | str) -> Parsed:
    return kinds.read_any(Raw(data.encode() if isinstance(data, str) else data, name))


def zipped(files: dict[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return out.getvalue()


FILES = {
    "guide/opening.md": "# Opening\n\nThe gate opens at nine.",
    "guide/plan.pdf": documents.pdf(["The pond lies behind the mill."]),
    "prices.csv": "item,price\nday ticket,7\nyear ticket,60\n",
    "../../etc/outside.txt": "Names are only names here.",
    "page.html": "<h1>Mill</h1><p>It grinds rye.</p><img src=a.png>",
    ".git/config": "hidden",
    "__MACOSX/._a": "hidden",
    "song.mp3": b"ID3" + bytes(range(256)) * 20,
    "more.zip": zipped({"a.txt": "never seen"}),
}


def test_a_zip_is_read_file_by_file() -> None:
    found = parsed("all.zip", zipped(FILES))
    for said in ("# guide/opening.md", "opens at nine", "pond lies behind", "year ticket", "only names", "grinds rye"):
        assert said in found.text
    assert "hidden" not in found.text and "never seen" not in found.text and found.images == 1
    assert "more.zip in it is not read: it is an archive in an archive" in found.note
    assert "song.mp3 in it is not read" in found.note


@pytest.mark.parametrize("pack", [lambda d: d, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_is_read_whatever_packs_it(pack: object) -> None:
    data = tarred(
        {"a/one.txt": b"The first boat is red.", "two.1.gz": gzip.compress(b".TH TWO 1\n.SH NAME\ntwo \\- b")},
        {"x": "/etc/passwd"},
    )
    found = parsed("docs.tar.any", pack(data))  # type: ignore[operator]
    assert "# a/one.txt\n\nThe first boat is red." in found.text and "two - b" in found.text
    assert "root:" not in found.text


@pytest.mark.parametrize("name", ["notes.md.gz", "notes.md"])
def test_a_packed_file_is_read_as_itself(name: str) -> None:
    packed = gzip.compress(b"# Log\n\nThe tide was high.")
    assert parsed(name, packed).text.strip() == "# Log\n\nThe tide was high."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bomb.zip", zipped({"zeros.txt": bytes(300 << 20)}), "archive bomb"),
        ("bomb.txt.gz", gzip.compress(bytes(80 << 20)), "archive bomb"),
        ("bomb.bz2", bz2.compress(bytes(80 << 20)), "archive bomb"),
        ("cut.gz", gzip.compress(os.urandom(9000))[:500], "the archive is broken"),
        ("cut.zip", zipped({"a.txt": "words " * 99})[:90], "the archive is broken"),
        ("odd.zip", b"no archive at all, only words", "the archive is broken"),
        ("songs.zip", zipped({"a.mp3": b"ID3" + bytes(range(256)) * 9}), "a.mp3 in it is not read"),
        ("twice.gz", gzip.compress(gzip.compress(bytes(30 << 20))), ""),
    ],
)  # fmt: skip
def test_what_cannot_be_unpacked_is_said(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parsed(name, data)
    assert reason in str(caught.value)


MAN = r"""'\" t
.\" Made by hand
.de Vb
.ft CW
..
.TH FERRY 1 "May 2024" "ferry 2.1" "Boats"
.SH NAME
ferry \- carries \fIfiles\fR over a river
.SH SYNOPSIS
.B ferry
[\fB\-q\fR] \fIfile\fR ...
.SH OPTIONS
.TP
.BR \-q ", " \-\-quiet
Say nothing on the way, whatever
the weather is.
.TP
.BI \-\-boats= N
Use \fIN\fR boats; the default is 3.
.if t .ig nothing
.SS "Exit status"
.IP 2
The river is \(lqfrozen\(rq.
.nf
  ferry \-q a.txt
  ferry b.txt
.fi
"""
MDOC = r""".Dd May 2, 2024
.Dt OAR 8
.Os
.Sh NAME
.Nm oar
.Nd rows a boat
.Sh SYNOPSIS
.Nm
.Op Fl v
.Op Fl n Ar count
.Sh DESCRIPTION
The
.Nm
utility rows, see
.Xr boat 1 .
.Bl -tag -width Ds
.It Fl n Ar count
Row
.Ar count
strokes.
.El
"""


@pytest.mark.parametrize(
    ("name", "page", "said"),
    [
        ("ferry.1", MAN, [
            "# FERRY(1)", "## NAME\n\nferry - carries files over a river", "ferry [-q] file ...",
            "-q, --quiet\nSay nothing on the way, whatever the weather is.",
            "--boats=N\nUse N boats; the default is 3.",
            "### Exit status", "2\nThe river is “frozen”.", "  ferry -q a.txt\n  ferry b.txt",
        ]),
        ("page.txt", MDOC, [
            "# OAR(8)", "oar — rows a boat", "oar [-v] [-n count]", "The oar utility rows, see boat(1).",
            "-n count\nRow count strokes.",
        ]),
    ],
)  # fmt: skip
def test_a_manual_page_is_rendered(name: str, page: str, said: list[str]) -> None:
    text = parsed(name, page).text
    for part in said:
        assert part in text
    assert "\\f" not in text and "ft CW" not in text


def test_a_name_alone_makes_no_manual_page() -> None:
    assert parsed("notes.1", "Notes of the first day.\nIt rained.").text == "Notes of the first day.\nIt rained."


def _scan(words: str) -> bytes:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (1240, 300), "white")
    ImageDraw.Draw(picture).text((60, 100), words, fill="black", font=ImageFont.load_default(size=40))
    out = io.BytesIO()
    picture.save(out, "PDF")
    return out.getvalue()


@pytest.mark.skipif(not program(), reason="tesseract is not installed")
def test_a_scanned_page_is_read_by_text_recognition() -> None:
    with ReadingProcess() as reader:
        found = reader.read(_scan("The ferry leaves at nine."), "scan.pdf")
    assert "ferry leaves at nine" in found.text and found.note == "page 1 read by text recognition"


@pytest.mark.skipif(not DATA, reason="GPTSMITH_TEST_DATA is not set")
def test_every_hostile_file_is_read_or_named() -> None:
    files = [path for path in sorted((Path(DATA) / "hostile").rglob("*")) if path.is_file()]
    assert files
    with ReadingProcess() as reader:
        for path in files:
            try:
                found = reader.read(path.read_bytes(), path.name)
            except Unreadable as error:
                assert len(str(error)) > 10, path
            else:
                assert "\x00" not in found.text, path
        assert "still here" in reader.read(b"It is still here.", "after.txt").text
