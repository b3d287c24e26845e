"""Every kind of file is read whole: what a person sees in it is in the text, and what nobody sees is not."""

from __future__ import annotations

import io
import json
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from gptsmith.rag.reading import kinds
from gptsmith.rag.reading.parsed import Raw, Unreadable
from tests.support import documents


def text_of(name: str, data: bytes | str) -> str:
    return kinds.read_any(Raw(data.encode() if isinstance(data, str) else data, name)).text


def p(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def tc(*blocks: str) -> str:
    return f"<w:tc>{''.join(blocks)}</w:tc>"


NOTE = '<w:r><w:{0}Reference w:id="2"/></w:r>'
BOX = (
    "<w:r><mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent>{0}</w:txbxContent></wps:txbx></mc:Choice>"
    "<mc:Fallback><v:textbox><w:txbxContent>{0}</w:txbxContent></v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
)
INNER = f"<w:tbl><w:tr>{tc(p(r('in')))}{tc(p(r('side')))}</w:tr></w:tbl>"
CHOICES = (
    '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="tea"/>'
    '<w:listEntry w:val="soup"/></w:ddList></w:ffData></w:fldChar></w:r>'
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (p(r("Rent: "), f"<w:del>{r('610')}</w:del><w:ins>{r('745')}</w:ins>", r(" euros")), "Rent: 745 euros"),
        (p(f"<w:moveFrom>{r('old place')}</w:moveFrom><w:moveTo>{r('new place')}</w:moveTo>"), "new place"),
        (f"<w:ins>{p(r('A new paragraph'))}</w:ins>", "A new paragraph"),
        (f"<w:sdt><w:sdtPr/><w:sdtContent>{p(r('In a control'))}</w:sdtContent></w:sdt>", "In a control"),
        (p(r("Name: "), f"<w:sdt><w:sdtContent>{r('Okoro')}</w:sdtContent></w:sdt>"), "Name: Okoro"),
        (p(f"<w:hyperlink>{r('the form')}</w:hyperlink>", f"<w:smartTag>{r(' here')}</w:smartTag>"), "the form here"),
        (p(r("See "), BOX.format(p(r("closes at 19:45")))), "See \n\ncloses at 19:45"),
        (p(r("hidden", "<w:vanish/>"), r("seen")), "seen"),
        (p("<w:r><w:instrText>PAGE</w:instrText></w:r>", r("kept")), "kept"),
        (p(CHOICES), "soup"),
        (p(r("a"), "<w:r><w:tab/><w:noBreakHyphen/></w:r>", r("b")), "a\t-b"),
        (
            f"<w:tbl><w:tr>{tc(p(r('Fee')))}<w:sdt><w:sdtContent>{tc(p(r('4')))}</w:sdtContent></w:sdt></w:tr>"
            f"<w:tr><w:trPr><w:del/></w:trPr>{tc(p(r('gone')))}</w:tr></w:tbl>",
            "Fee | 4",
        ),
        (
            f"<w:tbl><w:tr>{tc(p(r('Out')), INNER)}{tc(p(r('next')))}</w:tr></w:tbl>",
            "Out in | side | next",
        ),
    ],
)
def test_word_files_read_as_with_every_change_accepted(body: str, text: str) -> None:
    assert text_of("a.docx", documents.word(body)) == text


def test_word_notes_stand_behind_their_paragraph_and_headers_are_said_once() -> None:
    body = p(r("Deposit"), NOTE.format("footnote"), r(" is due.")) + p(r("Next"), NOTE.format("endnote"))
    data = documents.word(
        body,
        footnotes=f'<w:footnote w:id="2">{p(r("Two rents."))}</w:footnote>',
        endnotes=f'<w:endnote w:id="2">{p(r("By law."))}</w:endnote>',
        header1=p(r("Acme Homes")),
        header2=p(r("Acme Homes")),
        footer1=p(r("Page 1 of 3")),
        comments=f'<w:comment w:id="1">{p(r("check this"))}</w:comment>',
    )
    assert text_of("a.docx", data).split("\n\n") == [
        "Acme Homes",
        "Deposit is due.",
        "Footnote: Two rents.",
        "Next",
        "Endnote: By law.",
    ]


def field(name: str, rect: str, **values: str) -> dict[str, str]:
    return {"T": f"({name})", "Rect": f"[{rect}]", **values}


@pytest.mark.parametrize(
    ("pieces", "fields", "text"),
    [
        (
            [(72, 700, "Form"), (72, 650, "Surname:")],
            [field("t1", "180 645 400 665", FT="/Tx", V="(Okonkwo)")],
            "Form\n\n- Surname: Okonkwo",
        ),
        ([(72, 700, "Form")], [field("guestCount", "72 600 99 620", FT="/Tx", V="(4)")], "Form\n\n- guest Count: 4"),
        (
            [(72, 700, "Form"), (100, 650, "I need a lift")],
            [field("c", "72 645 90 660", FT="/Btn", AS="/Yes", V="/Yes")],
            "Form\n\n- I need a lift: yes",
        ),
        (
            [(72, 700, "Form"), (100, 650, "I need a lift")],
            [field("c", "72 645 90 660", FT="/Btn", AS="/Off")],
            "Form\n\n- I need a lift: no",
        ),
        (
            [(72, 700, "Form"), (72, 650, "Meal")],
            [field("m", "180 645 400 665", FT="/Ch", V="(v)", Opt="[[(m) (Meat)] [(v) (Vegetarian)]]")],
            "Form\n\n- Meal: Vegetarian",
        ),
        (
            [(72, 700, "Form"), (72, 650, "Days")],
            [field("d", "180 645 400 665", FT="/Ch", V="[(Mon) (Wed)]")],
            "Form\n\n- Days: Mon, Wed",
        ),
        ([(72, 700, "Form"), (72, 650, "Blank:")], [field("b", "180 645 400 665", FT="/Tx")], "Form\nBlank:"),
        ([(72, 700, "Form")], [field("pw", "72 600 99 620", FT="/Tx", Ff="8192", V="(secret)")], "Form"),
    ],
)
def test_what_is_filled_in_on_a_pdf_stands_beside_its_label(
    pieces: list[tuple[int, int, str]], fields: list[dict[str, str]], text: str
) -> None:
    assert text_of("a.pdf", documents.placed_pdf(pieces, fields)) == text


LEFT = ["The library lends skis for", "two weeks. A deposit of 40", "euros is asked at the desk", "and is given back."]
MIDDLE = ["Lockers in the hall are", "rented by the year. The", "price is 25 euros for each", "and 3 more for a key."]
RIGHT = [
    "Boats go from the pier at",
    "noon. A seat is 9 euros and",
    "children under six travel",
    "free of charge with us.",
]


@pytest.mark.parametrize(
    ("columns", "by_rows"),
    [
        ([(72, LEFT), (330, MIDDLE)], True),
        ([(72, LEFT), (330, MIDDLE)], False),
        ([(30, LEFT), (220, MIDDLE), (410, RIGHT)], True),
    ],
)
def test_columns_of_a_page_are_read_one_after_the_other(columns: list[tuple[int, list[str]]], by_rows: bool) -> None:
    pieces = [(x, 700 - 16 * i, line) for x, lines in columns for i, line in enumerate(lines)]
    if by_rows:
        pieces.sort(key=lambda piece: -piece[1])
    title = [(72, 740, "Town bulletin of the month, with all that is new")]
    text = text_of("a.pdf", documents.placed_pdf(title + pieces))
    assert text.split("\n") == [title[0][2], *(line for _, lines in columns for line in lines)]


def test_the_rows_of_a_table_on_a_page_stay_rows() -> None:
    rows = [("City bike", "5", "14"), ("Tandem bike", "8", "24"), ("Cargo bike", "9", "39"), ("Child seat", "2", "6")]
    pieces = [
        (x, 700 - 16 * i, cell) for i, row in enumerate(rows) for x, cell in zip((72, 300, 400), row, strict=True)
    ]
    text = text_of("a.pdf", documents.placed_pdf(pieces))
    assert " ".join(text.split()) == " ".join(cell for row in rows for cell in row)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<h2><button aria-expanded=false>Dogs?</button></h2><div hidden>On a lead.</div>", "## Dogs?\n\nOn a lead."),
        ("<details><summary>Dogs?</summary>On a lead.</details>", "#### Dogs?\n\nOn a lead."),
        ("<dl><dt>Dogs?<dd>On a lead.<dt>Cats?<dd>No.</dl>", "#### Dogs?\n\nOn a lead.\n\n#### Cats?\n\nNo."),
        ("<button class=accordion>Dogs</button><p>On a lead.", "#### Dogs\n\nOn a lead."),
        ("<button>Are dogs allowed?</button><p>On a lead.", "##### Are dogs allowed?\n\nOn a lead."),
        ("<div role=heading aria-level=3>Dogs</div>On a lead.", "### Dogs\n\nOn a lead."),
        ("<div role=button aria-controls=x>Dogs</div><div id=x>On a lead.</div>", "#### Dogs\n\nOn a lead."),
        ("<h2 aria-label='Dogs?'><svg></svg></h2><p>On a lead.", "## Dogs?\n\nOn a lead."),
        ("<p>From <del>3</del> <ins>5</ins> euros<button>Buy</button>", "From 5 euros"),
        ("<ruby>漢字<rt>かんじ</rt></ruby>です", "漢字です"),
        ("<table><tr><th>Day<td>9<table><tr><td>am<td>pm</table></table>", "Day | 9 am | pm"),
        ("<pre>a\n    b</pre>", "a\n    b"),
    ],
)
def test_pages_keep_the_questions_of_what_folds_out(data: str, text: str) -> None:
    assert text_of("a.html", data) == text


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (
            "a.html",
            "<title>T</title><frameset><frame src=a.html><frame src=b.html></frameset>",
            "(a.html, b.html); name",
        ),
        ("a.html", "<title>T</title><body><iframe src='b.html'></iframe></body>", "in frames (b.html); name"),
        ("a.html", "<title>Shop</title><div id=root></div><script src=a.js></script>", "drawn by a script"),
        ("a.html", "<title>Shop</title><div>Loading...</div><script src=a.js></script>", "drawn by a script"),
        ("a.html", "<meta http-equiv=Refresh content='0; url=/new.html'>", "only leads on to /new.html; name"),
        ("a.txt", "QWxhZGRpbjpvcGVuIHNlc2FtZQ9xKz8A7bCd2eFgHiJkLmNoPqRsTuVw\n" * 9, "encoded data (such as base64)"),
        ("a.txt", ".NH 1\nA report\n.PP\nIts words.", "troff source"),
        ("a.texi", "\\input texinfo\n@setfilename a.info\n", "Texinfo source"),
        ("a.txt", "%!PS-Adobe-3.0\n/Helvetica findfont", "PostScript"),
        ("a.ps", "%!PS-Adobe-3.0", "PostScript"),
        ("a.msg", "x", "an Outlook message; save it as EML"),
        ("a.ipynb", "{", "the notebook is broken"),
        ("a.txt", bytes(range(128, 256)) * 4, "its encoding cannot be told"),
    ],
)
def test_what_cannot_be_quoted_is_not_ok(name: str, data: bytes | str, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        text_of(name, data)
    assert reason in str(caught.value)


def test_encoded_data_inside_a_text_is_left_out_and_said() -> None:
    block = "QWxhZGRpbjpvcGVuIHNlc2FtZQ9xKz8A7bCd2eFgHiJkLmNoPqRsTuVw" * 9
    parsed = kinds.read_any(Raw(f"The gate on the hill opens at nine. ({block}) It closes at six in winter.".encode()))
    assert parsed.text == "The gate on the hill opens at nine. ([encoded data left out]) It closes at six in winter."
    assert parsed.note == "1 block of encoded data left out"


RUSSIAN = "Музей открыт ежедневно с десяти. Билет стоит 300 рублей."
JAPANESE = "会議室の利用料は一時間あたり九千八百円です。"
CHINESE = "博物馆每天上午九点开门，周一闭馆。门票价格为四十元。\n"


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        (JAPANESE, "cp932", "not UTF-8, read as Shift-JIS"),
        (JAPANESE, "euc_jp", "not UTF-8, read as EUC-JP"),
        (JAPANESE, "iso2022_jp", "read as ISO-2022-JP"),
        (CHINESE, "gbk", "not UTF-8, read as GBK"),
        (CHINESE, "utf-16-le", "read as UTF-16 (no byte order mark)"),
        (RUSSIAN, "cp1251", "not UTF-8, read as Windows-1251"),
        (RUSSIAN, "koi8_r", "not UTF-8, read as KOI8-R"),
        (RUSSIAN, "cp866", "not UTF-8, read as CP866"),
        (RUSSIAN, "utf-16", "read as UTF-16"),
        (RUSSIAN, "utf-16-be", "read as UTF-16 (no byte order mark)"),
        (RUSSIAN, "utf-8", ""),
        ("L’entrée coûte 5 € — gratuit pour les élèves.", "cp1252", "not UTF-8, read as Windows-1252"),
        ("Åtta kronor för små barn på lördag.", "cp1252", "not UTF-8, read as Windows-1252"),
        ("Żółw je źdźbło: wstęp kosztuje piętnaście złotych.", "cp1250", "not UTF-8, read as Windows-1250"),
        ("Το μουσείο ανοίγει στις δέκα.", "cp1253", "not UTF-8, read as Windows-1253"),
        ("המוזיאון נפתח בשעה עשר.", "cp1255", "not UTF-8, read as Windows-1255"),
        ("박물관은 매일 오전 아홉 시에 문을 엽니다.", "cp949", "not UTF-8, read as EUC-KR"),
    ],
)
def test_encodings_are_found_and_named(text: str, encoding: str, note: str) -> None:
    parsed = kinds.read_any(Raw(text.encode(encoding), "a.txt"))
    assert (parsed.text, parsed.note.partition(";")[0]) == (text, note)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.csv", "item,price,stock\nred brush,4.50,12\n", "- item: red brush; price: 4.50; stock: 12"),
        ("a.csv", "sep=;\nitem;price\nbrush;4,50\n", "- item: brush; price: 4,50"),
        ("a.tsv", "item\tprice\nbrush, red\t4.50\n", "- item: brush, red; price: 4.50"),
        ("a.csv", 'item,note\nbrush,"soft,\nred"\n', "- item: brush; note: soft, red"),
        (
            "a.csv",
            "Price list\n\nitem,price\nbrush,4\nink,5\n",
            "Price list\n\n- item: brush; price: 4\n- item: ink; price: 5",
        ),
        ("a.csv", "1,2\n3,4\n", "- 1; 2\n- 3; 4"),
        ("a.csv", "item,price,\nbrush,,new\n", "- item: brush; new"),
        ("a.csv", "item,price\n", "- item; price"),
    ],
)
def test_a_row_of_a_table_says_what_its_values_are(name: str, data: str, text: str) -> None:
    assert text_of(name, data) == text


def test_a_long_table_of_a_page_carries_its_head_into_every_row() -> None:
    rows = "".join(f"<tr><td>lamp {i}<td>{i}.50</tr>" for i in range(200))
    lines = text_of("a.html", f"<table><tr><th>Product<th>Price</tr>{rows}</table>").split("\n")
    assert (lines[0], lines[-1]) == ("- Product: lamp 0; Price: 0.50", "- Product: lamp 199; Price: 199.50")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (
            "---\ntitle: Hours\nauthor: Rosa\nlayout: post\n---\n\nWe open at ten.\n",
            "# Hours\n\nWe open at ten.\n\n## About this file\n\n- author: Rosa\n",
        ),
        ('+++\ntitle = "Hours"\n+++\n# Opening\nAt ten.', "# Opening\nAt ten.\n"),
        ("---\ntags: [a, b]\n---\nAt ten.", "At ten.\n"),
        ("---\n\nA ruled line: above\n\n---\nand below", "---\n\nA ruled line: above\n\n---\nand below"),
        ("---\ntitle: a: b\n---\nAt ten.", "# a: b\n\nAt ten.\n"),
    ],
)
def test_front_matter_is_no_sentence(data: str, text: str) -> None:
    assert text_of("a.md", data) == text


def mail(**parts: str) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "Zoë <zoe@example.org>", "Schöne Grüße"
    if "plain" in parts:
        message.set_content(parts["plain"], cte="base64")
    if "html" in parts:
        (message.add_alternative if "plain" in parts else message.set_content)(parts["html"], subtype="html")
    if "file" in parts:
        message.add_attachment(parts["file"], filename="list.csv", subtype="csv")
        message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="map.png")
    return message.as_bytes()


HEAD = "From: Zoë <zoe@example.org>\nSubject: Schöne Grüße\n\n"


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (mail(plain="Wir fahren um 7:45.\n"), f"{HEAD}Wir fahren um 7:45.", ""),
        (mail(html="<p>Wir <b>fahren</b> um 7:45.</p>"), f"{HEAD}Wir fahren um 7:45.", ""),
        (
            mail(plain="Nur HTML.\n", html="<p>Wir fahren um 7:45 vom Tor.</p>"),
            f"{HEAD}Wir fahren um 7:45 vom Tor.",
            "",
        ),
        (
            mail(plain="Siehe Liste.\n", file="item,price\nbrush,4\n"),
            f"{HEAD}Siehe Liste.\n\n## list.csv\n\n- item: brush; price: 4",
            "map.png in it is not read: it is a picture; knowledge is read from text",
        ),
        (
            b"From: =?iso-8859-1?q?Zo=EB?= <zoe@example.org>\nSubject: =?utf-8?b?U2Now7ZuZSBHcsO8w59l?=\n"
            b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
            b"am s=FCdlichen T=\nor",
            f"{HEAD}am südlichen Tor",
            "",
        ),
    ],
)
def test_mail_is_decoded(data: bytes, text: str, note: str) -> None:
    parsed = kinds.read_any(Raw(data, "a.eml"))
    assert (parsed.text, parsed.note) == (text, note)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nThe tower is\n\n"
            "2\n00:00:02,500 --> 00:00:04,000\n<i>80 metres</i> tall.\n\n"
            "3\n00:00:20,000 --> 00:00:22,000\nNext part.\n",
            "The tower is 80 metres tall.\n\nNext part.",
        ),
        (
            "a.vtt",
            "WEBVTT\n\nNOTE none of this\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Ana>Hello there.\n\n"
            "00:02.000 --> 00:03.000\nHello there.\n\n00:03.000 --> 00:04.000\nIt is <c.red>late</c>.\n",
            "Ana: Hello there. Hello there. It is late.",
        ),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nrolling\n\n00:02.000 --> 00:03.000\nrolling\non\n", "rolling on"),
    ],
)
def test_subtitles_are_running_text(name: str, data: str, text: str) -> None:
    assert text_of(name, data) == text


def test_notebooks_are_read_without_their_pictures() -> None:
    outputs = [
        {"output_type": "stream", "text": ["accuracy \x1b[1m87.4\x1b[0m\n"]},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 99, "text/plain": "<Figure size 6x4>"}},
        {"output_type": "execute_result", "data": {"text/plain": ["42"]}},
        {"output_type": "error", "ename": "ValueError", "evalue": "no data", "traceback": ["…"]},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Run\n", f"![x](data:image/png;base64,{'iVBORw0KGgo' * 99})"]},
        {"cell_type": "code", "source": "train()", "outputs": outputs},
    ]
    assert text_of("a.ipynb", json.dumps({"cells": cells})).split("\n\n") == [
        "# Run\n![x]([encoded data left out])",
        "```\ntrain()\n```",
        "accuracy 87.4",
        "42",
        "ValueError: no data",
    ]


def zipped(**files: str) -> bytes:
    """Return an archive of these files, a double underscore in a name for `/` and a single one for `.`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name if "." in name else name.replace("__", "/").replace("_", "."), content)
    return out.getvalue()


RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
REL = '<Relationship Id="{}" Target="{}"/>'
R_SPACE = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def test_a_spreadsheet_is_read_row_by_row() -> None:
    s = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cells = (
        '<row><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Price</t></is></c>'
        '<c r="D1" t="inlineStr"><is><t>Since</t></is></c></row>'
        '<row><c r="A2" t="s"><v>1</v></c><c r="B2"><f>1+3.5</f><v>4.5</v></c><c r="D2" s="1"><v>45353</v></c></row>'
    )
    data = zipped(
        xl__workbook_xml=f'<workbook {s} {R_SPACE}><sheets><sheet name="A" r:id="a"/>'
        '<sheet name="B" state="hidden" r:id="b"/></sheets></workbook>',
        xl__sharedStrings_xml=f"<sst {s}><si><t>Item</t></si><si><r><t>red </t></r><r><t>brush</t></r></si></sst>",
        xl__styles_xml=f'<styleSheet {s}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        xl__a_xml=f"<worksheet {s}><sheetData>{cells}</sheetData></worksheet>",
        xl__b_xml=f"<worksheet {s}><sheetData>{cells}</sheetData></worksheet>",
        **{"xl/_rels/workbook.xml.rels": RELS.format(REL.format("a", "a.xml") + REL.format("b", "b.xml"))},
    )
    assert text_of("a.xlsx", data) == "- Item: red brush; Price: 4.5; Since: 2024-03-02"


def test_slides_are_pages_with_their_tables_and_notes() -> None:
    a, p_ = (f'xmlns:{k}="http://schemas.openxmlformats.org/{v}/2006/main"' for k, v in
             (("a", "drawingml"), ("p", "presentationml")))  # fmt: skip
    shape = '<p:sp><p:nvPr><p:ph type="{}"/></p:nvPr><a:p><a:t>{}</a:t></a:p></p:sp>'
    cell = "<a:tc><a:p><a:t>{}</a:t></a:p></a:tc>"
    grid = f"<p:graphicFrame><a:tr>{cell.format('Fee')}{cell.format('4')}</a:tr></p:graphicFrame>"
    first = f"{shape.format('', 'Welcome')}{shape.format('sldNum', '1')}"
    data = zipped(
        ppt__presentation_xml=f'<p:presentation {p_} {R_SPACE}><p:sldId r:id="b"/><p:sldId r:id="a"/></p:presentation>',
        **{
            "ppt/_rels/presentation.xml.rels": RELS.format(
                REL.format("a", "slides/slide1.xml") + REL.format("b", "slides/slide2.xml")
            ),
            "ppt/slides/slide1.xml": f"<p:sld {p_} {a}>{shape.format('title', 'Fees')}{grid}</p:sld>",
            "ppt/slides/slide2.xml": f"<p:sld {p_} {a}>{first}</p:sld>",
            "ppt/slides/_rels/slide2.xml.rels": RELS.format(REL.format("n", "../notesSlides/notesSlide1.xml")),
            "ppt/notesSlides/notesSlide1.xml": f"<p:notes {p_} {a}>{shape.format('body', 'Smile.')}</p:notes>",
        },
    )
    parsed = kinds.read_any(Raw(data, "a.pptx"))
    assert parsed.text == "Welcome\n\nNotes: Smile.\n\n# Fees\n\nFee | 4"
    assert [parsed.text[at:][:6] for at in parsed.pages] == ["Welcom", "# Fees"]


def test_an_e_book_is_read_in_the_order_of_its_chapters() -> None:
    data = zipped(
        mimetype_="",
        **{
            "META-INF/container.xml": '<container><rootfile full-path="O/b.opf"/></container>',
            "O/b.opf": '<package><manifest><item id="x" href="x.xhtml"/><item id="y" href="y%20z.xhtml"/></manifest>'
            '<spine><itemref idref="y"/><itemref idref="x"/></spine></package>',
            "O/x.xhtml": "<html><body><p>And then she slept.</p></body></html>",
            "O/y z.xhtml": "<html><body><h1>One</h1><p>The sea was calm.</p></body></html>",
        },
    )
    assert text_of("a.epub", data) == "# One\n\nThe sea was calm.\n\nAnd then she slept."


def test_open_documents_are_read_without_their_deleted_changes() -> None:
    office, text, grid = (f"urn:oasis:names:tc:opendocument:xmlns:{k}:1.0" for k in ("office", "text", "table"))
    body = (
        '<t:tracked-changes><t:p>gone</t:p></t:tracked-changes><t:h t:outline-level="2">Fees</t:h>'
        "<t:p>Entry<t:s/>is<t:note><t:note-citation>1</t:note-citation><t:note-body><t:p>Free on Mondays."
        "</t:p></t:note-body></t:note> four euros.</t:p><t:list><t:list-item><t:p>Cash</t:p></t:list-item></t:list>"
        "<g:table><g:table-row><g:table-cell><t:p>Day</t:p></g:table-cell><g:table-cell><t:p>9</t:p></g:table-cell>"
        '<g:table-cell g:number-columns-repeated="999"/></g:table-row></g:table>'
    )
    content = (
        f'<o:c xmlns:o="{office}" xmlns:t="{text}" xmlns:g="{grid}"><o:body><o:text>{body}</o:text></o:body></o:c>'
    )
    data = zipped(mimetype_="", **{"content.xml": content})
    said = ["## Fees", "Entry is four euros.", "Footnote: Free on Mondays.", "- Cash", "Day | 9"]
    assert text_of("a.odt", data) == "\n\n".join(said)


@pytest.mark.parametrize("name", ["a.xlsx", "a.pptx", "a.epub", "a.odt", "a.docx"])
@pytest.mark.parametrize("data", [b"PK\x03\x04broken", zipped(x_txt="x"), b"not an archive"])
def test_broken_office_files_are_told(name: str, data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        text_of(name, data)
    assert "broken" in str(caught.value)


def test_the_docs_name_every_ending_that_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "knowledge.md").read_text(encoding="utf-8")
    assert f"Name endings: {' '.join(kinds.suffixes())}." in page


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        (
            "a.json",
            '[{"port": "Aldermoor", "depth": 4}, {"port": "Brack", "depth": 7}]',
            "- port: Aldermoor; depth: 4\n- port: Brack; depth: 7",
        ),
        (
            "a.jsonl",
            '{"day": "Monday", "open": true}\n{"day": "Sunday", "open": false}',
            "- day: Monday; open: yes\n- day: Sunday; open: no",
        ),
        ("a.json", '{"name": "Lamp", "tags": ["sea", "light"]}', "name: Lamp\ntags: sea, light"),
        ("a.json", '{"help": "<p>Press <b>twice</b>.</p><p>Wait.</p>"}', "help:\n\nPress twice.\n\nWait."),
        ("a.json", '{"a": {"b": {"c": "deep"}}}', "## a\n\n\n## a / b\n\nc: deep"),
        ("a.json", "{not json at all", "{not json at all"),
    ],
)  # fmt: skip
def test_json_is_read_for_what_it_says(name: str, data: str, text: str) -> None:
    assert text_of(name, data) == text


def test_a_title_with_gaps_is_no_head_of_a_table() -> None:
    data = "Our keepers,,\nof the coast,and islands,\nName,Lamp,Since\nAnn,north,1901\nBob,south,1912\n"
    assert text_of("a.csv", data).endswith(
        "- Name: Ann; Lamp: north; Since: 1901\n- Name: Bob; Lamp: south; Since: 1912"
    )


def test_of_a_returned_mail_what_a_reader_looks_at_is_kept() -> None:
    data = (
        b"From: a@example.org\nTo: b@example.org\nSubject: Returned\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: text/plain\n\nIt came back.\n"
        b"--x\nContent-Type: text/rfc822-headers\n\nReceived: from z by y\nX-Spam: no\nSubject: The lamp\n\n--x\n"
        b"Content-Type: text/plain\nContent-Disposition: attachment\n\n\n--x--\n"
    )
    parsed = kinds.read_any(Raw(data, "a.eml"))
    assert "Subject: The lamp" in parsed.text
    assert "Received" not in parsed.text and "X-Spam" not in parsed.text
    assert parsed.note == ""
