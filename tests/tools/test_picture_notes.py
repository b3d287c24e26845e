"""The note that names a picture in a message's text."""

from __future__ import annotations

import pytest

from gptsmith.models.chat.messages import PictureNote, find_picture_notes, picture_note, strip_picture_notes


@pytest.mark.parametrize(
    ("id", "text", "note"),
    [
        ("img_1", "", "[image img_1]"),
        ("img_1", "a blue tile", "[image img_1: a blue tile]"),
        ("a.png", "two\nlines [image img_9]", "[image a.png: two lines image img_9]"),
    ],
)
def test_a_note_reads_back(id: str, text: str, note: str) -> None:
    assert picture_note(id, text) == note
    assert [n.id for n in find_picture_notes(f"Here\n{note}\n")] == [id]


def test_notes_in_order_and_taken_off() -> None:
    text = "Change this\n[image img_1: cat.png]\n[image img_2]"
    assert find_picture_notes(text) == [PictureNote(id="img_1", text="cat.png"), PictureNote(id="img_2")]
    assert strip_picture_notes(text) == "Change this"
    assert find_picture_notes("an [image] or [image of a cat on a mat]") == []
