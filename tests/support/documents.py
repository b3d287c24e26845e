"""Small real documents for tests: PDFs written by hand, Word files by python-docx."""

from __future__ import annotations

import io
import zipfile


def pdf(
    pages: list[str], *, password: str | None = None, owner_only: bool = False, drawn: list[str] | None = None
) -> bytes:
    """Return a PDF with one line of text per page; an empty string gives a page with a picture and no text.

    `drawn` are operators that stand before the page's own.
    """
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, text in enumerate(pages):
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        line = f"BT /F1 12 Tf 72 720 Td ({escaped}) Tj ET" if text else "q 200 0 0 200 72 500 cm BI /W 1 /H 1 ID x EI Q"
        stream = f"{drawn[i] if drawn else ''}\n{line}".encode("cp1252")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * i} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
    data = _file(objects)
    return _encrypted(data, password or "", owner_only) if password or owner_only else data


def docx(paragraphs: list[str], table: list[list[str]] | None = None) -> bytes:
    """Return a Word file; a paragraph that begins with `# ` becomes a heading."""
    import docx as python_docx

    document = python_docx.Document()
    for paragraph in paragraphs:
        if paragraph.startswith("# "):
            document.add_heading(paragraph[2:], level=1)
        else:
            document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_bomb(megabytes: int) -> bytes:
    """Return a small Word file whose document unpacks to `megabytes`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as entry:
            for _ in range(megabytes):
                entry.write(b"a" * (1 << 20))
    return out.getvalue()


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _encrypted(data: bytes, password: str, owner_only: bool) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("" if owner_only else password, owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def placed_pdf(pieces: list[tuple[int, int, str]], fields: list[dict[str, str]] | None = None) -> bytes:
    """Return a PDF page with texts at (x, y) and form fields, each a dictionary of PDF syntax by key without `/`."""
    fields = fields or []
    refs = " ".join(f"{6 + i} 0 R" for i in range(len(fields)))
    escaped = [(x, y, text.replace("(", r"\(").replace(")", r"\)")) for x, y, text in pieces]
    stream = "\n".join(f"BT /F1 12 Tf {x} {y} Td ({text}) Tj ET" for x, y, text in escaped).encode("cp1252")
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{refs}] >> >>".encode(),
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Annots [{refs}]"
        " /Resources << /Font << /F1 3 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
    ]
    for values in fields:
        said = " ".join(f"/{key} {value}" for key, value in values.items())
        objects.append(f"<< /Type /Annot /Subtype /Widget {said} >>".encode())
    return _file(objects)


def word(body: str, **parts: str) -> bytes:
    """Return a Word file whose body, and parts such as `footnotes` or `header1`, are this XML."""
    out = io.BytesIO()
    spaces = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
        ' xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    with zipfile.ZipFile(io.BytesIO(docx([]))) as empty, zipfile.ZipFile(out, "w") as made:
        for name in empty.namelist():
            data = empty.read(name).decode("utf-8", "surrogateescape")
            if name == "word/document.xml":
                data = f"<w:document {spaces}><w:body>{body}</w:body></w:document>"
            if name == "word/_rels/document.xml.rels":
                kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
                more = "".join(
                    f'<Relationship Id="x{part}" Type="{kind}{part.rstrip("123")}" Target="{part}.xml"/>'
                    for part in parts
                )
                data = data.replace("</Relationships>", f"{more}</Relationships>")
            if name == "[Content_Types].xml":
                kind = "application/vnd.openxmlformats-officedocument.wordprocessingml."
                more = "".join(
                    f'<Override PartName="/word/{part}.xml" ContentType="{kind}{part.rstrip("123")}+xml"/>'
                    for part in parts
                )
                data = data.replace("</Types>", f"{more}</Types>")
            made.writestr(name, data.encode("utf-8", "surrogateescape"))
        for part, content in parts.items():
            tag = {"header": "hdr", "footer": "ftr"}.get(part.rstrip("123"), part)
            made.writestr(f"word/{part}.xml", f"<w:{tag} {spaces}>{content}</w:{tag}>")
    return out.getvalue()
