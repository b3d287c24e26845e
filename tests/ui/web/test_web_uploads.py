"""Files handed to the pages: what is taken, what is refused and in which words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.rag.reading import kinds
from gptsmith.ui.web.state.uploads import DOCUMENTS, Upload, check_upload, safe_name, store
from tests.support import documents

KNOWN = f"use {kinds.kind_names()} files or pictures"
ANEW = "it is damaged or no picture; save it anew as PNG or JPEG"


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def picture(kind: str, size: tuple[int, int] = (4, 4), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


def opened(upload: Upload) -> Image.Image:
    return Image.open(io.BytesIO(upload.data))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("guide.pdf", documents.pdf(["Open at ten."]), "document"),
        ("notes.md", "Olá".encode(), "document"),
        ("old.txt", "Ol\xe1".encode("latin-1"), "document"),
        ("wide.txt", "Olá".encode("utf-16"), "document"),
        ("letter.docx", documents.docx(["Dear all"]), "document"),
        ("prices.csv", b"item,price\nbrush,4", "document"),
        ("config.json", b'{"port": 9417}', "document"),
        ("mail.eml", b"Subject: Hi\n\nHello", "document"),
        ("cat.PNG", picture("PNG"), "picture"),
        ("cat.jpeg", picture("JPEG"), "picture"),
    ],
)
def test_good_files_are_taken(name: str, data: bytes, kind: str) -> None:
    assert check_upload(name, data) == Upload(name, data, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", kinds.suffixes())
def test_what_knowledge_reads_is_never_of_an_unknown_kind_to_the_page(suffix: str) -> None:
    assert suffix.removeprefix(".") in DOCUMENTS


@pytest.mark.parametrize(
    ("name", "data", "kept"),
    [
        ("plan.bmp", picture("BMP"), "plan.png"),
        ("scan.tiff", picture("TIFF"), "scan.png"),
        ("photo.avif", picture("AVIF"), "photo.jpg"),
        ("deep.png", picture("PNG", mode="I;16"), "deep.png"),
        ("wrong.png", picture("JPEG"), "wrong.jpg"),
        ("big.png", picture("PNG", (5001, 5000)), "big.png"),
        ("big.jpg", picture("JPEG", (8000, 6000), "L"), "big.jpg"),
    ],
)
def test_pictures_of_every_kind_are_made_fit(name: str, data: bytes, kept: str) -> None:
    upload = check_upload(name, data)
    assert upload.name == kept
    with opened(upload) as shown:
        assert shown.format in ("PNG", "JPEG") and shown.mode in ("RGB", "L")
        assert shown.width * shown.height <= 25_000_000


def test_a_grey_picture_of_sixteen_bits_keeps_what_it_shows() -> None:
    deep = Image.new("I;16", (2, 1))
    deep.putpixel((0, 0), 300)
    deep.putpixel((1, 0), 4095)
    out = io.BytesIO()
    deep.save(out, "PNG")
    with opened(check_upload("scan.png", out.getvalue())) as shown:
        assert [shown.getpixel((x, 0)) for x in (0, 1)] == [0, 255]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("run.exe", b"MZ", f"run.exe: this kind of file cannot be read here; {KNOWN}"),
        ("noending", b"x", f"noending: this kind of file cannot be read here; {KNOWN}"),
        ("a.txt", b"", "a.txt is empty; attach a file with something in it"),
        (
            "a.pdf",
            documents.pdf(["cut"])[:300],
            "a.pdf cannot be read: the PDF is broken (Stream has ended unexpectedly);"
            " open it in a viewer and print it to a new PDF",
        ),
        (
            "a.pdf",
            documents.pdf([""]),
            "a.pdf cannot be read: the PDF holds only pictures of pages (a scan), no text; run OCR on it first",
        ),
        (
            "a.md",
            b"a\x00b",
            "a.md cannot be read: it holds binary data, not text; export it as PDF, DOCX, Markdown or plain text",
        ),
        (
            "a.docx",
            archive("x"),
            "a.docx cannot be read: the Word file is broken; open it in a word processor and save it anew",
        ),
        ("a.png", b"x", f"a.png cannot be read: {ANEW}"),
        ("a.png", picture("PNG")[:40], f"a.png cannot be read: {ANEW}"),
        (
            "big.png",
            picture("PNG", (14_000, 9_000), "1"),
            "big.png cannot be read: it has 14000 x 9000 pixels, more than 100 million; attach a smaller picture",
        ),
        (
            "big.txt",
            b"x" * (51 * 2**20),
            "big.txt has 51 MB, more than the 50 MB allowed; attach a smaller part of it",
        ),
    ],
)
def test_bad_files_are_refused_with_the_reason(name: str, data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_upload(name, data)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\temp\\a b.pdf", "a b.pdf"),
        ("a\x00\n<b>.md", "a__b_.md".replace("__b", "___b")),
        (".hidden.txt", "hidden.txt"),
        ("con.txt", "_con.txt"),
        ("é" * 300 + ".pdf", "é" * 100 + ".pdf"),
        ("...", "file"),
    ],
)
def test_names_become_plain_file_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_equal_names_do_not_overwrite_each_other(tmp_path: Path) -> None:
    paths = store([Upload("a.txt", b"1", "document"), Upload("a.txt", b"2", "document")], tmp_path / "in")
    assert [(path.name, path.read_bytes()) for path in paths] == [("a.txt", b"1"), ("a-2.txt", b"2")]
