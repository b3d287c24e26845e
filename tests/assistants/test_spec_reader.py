"""The YAML reader: typing, refusals, caps, and the place of everything."""

from __future__ import annotations

import math
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.format.loader import check
from gptsmith.assistants.format.reader import MAX_BYTES, dotted, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("", None),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2024-05-01", "2024-05-01"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("1.2.0", "1.2.0"),
        ("=", "="),
        ("'12'", "12"),
        ('"true"', "true"),
        ("'~'", "~"),
        ('"\\ud83d\\ude00"', "😀"),
        ("what is it?", "what is it?"),
        ("[a?, b]", ["a?", "b"]),
        ("{a: is it?}", {"a": "is it?"}),
        ("{a: http://x.org:80/?q=1}", {"a": "http://x.org:80/?q=1"}),
        ('{"a":1}', {"a": 1}),
        ("- - a\n- b", [["a"], "b"]),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ("|\n  a\n   b\n\n", "a\n b\n"),
        (">\n  a\n  b\n", "a b\n"),
    ],
)
def test_yaml_1_2_core_typing(text: str, value: Any) -> None:
    document = read_yaml(text)
    assert document.diagnostics == []
    assert document.data == value
    assert type(document.data) is type(value)


def test_not_a_number_is_read() -> None:
    assert math.isnan(read_yaml(".nan").data)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "a: &x 1\nb: *x\n",
            [
                "f:1:4: a: anchors (&x) are refused; remove the anchor",
                "f:2:4: b: aliases (*x) are refused; write the value out",
            ],
        ),
        ("<<: {a: 1}\n", ['f:1:1: "<<": merge keys (<<) are refused; write the keys out']),
        ("*a : 1\n", ["f:1:1: an alias as a key is refused; write the key out"]),
        ("a: !!int '1'\n", ["f:1:4: a: tags (!!int) are refused; remove the tag; quotes make text"]),
        (
            "a: !!python/object/apply:os.system [x]\n",
            ["f:1:4: a: tags (!!python/object/appl…) are refused; remove the tag; quotes make text"],
        ),
        ("a: ! b\n", ["f:1:4: a: tags (!) are refused; remove the tag; quotes make text"]),
        ("a: !e!x b\n", ["f:1:4: tags (!) are refused; put the value in quotes"]),
        ("a: 1\n---\nb: 2\n", ["f:2:1: a second document starts here; keep one per file"]),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", ["f:4:3: b.c: duplicate key; it stands on line 3 already; keep one of the two"]),
        ("{a: 1, 'a': 2}", ["f:1:8: a: duplicate key; it stands on line 1 already; keep one of the two"]),
        ("a:\n\tb: 1\n", ["f:2:1: a tab cannot stand here; use blanks"]),
        (
            "a: b: c\n",
            [
                "f:1:5: a ': ' inside a value, or a line indented too far;"
                " put the text in quotes, or indent the line like its neighbours"
            ],
        ),
        ("a: 'it's'\n", ["f:1:8: this text belongs to no key; put all of the value in quotes"]),
        ("a: *b* c\n", ["f:1:6: text that starts with %, & or * needs quotes; put it in quotes"]),
        (
            "a: {{b}} c\n",
            ["f:1:5: a key must be text, got a list or an object; text that starts with { or [ needs quotes"],
        ),
        ("a: 1\nb c\nd: 1\n", ["f:2:1: a ':' is missing behind this key; write key: value, with a blank"]),
        ("a:\n  b: 1\n c: 2\n", ["f:3:2: the indentation does not fit the lines above; indent it like its neighbours"]),
        ("a: 1\nb: 'x\n", ["f:2:4: a quote is opened and never closed; close it with the same quote"]),
        ("a: [1, 2\nb: 1\n", ["f:1:4: a list in [ ] is not closed, or lacks a comma; write [one, two]"]),
        ("a: {b: 1\n", ["f:1:4: an object in { } is not closed, or lacks a comma; write {key: value, key: value}"]),
        ("a: @b\n", ["f:1:4: this character cannot start a value; put the value in quotes"]),
        ('a: "\\q"\n', ["f:1:6: an unknown escape in double quotes; double the backslash or use single quotes"]),
        ('a: "\\u12"\n', ["f:1:7: an escape in double quotes is cut short; write 4 hexadecimal digits behind \\u"]),
        ('a: "\\ud83d"\n', ["f:1:4: a: half of a surrogate pair is no character; write the whole pair"]),
        (
            "a: \x07\n",
            [
                "f:1:4: the character U+0007 is not allowed in YAML;"
                ' remove it, or write it in double quotes as "\\x.." or "\\u...."'
            ],
        ),
        (b"a: 1\nb: \xe9\n", ["f:2:4: the file is not UTF-8 (byte 0xe9); save it as UTF-8"]),
        ("a: 1".encode("utf-16"), ["f:1:1: the file is not UTF-8 (UTF-16); save it as UTF-8"]),
        (
            "? [a]\n: b\n",
            ["f:1:3: a key must be text, got a list or an object; text that starts with { or [ needs quotes"],
        ),
        ("[" * 40, ["f:1:33: nested deeper than 32 levels; flatten this part"]),
        (
            "a: " + "9" * 401,
            ["f:1:4: a: a number with more than 400 digits; put it in quotes if it is text"],
        ),
        (
            " " * (MAX_BYTES + 1024),
            ["f:1:1: the file has 257 KB, allowed are 256 KB; move long texts into files of their own"],
        ),
        (
            "[" + "1," * 20_001 + "]",
            ["f:1:40000: more than 20,000 values; move long texts into files of their own"],
        ),
    ],
    ids=count(),
)
def test_refused_with_its_place(text: str | bytes, messages: list[str]) -> None:
    assert [str(d) for d in read_yaml(text, "f").diagnostics] == messages


def test_alias_and_merge_bombs_are_refused_at_once() -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    rows += [f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(8)]
    document = read_yaml("\n".join(rows), "f")
    assert str(document.diagnostics[0]) == "f:1:4: a: anchors (&a) are refused; remove the anchor"
    assert len(document.diagnostics) == 50
    assert max(len(str(d)) for d in document.diagnostics) < 120


@pytest.mark.parametrize(
    ("text", "path", "key", "value"),
    [
        ("a: 1\nbc:   x\n", ("bc",), (2, 1), (2, 7)),
        ("a:\n  - b\n  - c: 1\n", ("a", 1, "c"), (3, 5), (3, 8)),
        ("a: {b: [1, 22]}", ("a", "b", 1), None, (1, 12)),
        ("\ufeffa: 1\n", ("a",), (1, 1), (1, 4)),
        ("a: 1\r\nb: 2\r\n", ("b",), (2, 1), (2, 4)),
        ("a: x\u2028y\nb: 2\n", ("b",), (2, 1), (2, 4)),
        ("a: 😀\nb: '😀' # c\n", ("b",), (2, 1), (2, 4)),
        ("a: |\n  x\n  y\nb: 1", ("b",), (4, 1), (4, 4)),
    ],
)
def test_marks_are_places_of_the_file(text: str, path: Any, key: Any, value: Any) -> None:
    mark = read_yaml(text).marks[path]
    assert (mark.key and (mark.key.line, mark.key.column)) == key
    assert (mark.value.line, mark.value.column) == value


def test_spans_cut_the_text_exactly() -> None:
    text = "\ufeffname: 'Night sky' # comment\r\ntools: [a, {b: c}]\r\n"
    marks = read_yaml(text).marks
    cut = {dotted(path): text[mark.value.start : mark.value.end] for path, mark in marks.items() if path}
    assert cut == {
        "name": "'Night sky'",
        "tools": "[a, {b: c}]",
        "tools[0]": "a",
        "tools[1]": "{b: c}",
        "tools[1].b": "c",
    }


@pytest.mark.parametrize("suite", ["yaml", "json"])
def test_hostile_files_give_a_diagnostic_or_nothing(test_data: Path, suite: str) -> None:
    files = [path for path in sorted((test_data / "hostile" / suite).rglob("*")) if path.is_file()]
    assert len(files) > 100
    for path in files:
        for diagnostic in check(path):
            assert diagnostic.message
            assert len(diagnostic.message) < 300, path
