"""Files handed to the pages: what is taken, what is refused and in which words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from gptsmith.errors import UsageError
from gptsmith.ui.web.uploads import Upload, check, safe_name, store

KNOWN = "use one of: pdf, docx, md, txt, html, htm, png, jpg, jpeg, webp, gif"


def picture(kind: str, size: tuple[int, int] = (4, 4)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return out.getvalue()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("guide.pdf", b"%PDF-1.7 ...", "document"),
        ("notes.md", "Olá".encode(), "document"),
        ("old.txt", "Ol\xe1".encode("latin-1"), "document"),
        ("wide.txt", "Olá".encode("utf-16"), "document"),
        ("letter.docx", archive("word/document.xml"), "document"),
        ("cat.PNG", picture("PNG"), "picture"),
        ("cat.jpeg", picture("JPEG"), "picture"),
    ],
)
def test_good_files_are_taken(name: str, data: bytes, kind: str) -> None:
    assert check(name, data) == Upload(name, data, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("run.exe", b"MZ", f"run.exe: this kind of file cannot be read here; {KNOWN}"),
        ("noending", b"x", f"noending: this kind of file cannot be read here; {KNOWN}"),
        ("a.txt", b"", "a.txt is empty; attach a file with something in it"),
        ("a.pdf", b"hello", "a.pdf is not a PDF file, whatever its name says; check the file and attach it again"),
        ("a.txt", b"%PDF-1.7", "a.txt is not a text file, whatever its name says; check the file and attach it again"),
        ("a.md", b"a\x00b", "a.md is not a text file, whatever its name says; check the file and attach it again"),
        ("a.docx", archive("x"), "a.docx is not a Word document (.docx); check the file and attach it again"),
        ("a.docx", b"x", "a.docx is not a Word document (.docx); check the file and attach it again"),
        ("a.png", b"x", "a.png is not a picture that can be read; check the file and attach it again"),
        (
            "a.png",
            picture("JPEG"),
            "a.png is a JPEG picture, whatever its name says; check the file and attach it again",
        ),
        (
            "big.png",
            picture("PNG", (5001, 5000)),
            "big.png has 5001 x 5000 pixels, more than 25 million; check the file and attach it again",
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
        check(name, data)
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
