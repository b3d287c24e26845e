"""The notes by which pictures and files are named in a message's text, the same for every model.

The runtime adds one line per attached picture, `[image img_1: tile.png]`, and one per attached file, `[file fees.pdf]`,
to the person's message; a picture tool adds one line per picture drawn to its result. A picture's id is what the tools'
`image` argument takes; the words behind the colon are a file name or a caption.
"""

from __future__ import annotations

import re

from pydantic import BaseModel

_NOTE = re.compile(r"\[image ([A-Za-z0-9][A-Za-z0-9_.-]{0,79})(?:: ([^\[\]\n]{0,300}))?\]")
_FILE = re.compile(r"\[file ([^\[\]\n]{1,300})\]")
_UNSAFE = re.compile(r"[\[\]\s]+")


class PictureNote(BaseModel):
    """A picture of the conversation: its `id`, and what is known of it."""

    id: str
    text: str = ""


def picture_note(id: str, text: str = "") -> str:
    """Return the note for one picture; brackets and breaks become spaces, 300 characters stay."""
    words = _UNSAFE.sub(" ", text).strip()[:300]
    return f"[image {id}: {words}]" if words else f"[image {id}]"


def find_picture_notes(text: str) -> list[PictureNote]:
    """Return the notes in `text`, first to last."""
    return [PictureNote(id=i, text=words) for i, words in _NOTE.findall(text)]


def file_note(name: str) -> str:
    """Return the note for one attached file."""
    return f"[file {_UNSAFE.sub(' ', name).strip()[:300]}]"


def find_file_notes(text: str) -> list[str]:
    """Return the names of the attached files, first to last."""
    return _FILE.findall(text)


def strip_picture_notes(text: str) -> str:
    """Return `text` without its notes: the person's own words."""
    return _FILE.sub("", _NOTE.sub("", text)).strip()
