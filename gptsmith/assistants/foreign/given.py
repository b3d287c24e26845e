"""What a person hands over to be imported, read with care: it comes from anywhere."""

from __future__ import annotations

import base64
import binascii
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.assistants.format.reader import read_yaml
from gptsmith.errors import UsageError

MAX_TEXT = 4_000_000  # bytes of a text or JSON file
MAX_PICTURE = 20_000_000
MAX_PIXELS = 25_000_000
MAX_DEPTH = 40
_MAX_NODES = 50_000
_PNG = b"\x89PNG\r\n\x1a\n"
_SHOWN = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_CARDS = ("ccv3", "chara")  # the newer one first


@dataclass(frozen=True)
class Given:
    """A file or folder: its `text`, its `data` where it is JSON or YAML, and of a picture the picture without words."""

    path: Path
    text: str = ""
    data: Any = None
    picture: bytes = b""
    kind: str = ""
    words: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """A name for what has none."""
        return re.sub(r"[_-]+", " ", self.path.name.partition(".")[0]).strip() or "Assistant"

    def beside(self, name: str) -> str:
        """Return the text of another file of the same folder, empty where there is none."""
        place = self.path.resolve().parent
        file = (place / name).resolve()
        if not file.is_relative_to(place) or not file.is_file() or file.stat().st_size > MAX_TEXT:
            return ""
        return _decoded(file.read_bytes(), file)


def read(path: Path) -> Given:
    """Read what a person hands over.

    Raises:
        UsageError: it is not there, too large, nested too deeply, or neither text nor a PNG picture.
    """
    if path.is_dir():
        return Given(path, kind="folder")
    if not path.is_file():
        raise UsageError(f"there is no file {path}", code="not_found")
    most = MAX_PICTURE if path.suffix.lower() in (".png", ".apng") else MAX_TEXT
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise refused(path, f"it is larger than {most // 1_000_000} MB")
    if raw.startswith(_PNG):
        return _picture(path, raw)
    text = _decoded(raw, path)
    if text.lstrip()[:1] in ("{", "["):
        return Given(path, text, parsed(text, path), kind="json")
    if path.suffix.lower() in (".yaml", ".yml"):
        document = read_yaml(text, str(path))
        if document.diagnostics:
            raise refused(path, str(document.diagnostics[0]))
        return Given(path, text, document.data, kind="yaml")
    return Given(path, text, kind="text")


def parsed(text: str, path: Path) -> Any:
    """Return JSON as data. Raises UsageError for what is none, or nested too deeply."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise refused(path, "it is nested too deeply") from None
    except ValueError as error:
        raise refused(path, f"it is no JSON: {error}") from None
    level, depth, nodes = [data], 0, 0
    while level:
        nodes += len(level)
        depth += 1
        if depth > MAX_DEPTH or nodes > _MAX_NODES:
            raise refused(path, "it is nested too deeply" if depth > MAX_DEPTH else "it holds too many values")
        level = [child for item in level for child in _children(item)]
    return data


def refused(path: Path, why: str) -> UsageError:
    """Return the error that something is not taken in."""
    return UsageError(f"{path.name} cannot be imported: {why}", code="bad_import")


def _children(item: Any) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else []


def _no_number(_name: str) -> None:
    return None  # NaN and Infinity are no JSON


def _decoded(raw: bytes, path: Path) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(path, "it is neither UTF-8 text nor a PNG picture") from None
    if "\0" in text:
        raise refused(path, "it is neither UTF-8 text nor a PNG picture")
    return text


# -- a picture with words in it: the pixels are never unpacked ---------------------------------------------------------


def _picture(path: Path, raw: bytes) -> Given:
    words: dict[str, str] = {}
    kept, size = [_PNG], (0, 0)
    for kind, data, whole in _chunks(path, raw):
        if kind == b"IHDR" and len(data) == 13:
            size = struct.unpack(">II", data[:8])
        if kind in _SHOWN:
            kept.append(whole)
        elif kind == b"tEXt":
            name, _, value = data.partition(b"\0")
            words.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    if not 0 < size[0] * size[1] <= MAX_PIXELS:
        raise refused(path, f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels, or none")
    card = next((words[name] for name in _CARDS if name in words), "")
    if not card:
        raise refused(path, "the picture holds no character card")
    try:
        text = base64.b64decode(card, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise refused(path, "the character card in the picture is damaged") from None
    if len(text) > MAX_TEXT:
        raise refused(path, f"it is larger than {MAX_TEXT // 1_000_000} MB")
    return Given(path, text, parsed(text, path), b"".join(kept), kind="json", words=words)


def _chunks(path: Path, raw: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    place = len(_PNG)
    while place < len(raw):
        if place + 12 > len(raw):
            raise refused(path, "the picture is cut off")
        length, kind = struct.unpack(">I4s", raw[place : place + 8])
        end = place + 12 + length
        if end > len(raw):
            raise refused(path, "the picture is cut off")
        data = raw[place + 8 : end - 4]
        if zlib.crc32(kind + data) != struct.unpack(">I", raw[end - 4 : end])[0]:
            raise refused(path, "the picture is damaged")
        yield kind, data, raw[place:end]
        place = end
        if kind == b"IEND":
            return
