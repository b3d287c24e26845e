"""A Character Card (versions 1 to 3), as JSON or inside of a PNG picture; also written."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from typing import Any

from gptsmith.assistants.foreign.carried import FILES, Foreign, Source
from gptsmith.assistants.foreign.given import Given

NAME = "Character Card"
_CHAR = re.compile(r"\{\{char\}\}|<BOT>", re.IGNORECASE)
_USER = re.compile(r"\{\{user\}\}|<USER>", re.IGNORECASE)
_PERSON = "\0user\0"  # the place of the person's name, until the text is escaped
_SERVICE = frozenset(
    ("creation_date", "modification_date", "avatar", "chat", "create_date", "fav", "talkativeness", "extensions",
     "creator_notes_multilingual", "source", "nickname", "spec", "spec_version", "creatorcomment")
)  # fmt: skip


def fits(given: Given) -> bool:
    """Tell whether it is one."""
    data = given.data
    if not isinstance(data, dict):
        return False
    return str(data.get("spec", "")).startswith("chara_card") or ("first_mes" in data and "name" in data)


def read(given: Given) -> list[Foreign]:
    """Return the character."""
    made, outer = Foreign(NAME), Source(given.data)
    inner = outer.take("data")
    source = Source(inner) if isinstance(inner, dict) else outer
    card = _Card(made, source, source.text("name") or given.title)
    notes = card.text("creator_notes")
    made.describe(card.name, _plain(notes.splitlines()[0]) if notes else "", card.instructions())
    if _PERSON in made.spec["instructions"]:
        made.spec["instructions"] = made.spec["instructions"].replace(_PERSON, "{{user}}")
        made.spec["variables"] = {"user": {"description": "What the person is called", "default": "User"}}
    made.put("welcome_message", _plain(card.text("first_mes")), 500)
    for number, greeting in enumerate(source.texts("alternate_greetings", "group_only_greetings"), 1):
        made.leave(f"greeting {number + 1}: {greeting[:60]}", "an assistant has one welcome message")
    card.add_book()
    about = {"author": source.text("creator"), "tags": source.texts("tags"), "notes": _plain(notes)}
    if kept := {name: value for name, value in about.items() if value}:
        made.spec["metadata"] = kept
    if version := source.text("character_version"):
        made.spec["version"] = version[:80]
    if given.picture:
        made.files["avatar.png"] = given.picture
        made.spec["avatar"] = f"{FILES}avatar.png"
    if source.take("assets"):
        made.leave("assets", "only the card's own picture is carried")
    made.leave_rest(source, _SERVICE)
    if outer is not source:
        v1 = frozenset(("name", "description", "personality", "scenario", "first_mes", "mes_example", "tags"))
        made.leave_rest(outer, _SERVICE | v1)
    return [made]


class _Card:
    """The texts of a card, with the names of both speakers in their places."""

    def __init__(self, made: Foreign, source: Source, name: str) -> None:
        self.made, self.source, self.name = made, source, name

    def text(self, name: str) -> str:
        return self._filled(self.source.text(name))

    def instructions(self) -> str:
        parts = [self.text("system_prompt").replace("{{original}}", "").strip() or f"You are {self.name}."]
        for field, head in (
            ("description", "Who you are"), ("personality", "Personality"), ("scenario", "Where you are"),
            ("mes_example", "How you speak"), ("post_history_instructions", "Always"),
        ):  # fmt: skip
            if text := self.text(field):
                parts.append(f"# {head}\n{text}")
        return "\n\n".join(parts)

    def add_book(self) -> None:
        """Carry the lorebook: what always holds stands in the instructions, the rest is searched."""
        book = self.source.take("character_book")
        entries = book.get("entries") if isinstance(book, dict) else None
        found: list[str] = []
        for entry in entries if isinstance(entries, list) else []:
            text = self._filled(str(entry.get("content") or "")) if isinstance(entry, dict) else ""
            if not text:
                continue
            keys = [str(key) for key in _list(entry.get("keys")) if isinstance(key, str)]
            head = str(entry.get("name") or entry.get("comment") or ", ".join(keys) or "Note")[:200]
            if entry.get("enabled") is False:
                self.made.leave(f"lorebook entry {head[:80]}", "it was switched off")
                continue
            found.append(f"## {head}\n\n{_plain(text)}\n")
        if found:
            self.made.files["lore.md"] = "\n".join(found).encode("utf-8", "replace")
            source = {"name": "lore", "description": "What is known of this world", "citations": False}
            self.made.spec["knowledge"] = [{**source, "paths": [f"{FILES}lore.md"]}]
            self.made.leave("keywords of the lorebook", "its entries are found by meaning and words instead")

    def _filled(self, text: str) -> str:
        return _USER.sub(_PERSON, _CHAR.sub(lambda _: self.name, text))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(text: str) -> str:
    return text.replace(_PERSON, "you")


def write(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec as the data of a card, version 2."""
    data = {
        "name": spec["name"], "description": "", "personality": "", "scenario": "",
        "first_mes": spec.get("welcome_message", ""), "mes_example": "", "creator_notes": spec["description"],
        "system_prompt": spec["instructions"], "post_history_instructions": "", "alternate_greetings": [],
        "tags": [], "creator": "", "character_version": spec.get("version", ""), "extensions": {},
    }  # fmt: skip
    about = spec.get("metadata")
    if isinstance(about, dict):
        data["creator"] = str(about.get("author", ""))
        data["tags"] = [str(tag) for tag in about.get("tags", [])] if isinstance(about.get("tags"), list) else []
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": data}


def into_png(card: dict[str, Any], picture: bytes) -> bytes:
    """Return a PNG picture with a card in it."""
    words = b"chara\0" + base64.b64encode(json.dumps(card, ensure_ascii=False).encode())
    chunk = struct.pack(">I", len(words)) + b"tEXt" + words + struct.pack(">I", zlib.crc32(b"tEXt" + words))
    return picture[:33] + chunk + picture[33:]  # behind the head, which is always as long
