"""The pictures of one assistant: their files, and what is known of each."""

from __future__ import annotations

import io
import json
import re
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import BaseModel, Field

from gptsmith.errors import UsageError
from gptsmith.state import atomic_write, connect

if TYPE_CHECKING:
    from gptsmith.models.pictures.input_images import Given


# The "parameters" text of a PNG, in the form that A1111 introduced and most viewers of drawn pictures read.

KEY = "parameters"
_MAX_SETTINGS = 16_000  # characters
MAX_CAPTION = 4_000  # characters; of a longer one only as much is read
_PAIR = re.compile(r'\s*([A-Za-z][\w /-]{0,39}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_SAMPLERS = {"ddim": "DDIM", "euler": "Euler", "dpmpp": "DPM++ 2M", "unipc": "UniPC"}


def write_parameters(record: PictureRecord) -> str:
    """Return the text for one picture: its caption, the negative one, and one line of settings."""
    settings: list[tuple[str, object]] = [
        ("Steps", record.steps),
        ("Sampler", _SAMPLERS.get(record.sampler, record.sampler)),
        ("CFG scale", record.guidance),
        ("Seed", record.seed),
        ("Size", record.size),
        ("Native size", record.native_size if record.native_size != record.size else None),
        ("Model", record.model),
        ("Denoising strength", None if record.strength is None else round(record.strength, 4)),
        ("Request", record.prompt if record.prompt != record.caption else None),
        ("Parent", record.parent),
        ("Version", record.version),
    ]
    lines = [_one_line(record.caption)]
    if record.negative:
        lines.append(f"Negative prompt: {_one_line(record.negative)}")
    lines.append(", ".join(f"{name}: {_value(value)}" for name, value in settings if value not in (None, "")))
    return "\n".join(lines)


def read_parameters(text: str) -> dict[str, str]:
    """Return what a parameters text says; `caption` and `negative` beside the names of its settings.

    The text is a stranger's: what cannot be read as a setting is taken as it stands.
    """
    lines = text.strip().split("\n")
    pairs = _PAIR.findall(lines[-1]) if len(lines[-1]) <= _MAX_SETTINGS else []
    if len(pairs) < 3:
        pairs = []
    body = "\n".join(lines[:-1] if pairs else lines)
    caption, _, negative = body.partition("\nNegative prompt:")
    found = {"caption": _bounded(caption), "negative": _bounded(negative)}
    for name, value in pairs:
        found[name.strip()] = _unquoted(value)
    return found


def png_info(record: PictureRecord) -> PngInfo:
    """Return the chunk to save with a PNG."""
    info = PngInfo()
    info.add_text(KEY, write_parameters(record))
    return info


def parameters_of(picture: Image.Image) -> dict[str, str]:
    """Return what an opened picture says about itself; empty when it says nothing."""
    text = picture.info.get(KEY)
    return read_parameters(text) if isinstance(text, str) else {}


def parameters_in(given: Given) -> dict[str, str]:
    """Return what a picture, file or bytes say about themselves; empty when they say nothing."""
    if isinstance(given, Image.Image):
        return parameters_of(given)
    try:
        with Image.open(io.BytesIO(given) if isinstance(given, bytes) else given, formats=("PNG",)) as picture:
            return parameters_of(picture)
    except (OSError, ValueError, SyntaxError):  # no PNG, a damaged one, or one with more text than Pillow reads
        return {}


def _bounded(text: str) -> str:
    return text.strip()[:MAX_CAPTION]


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        with suppress(ValueError):  # of a hand that quotes in another way
            return str(json.loads(value))
    return value.strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _value(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if re.search(r'[,:"\n]', text) else text


# What is known of a drawn picture: the words, the settings, the model, and the picture that it came from.


class PictureRecord(BaseModel):
    """One drawn picture, as events, replies and the SDK give it."""

    id: str = Field(default="", description="What a later request names it by.")
    path: str = Field(default="", description="The PNG file; empty while it was not saved.")
    prompt: str = Field(description="What the person asked for.")
    caption: str = Field(description="What was really drawn: the description that the model was given.")
    own_words: bool = Field(default=False, description="The caption is the person's own words, as they are.")
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    size: str = ""
    native_size: str = Field(default="", description="The size that the model drew, where it was enlarged or pasted.")
    sampler: str = ""
    negative: str = ""
    strength: float | None = None
    model: str = ""
    mode: Literal["new", "change", "inpaint"] = "new"
    parent: str = Field(default="", description="The picture that it was made from.")
    score: float | None = Field(default=None, description="How well it fits the request, where pictures were ranked.")
    notes: list[str] = Field(default=[], description="What the person should know, one sentence each.")
    version: str = ""
    created: float = 0.0


class Picture:
    """A drawn picture: `image` (PIL, RGB), whose `info` says what a PNG's parameters text would, and its `record`."""

    def __init__(self, image: Image.Image, record: PictureRecord) -> None:
        self.image = image
        self.image.info[KEY] = write_parameters(record)
        self.record = record

    def png(self, *, parameters: bool = True) -> bytes:
        """Return the PNG file's bytes, with the parameters text in it unless that is switched off."""
        file = io.BytesIO()
        self.image.save(file, "PNG", pnginfo=png_info(self.record) if parameters else None)
        return file.getvalue()

    def save(self, path: str | Path, *, parameters: bool = True) -> Path:
        """Write the PNG to `path`, whole or not at all, and return it."""
        target = Path(path)
        atomic_write(target, self.png(parameters=parameters))
        return target

    def __repr__(self) -> str:
        return f"Picture({self.record.caption[:60]!r}, seed={self.record.seed}, size={self.record.size!r})"


_SCHEMA = [
    """
    CREATE TABLE pictures (
        thread TEXT NOT NULL, id TEXT NOT NULL, shown INTEGER NOT NULL, prompt TEXT NOT NULL, caption TEXT NOT NULL,
        seed INTEGER, record TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (thread, id)
    );
    CREATE INDEX pictures_created ON pictures (created);
    """
]
_NUMBER = re.compile(r"img_(\d+)")
IMAGES = "images"


class PictureStore:
    """The pictures of the assistant whose state folder is `folder`.

    A conversation's pictures, the attached ones included, share one row of ids: img_1, img_2, … Tries that were not
    chosen have ids of their own, and no model can name one. All lie in `threads/<thread>.files/images`, so that they go
    when the conversation is deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "pictures.sqlite"
        self._lock = threading.Lock()

    def images(self, thread: str) -> Path:
        """Return the folder of a conversation's pictures; without a conversation, one of the assistant's own."""
        return (self.folder / "threads" / f"{thread}.files" if thread else self.folder / "loose") / IMAGES

    def save(self, thread: str, picture: Picture, *, shown: bool = True, parameters: bool = True) -> PictureRecord:
        """Write a picture and its record; return the record with its new id and path."""
        with self._lock, closing(connect(self._file, _SCHEMA)) as db, db:
            folder = self.images(thread)
            folder.mkdir(parents=True, exist_ok=True)
            id = next_id(folder) if shown else f"try_{sum(1 for _ in folder.glob('try_*')) + 1}"
            path = folder / f"{id}.png"
            picture.record = record = picture.record.model_copy(update={"id": id, "path": str(path)})
            atomic_write(path, picture.png(parameters=parameters))
            values = (thread, id, shown, record.prompt, record.caption, record.seed, record.created)
            db.execute(
                "INSERT OR REPLACE INTO pictures (thread, id, shown, prompt, caption, seed, created, record) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, record.model_dump_json()),
            )
        return record

    def path(self, thread: str, id: str, *, tries: bool = False) -> Path:
        """Return the file of a picture, drawn or attached; with `tries` also one that was drawn and not chosen.

        Raises:
            UsageError: the conversation has no such picture; it names those that there are.
        """
        folder = self.images(thread)
        files = {p.stem: p for p in folder.iterdir()} if folder.is_dir() else {}
        if not tries:
            for record in self._records("thread = ? AND shown = 0", thread):
                files.pop(record.id, None)
        if id not in files:
            there = ", ".join(sorted(files, key=_number)[-10:])
            raise UsageError(
                f"there is no picture {id[:40]!r} in this conversation",
                hint=f"the pictures are: {there}" if there else "attach one first, or draw one",
            )
        return files[id]

    def last(self, thread: str) -> str:
        """Return the id of the conversation's last picture that was shown or attached; empty when it has none."""
        folder = self.images(thread)
        ids = sorted((p.stem for p in folder.iterdir()), key=_number) if folder.is_dir() else []
        hidden = {r.id for r in self._records("thread = ? AND shown = 0", thread)}
        return next((id for id in reversed(ids) if id not in hidden), "")

    def record(self, thread: str, id: str) -> PictureRecord | None:
        """Return the record of a picture; None for one that was not drawn here."""
        found = self._records("thread = ? AND id = ?", thread, id)
        return found[0] if found else None

    def history(self, thread: str, last: int = 8) -> list[PictureRecord]:
        """Return the last pictures that were shown in a conversation, oldest first."""
        return self._records("thread = ? AND shown = 1 ORDER BY rowid DESC LIMIT ?", thread, last)[::-1]

    def search(self, text: str = "", seed: int | None = None, last: int = 200) -> list[PictureRecord]:
        """Return pictures of all conversations, newest first, whose words hold `text` and whose seed is `seed`."""
        like = "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%"
        found = self._records(
            "(prompt LIKE ? ESCAPE '\\' OR caption LIKE ? ESCAPE '\\') AND (? IS NULL OR seed = ?) "
            "ORDER BY created DESC LIMIT ?",
            like,
            like,
            seed,
            seed,
            last,
        )
        return [record for record in found if Path(record.path).is_file()]

    def _records(self, where: str, *values: object) -> list[PictureRecord]:
        if not self._file.is_file():
            return []
        with self._lock, closing(connect(self._file, _SCHEMA)) as db:
            rows = db.execute(f"SELECT record FROM pictures WHERE {where}", values).fetchall()  # noqa: S608
        return [PictureRecord.model_validate_json(row[0]) for row in rows]


def next_id(folder: Path) -> str:
    """Return the id of the next picture in a conversation's folder."""
    return f"img_{max((_number(path.stem) for path in folder.iterdir()), default=0) + 1}"


def _number(id: str) -> int:
    found = _NUMBER.fullmatch(id)
    return int(found[1]) if found else 0
