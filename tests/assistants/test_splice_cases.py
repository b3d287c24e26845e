"""Single edits of hand-written specs, with the whole text that must come out, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gptsmith.assistants.editing.operations import (
    OPERATION,
    Add,
    Remove,
    ReplaceText,
    Set,
    apply_to_data,
    parse_path,
    write_path,
)
from gptsmith.assistants.editing.splice import SpliceRefusedError, splice, undo
from gptsmith.errors import SpecError, UsageError

LIST = """\
list:   # mine
  # first
  - a   # one
  # second,
  # two lines
  - b

  # far

  - c
  # - off
end: x
"""
WITHOUT_B = LIST.replace("  # second,\n  # two lines\n  - b\n", "")
NO_PATH = "is no path into a spec; write it like knowledge[0].retrieval.top_k"
LONG = "word " * 30 + "end"

CASES: list[tuple[str, Any, str]] = [
    # set
    ("a: 1   # c\n", Set(path="a", value=2), "a: 2   # c\n"),
    ("a: 'x' # c\n", Set(path="a", value="it's"), "a: 'it''s' # c\n"),
    ("a: x # c\n", Set(path="a", value="one\ntwo\n"), "a: | # c\n  one\n  two\n"),
    ("a: | # c\n  one\n\nb: 2\n", Set(path="a", value="two\nthree\n"), "a: | # c\n  two\n  three\n\nb: 2\n"),
    ("a: >-\n  one\n  two\n", Set(path="a", value="three"), "a: >-\n  three\n"),
    ("a: |  # c\n  one\nb: 2\n", Set(path="a", value=True), "a: true  # c\nb: 2\n"),
    ("a:  # c\nb: 2\n", Set(path="a", value="x"), "a: x  # c\nb: 2\n"),
    ("a: ollama:x  # c\n", Set(path="a", value={"name": "x", "t": 0.3}), "a:  # c\n  name: x\n  t: 0.3\n"),
    ("m:  # c\n  k: v\n  l: w\nb: 1\n", Set(path="m", value="x"), "m: x  # c\nb: 1\n"),
    ("m:\n    k: v # c\n", Set(path="m.deep.er", value=1), "m:\n    k: v # c\n    deep:\n        er: 1\n"),
    ("a: 1\n", Set(path="note", value=LONG), f"a: 1\nnote: |-\n  {LONG}\n"),
    ("a: x\r\nb: y\r\n", Set(path="a", value="p\nq\n"), "a: |\r\n  p\r\n  q\r\nb: y\r\n"),
    ("a: {k: v} # c\n", Set(path="a.k", value="x, y"), 'a: {k: "x, y"} # c\n'),
    (LIST, Set(path="list", value=["a", "c", "d"]), WITHOUT_B.replace("- c\n", "- c\n  - d\n")),
    ("l:\n  - n: a # c\n    t: 1 # d\n", Set(path="l", value=[{"n": "a", "t": 2}]), "l:\n  - n: a # c\n    t: 2 # d\n"),
    # add
    ("a: 1\n\nc: 3 # x\n\n# d\nd: 4\n", Add(path="x", value=5, after="c"), "a: 1\n\nc: 3 # x\n\nx: 5\n\n# d\nd: 4\n"),
    ("a: 1\nb: 2\n\nc: 3\nd: 4\n", Add(path="x", value=5, after="b"), "a: 1\nb: 2\nx: 5\n\nc: 3\nd: 4\n"),
    ("a: 1\nb: 2\n\nc: 3\n", Add(path="x", value=5), "a: 1\nb: 2\n\nc: 3\n\nx: 5\n"),
    (LIST, Add(path="list", value="d"), LIST.replace("- c\n", "- c\n  - d\n")),
    (LIST, Add(path="list", value="d", after=0), LIST.replace("# one\n", "# one\n  - d\n")),
    (LIST, Add(path="list", value="d", after=-1), LIST.replace("  # first", "  - d\n  # first")),
    (LIST, Add(path="mid", value=1, after="list"), LIST.replace("- c\n", "- c\nmid: 1\n")),
    ("l:\n- a: 1\n- a: 2", Add(path="l", value={"a": 3, "b": "c"}), "l:\n- a: 1\n- a: 2\n- a: 3\n  b: c"),
    ("l: [a, b] # c\n", Add(path="l", value="d"), "l: [a, b, d] # c\n"),
    ("l: [\n  a, # 1\n  b # 2\n]\n", Add(path="l", value="d"), "l: [\n  a, # 1\n  b, # 2\n  d\n]\n"),
    ("l: [] # c\nz: 1\n", Add(path="l", value={"k": "v"}), "l: # c\n  - k: v\nz: 1\n"),
    ("m: {}\n", Add(path="m.k", value="v"), "m:\n  k: v\n"),
    ("l:\n  - {k: 1}\n  - {k: 2} # c\n", Add(path="l", value={"k": 3}), "l:\n  - {k: 1}\n  - {k: 2} # c\n  - {k: 3}\n"),
    ("l:\n  - a\n\n  - b\n\nz: 1\n", Add(path="l", value="c"), "l:\n  - a\n\n  - b\n\n  - c\n\nz: 1\n"),
    ("name: A\n", Add(path="conversation_starters", value="Hi?"), "name: A\nconversation_starters:\n  - Hi?\n"),
    ("a: |\n  one", Add(path="b", value=1), "a: |-\n  one\nb: 1"),
    # remove
    (LIST, Remove(path="list[0]"), LIST.replace("  # first\n  - a   # one\n", "")),
    (LIST, Remove(path="list[1]"), WITHOUT_B),
    (LIST, Remove(path="list[2]"), LIST.replace("  - c\n", "")),
    (LIST, Remove(path="end"), LIST.replace("end: x\n", "")),
    ("l: # c\n  # d\n  - a # e\n# f\n", Remove(path="l[0]"), "l: [] # c\n# f\n"),
    ("# head\na: 1\nb: 2\n", Remove(path="a"), "# head\nb: 2\n"),
    ("l:\n  - a: 1\n    b: 2\n", Remove(path="l[0].a"), "l:\n  - b: 2\n"),
    ("l: [a, b, c]\n", Remove(path="l[1]"), "l: [a, c]\n"),
    ("l: [a, b, c]\n", Remove(path="l[2]"), "l: [a, b]\n"),
    ("l: [\n  a, # 1\n  b # 2\n]\n", Remove(path="l[1]"), "l: [\n  a # 1\n]\n"),
    ("a: 1\nb: 2", Remove(path="b"), "a: 1"),
    # replace_text
    ("a: one two # c\n", ReplaceText(path="a", old="two", new="three"), "a: one three # c\n"),
    ("a: one two # c\n", ReplaceText(path="a", old="two", new="a: b"), 'a: "one a: b" # c\n'),
    ("a: 'it''s one'\n", ReplaceText(path="a", old="'s", new="s'"), "a: 'its'' one'\n"),
    ('a: "\\u263a x"\n', ReplaceText(path="a", old="☺", new='"'), 'a: "\\" x"\n'),
    ("a: |\n  one\n  two\n", ReplaceText(path="a", old="one\ntwo", new="x\n\ny"), "a: |\n  x\n\n  y\n"),
    ("a: >\n  one\n  two\n", ReplaceText(path="a", old="one two", new="x"), "a: >\n  x\n"),
    ("a: one\n   two # c\n", ReplaceText(path="a", old="one", new="x"), "a: x\n   two # c\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "op", "wanted"), CASES)
def test_an_edit_is_what_a_careful_person_would_type(text: str, op: Any, wanted: str) -> None:
    edited = splice(text, [op])
    assert edited.text == wanted
    assert undo(edited.text, edited.inverse) == text


def test_many_operations_are_one_edit() -> None:
    ops = [
        Remove(path="list[0]"),
        Add(path="list", value="z", after=0),
        Set(path="list[1]", value="q"),
        Remove(path="end"),
    ]
    edited = splice(LIST, ops)
    assert edited.text == LIST.replace("  # first\n  - a   # one\n", "").replace("- b\n", "- b\n\n  - q\n").replace(
        "end: x\n", ""
    )
    assert undo(edited.text, edited.inverse) == LIST
    with pytest.raises(UsageError) as caught:
        undo(edited.text + " ", edited.inverse)
    assert str(caught.value) == (
        "the text has been changed since this edit, so it cannot be undone by itself;"
        " restore a version, or make the opposite change"
    )


@pytest.mark.parametrize(
    ("text", "op", "message"),
    [
        ("a: 1\n", Set(path="b[0]", value=1), "b is nothing, not a list; change that first"),
        ("a: 1\n", Set(path="a.b", value=1), "a is 1, not an object; change that first"),
        ("l: [1]\n", Set(path="l[1]", value=1), "l has 1 item, there is no [1]; add puts a new one in"),
        ("a: 1\n", Remove(path="b"), 'the file has no "b"; set or add makes a new field'),
        ("a: 1\n", Add(path="a", value=1), "a is there already; use set to change it"),
        ("a: 1\n", Add(path="b", value=1, after="c"),
         'there is no key "c" to come after; name a key beside the new one'),
        ("a: xx\n", ReplaceText(path="a", old="x", new="y"),
         'a contains "x" more than once; give more of the words around it'),
        ("a: xx\n", ReplaceText(path="a", old="z", new="y"), 'a does not contain "z"; copy the words from the file'),
        ("a: 1\n", Set(path="b", value="x" * 300_000),
         "with this change the file has 292 KB, allowed are 256 KB; move long texts into files of their own"),
        ("a: 1\n", ReplaceText(path="a", old="1", new="2"), "a is 1, not a text; use set for other values"),
        ("a: 1\n", Set(path="a..b", value=1), f'"a..b" {NO_PATH}'),
        ("a: 1\n", Set(path="", value=1), f'"" {NO_PATH}'),
    ],
)  # fmt: skip
def test_an_operation_that_does_not_fit_is_refused(text: str, op: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        splice(text, [op])
    assert str(caught.value) == message


def test_what_cannot_be_spliced_is_refused_with_the_lines_to_paste() -> None:
    with pytest.raises(SpliceRefusedError) as caught:
        splice("x: 1\n? a\n: 1\n? b\n: 2\n", [Add(path="c", value={"k": ["v", {"w": "t\n"}]}, after="b")])
    assert (caught.value.path, caught.value.line) == ("c", 1)
    assert caught.value.lines == ["c:", "  k:", "    - v", "    - w: |", "        t"]


def test_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SpecError, match="duplicate key"):
        splice("a: 1\na: 2\n", [Set(path="a", value=3)])


@pytest.mark.parametrize("path", [("a",), ("a", 0, "b-c"), ("a.b", 'c"d', 12), ("", "é", "a b")])
def test_a_path_is_read_as_it_is_written(path: tuple[str | int, ...]) -> None:
    assert parse_path(write_path(path)) == path


def test_operations_come_as_data_with_their_types() -> None:
    op = OPERATION.validate_python({"op": "set", "path": "a", "value": {"b": [True, 1, 1.0, "1", None]}})
    assert isinstance(op, Set)
    assert repr(op.value) == "{'b': [True, 1, 1.0, '1', None]}"
    with pytest.raises(ValidationError):
        OPERATION.validate_python({"op": "set", "path": "a", "value": object()})
    with pytest.raises(ValidationError):
        OPERATION.validate_python({"op": "move", "path": "a"})


def test_operations_on_data_leave_the_data_alone() -> None:
    data = {"l": [1, 2]}
    assert apply_to_data(data, [Add(path="l", value=3), Remove(path="l[0]"), Set(path="m.n", value=1)]) == {
        "l": [2, 3],
        "m": {"n": 1},
    }
    assert data == {"l": [1, 2]}
