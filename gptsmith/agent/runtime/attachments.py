"""Files for a message: those that a person gives with it, as a model sees them, and whether others need a search."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AnyMessage

from gptsmith.agent.runtime.streaming import whole
from gptsmith.agent.runtime.turn import Turn
from gptsmith.assistants.format.spec import Knowledge
from gptsmith.errors import UsageError
from gptsmith.models.chat.messages import strip_picture_notes
from gptsmith.rag.hit import Hit
from gptsmith.rag.reading import pictures
from gptsmith.rag.reading.parsed import Unreadable
from gptsmith.rag.reading.pictures import openable
from gptsmith.rag.reading.process import ReadingProcess
from gptsmith.rag.receipt import Receipt

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.rag.knowledge import KnowledgeBase


# Whether a message needs the files, and what to search for.

_SMALL_TALK = re.compile(
    r"(?:hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|night|day)|greetings|thanks?(?: you)?|thx|"
    r"many thanks|thank you (?:so|very) much|great|nice|perfect|cool|awesome|ok(?:ay)?|"
    r"alright|got it|i see|yes|no|yep|nope|sure|"
    r"bye|goodbye|see you|how are you|what'?s up|hola|ol[aá]|bonjour|salut|merci|danke|hallo|"
    r"guten (?:tag|morgen|abend)|gracias|obrigad[oa]|ciao|grazie|that help(?:s|ed)(?: a lot)?|test)"
    r"(?:[\s,]+(?:there|you|all|everyone|a lot|so much|very much|again|then|for (?:your|the) help|"
    r"that (?:helps|helped)|today|doing))*",
    re.IGNORECASE,
)
_ABOUT_ITSELF = re.compile(
    r"(?:who|what) are you|what can you do|what do you do|can you help(?: me)?|help", re.IGNORECASE
)
_DRAW = re.compile(
    r"(?:please |can you |could you |now |and )*(?:draw|paint|sketch|render|illustrate|doodle)\b"
    r"(?! (?:a |the |any |your )?(?:conclusion|comparison|distinction|parallel|line between|"
    r"attention|lesson|inference))"
    r"|(?:please |can you |could you |now )*(?:make|create|generate|design)(?: me)? (?:a|an|another|one|some) (?:new )?"
    r"(?:[\w-]+ ){0,3}(?:picture|image|drawing|sketch|painting|illustration|logo|poster)\b",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"\b(?:it|its|that|this|they|them|their|those|these|he|she|him|her|his|one|ones|there|then|same|former|latter|else|"
    r"instead|too|more|above|previous"
    r"|davon|dafür|damit|dazu|darin|dabei|dort|diese[mnrs]?|jene[mnrs]?|ihn|ihm|ihnen|sonst|auch"
    r"|eso|ese|esa|esos|esas|ello|él|ella|ellos|ellas|allí|también|entonces"
    r"|celui|celle|ceux|cela|ça|elle|elles|ils|lui|aussi)\b"
    r"|^\W*(?:and|but|so|or|what about|how about|why not|how come|und|aber|oder|was ist mit|wie ist es|warum|wieso"
    r"|y|pero|et|mais|pourquoi|por qué)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"\w+")
_FILE = (
    r"(?:files?|documents?|docs?|pdfs?|pages?|spreadsheets?|sheets?|tables?|csv|texts?|notes?|notebooks?|letters?|e-?mails?"
    r"|mails?|slides?|papers?|reports?|logs?|contracts?|attachments?|uploads?|articles?|books?|code|scripts?|transcripts?)"
)
_ATTACHED = re.compile(
    rf"\b(?:attached|uploaded|enclosed|attachments?)\b|\b{_FILE} (?:that )?i (?:sent|gave|added)\b"
    r"|\b(?:this|that|the|my) (?:\w+ )?(?:file|document|pdf)\b",
    re.IGNORECASE,
)
_THIS_FILE = re.compile(
    rf"\b(?:this|that|these|those|the|my|it'?s?) (?:\w+ ){{0,2}}{_FILE}\b|^(?:please )?(?:can you |could you )?"
    r"(?:summari[sz]e|explain|describe|read|translate|proofread|review|what(?:'s| is| does))(?: (?:me|is))? "
    r"(?:this|that|it|in (?:this|it|here))\b|\bwhat does (?:it|this) say\b|\bwhat(?:'s| is) in (?:it|this|here)\b",
    re.IGNORECASE,
)
_TOLD = 5  # files that are not searched and named in a reply


def needs_search(message: str, *, draws: bool) -> bool:
    """Return whether the files are searched for `message` in `mode: auto`; `draws`: the assistant has a picture tool.

    Left out are greetings, thanks, questions about the assistant itself and pure drawing requests. In doubt: search.
    """
    words = " ".join(message.split()).strip(" .!?,;:")
    if not _WORDS.search(words):
        return False
    if all(_SMALL_TALK.fullmatch(part.strip()) for part in re.split(r"[.!?,;]+", words) if part.strip()):
        return False
    if _ABOUT_ITSELF.fullmatch(words):
        return False
    return not (draws and _DRAW.match(words))


def asks_of_files(message: str, *, new: bool) -> bool:
    """Return whether a message asks of attached files alone; `new`: they came with it, so that "this" means them."""
    message = strip_picture_notes(message)
    return bool(_ATTACHED.search(message) or (new and (_THIS_FILE.search(message) or not message)))


def named_in(message: str, names: Sequence[str]) -> list[str]:
    """Return those file names that the message has."""
    said = message.casefold()
    return [name for name in names if name.casefold() in said]


def unread(receipts: Sequence[Receipt], message: str, *, found: bool) -> str:
    """Return what is to be said of files that are not searched: those that `message` names, all when nothing was found.

    Empty when there is nothing to say.
    """
    words = set(map(str.casefold, _WORDS.findall(message)))
    told = [r for r in receipts if r.status != "ok" and (not found or words & _name_words(r.source))]
    return "\n".join(f"{r.source} is not searched: {r.reason}" for r in told[:_TOLD])


def _name_words(source: str) -> set[str]:
    name = source.rpartition("/")[2].rpartition(".")[0] or source
    return {word.casefold() for word in re.findall(r"[^\W_]{3,}", name)}


@dataclass(frozen=True)
class Before:
    """The exchange before a message; `rewrite` makes of the three the question that is meant, "" where it cannot."""

    asked: str = ""
    answered: str = ""
    rewrite: Callable[[str, str, str], str] | None = None


def queries_for(message: str, before: Before) -> list[str]:
    """Return what to search for: the message, then, when it may lean on the exchange before it, what it means.

    That is the question that `before.rewrite` makes of it, else the message with the words asked before. What was no
    question for the files (thanks, a drawing) is not carried along.
    """
    words = _WORDS.findall(message)
    leans = len(words) <= 3 or (len(words) <= 12 and _LEANS_BACK.search(message) is not None)
    if not leans or not needs_search(message, draws=True) or not needs_search(before.asked, draws=True):
        return [message]
    meant = before.rewrite(message, before.asked, before.answered) if before.rewrite else ""
    if meant and " ".join(meant.casefold().split()) == " ".join(message.casefold().split()):
        return [message]
    return [message, meant or f"{message}\n{before.asked}"[:1000]]


def search_all(search: Callable[[str], list[Hit]], queries: list[str]) -> list[Hit]:
    """Return the hits of several queries in turns, each passage once, no more than one query finds."""
    found = [search(query) for query in queries]
    by_passage = {hit.chunk_id: hit for row in zip_longest(*reversed(found)) for hit in row if hit is not None}
    return list(by_passage.values())[: max(map(len, found))]


# The pictures of a conversation as a model is shown them: upright, without metadata, not larger than it can use.

SIDE = 1568  # pixels of the longer side: what hosted models look at, at most
MOST = 8  # pictures of one request; the newest are shown, the notes name them all
_SMALL = 400_000  # bytes up to which a picture is sent without loss


def sees(model: BaseChatModel, provider: str) -> bool:
    """Tell whether a model can be shown pictures: by its profile; a hosted one without a word on it is trusted to."""
    said = (getattr(model, "profile", None) or {}).get("image_inputs")
    return provider not in ("embedded", "huggingface") if said is None else bool(said)


@dataclass
class Sight:
    """Whether a chat model is shown pictures: by what is known of it, until its server refuses one."""

    open: bool
    refused: bool = False

    def refuse(self) -> None:
        """Show the model no more pictures: it refused them, and answered without."""
        self.open, self.refused = False, True


def takes_no_pictures(label: str) -> str:
    """Return what the person is told of a model whose server refused a picture."""
    return (
        f"{label} does not take pictures, so it answered without seeing them; choose a model that sees to show it one."
    )


def unpictured(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """Return the messages without their pictures, whose notes stay in the text."""
    return [_unpictured(m) if isinstance(m.content, list) and any(map(_is_picture, m.content)) else m for m in messages]


def _unpictured(message: AnyMessage) -> AnyMessage:
    blocks = [block for block in message.content if not _is_picture(block)]
    bare = all(isinstance(block, dict) and block.get("type") == "text" for block in blocks)
    return message.model_copy(update={"content": message.text if bare else blocks})


def _is_picture(block: Any) -> bool:
    return isinstance(block, dict) and str(block.get("type")) in ("image", "image_url", "input_image")


class Eyes:
    """The pictures that go with one request: the newest of `files`, given in the order of the conversation."""

    def __init__(self, folder: Path, files: Iterable[dict[str, str]]) -> None:
        self._folder = folder
        pictures = [file["file"] for file in files if file["kind"] == "image"]
        self._shown = frozenset(pictures[-MOST:])

    def content(self, text: str, files: list[dict[str, str]]) -> str | list[str | dict[Any, Any]]:
        """Return a message's content: its text, and its pictures behind it."""
        blocks = [block for file in files if file["file"] in self._shown and (block := self._block(file["file"]))]
        return [{"type": "text", "text": text}, *blocks] if blocks else text

    def _block(self, file: str) -> dict[str, Any] | None:
        path = self._folder / file
        try:
            kind, data = _sent(str(path), path.stat().st_mtime_ns)
        except (OSError, ValueError, SyntaxError):  # deleted or damaged since: its note stays in the text
            return None
        return {"type": "image", "base64": data, "mime_type": kind}


@lru_cache(maxsize=2 * MOST)
def _sent(path: str, _changed: int) -> tuple[str, str]:
    """Return the media type and the base64 of the picture as it is sent."""
    from PIL import Image

    from gptsmith.models.pictures.input_images import is_clear, upright

    with Image.open(path, formats=openable()) as file:
        file.draft("RGB", (2 * SIDE, 2 * SIDE))  # a JPEG is decoded at a fraction of its size where that is enough
        file.load()
        picture = upright(file)
    clear = is_clear(picture)
    picture = picture.convert("RGBA" if clear else "RGB")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(picture.mode, picture.size)  # only the pixels: no place, no camera, no comment
    bare.paste(picture)
    form, data = "PNG", _saved(bare, "PNG")
    if len(data) > _SMALL and not clear:
        form, data = "JPEG", _saved(bare, "JPEG", quality=88)
    return f"image/{form.lower()}", base64.b64encode(data).decode()


def _saved(picture: Any, form: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **settings)
    return out.getvalue()


# Files that a person gives with a message: copied to the thread, texts searched there, pictures shown and named.

MAX_BYTES = 50_000_000
_NAME = "attached"


@dataclass(frozen=True)
class _Given:
    """A file that was read through once: what of it is kept, and how it is called."""

    name: str
    kind: str
    data: bytes
    suffix: str


class Attachments:
    """The files of one thread, in its own folder under the assistant's state."""

    def __init__(self, engine: Engine, thread_id: str) -> None:
        self.folder = engine.folder / "threads" / f"{thread_id}.files"

    @property
    def any(self) -> bool:
        """Whether the thread has text files to search."""
        return (self.folder / "texts").is_dir()

    def take(self, files: list[str]) -> list[dict[str, str]]:
        """Copy files to the thread; return what is kept of each: id, name, kind (image or document) and file.

        Raises:
            UsageError: a file is not there, too big, or cannot be read, with the reason; nothing was copied then.
        """
        return [self._copy(given) for given in _read_through(files)]

    def _copy(self, given: _Given) -> dict[str, str]:
        folder = self.folder / ("images" if given.kind == "image" else "texts")
        folder.mkdir(parents=True, exist_ok=True)
        if given.kind == "image":
            from gptsmith.tools.drawing.store import next_id

            id = next_id(folder)
            target = folder / f"{id}{given.suffix}"
        else:
            target = _free(folder, given.name)
            id = target.name
        target.write_bytes(given.data)
        return {"id": id, "name": whole(given.name), "kind": given.kind, "file": str(target.relative_to(self.folder))}

    @cached_property
    def _base(self) -> KnowledgeBase:
        from gptsmith.rag.knowledge import KnowledgeBase

        source = Knowledge(name=_NAME, paths=["./*"])
        return KnowledgeBase([source], self.folder / "texts", self.folder / "index")

    def search(self, turn: Turn, message: str, before: Before, files: list[dict[str, str]]) -> bool:
        """Search the thread's own text files; return whether the message asks of them alone.

        Who attaches a file asks about it: those of `files`, which came with this message, or that the message names are
        shown from their beginning, and whole where they are short.
        """
        if not self.any:
            return False
        turn.cites = True
        new = [file["id"] for file in files if file["kind"] == "document"]
        with self._base as base:
            known = [receipt.source for receipt in self._sync(base, turn)]
            meant = named_in(message, known) or new
            alone = meant != new or asks_of_files(message, new=bool(new))
            queries = queries_for(message, Before() if new else before)
            hits = base.opening(meant) if meant else []
            hits += [hit for hit in search_all(base.search, queries) if not (meant and alone) or hit.source in meant]
        turn.passages = (turn.passages or []) + turn.found(queries[-1], _apart(hits), [_NAME])
        return alone and bool(hits)

    def _sync(self, base: KnowledgeBase, turn: Turn) -> list[Receipt]:
        if not base.stale():
            return base.receipts()
        receipts = base.sync(
            lambda text: turn.emit("progress", {"stage": "index", "text": text}), cancelled=lambda: turn.ended
        )
        for receipt in receipts:
            if receipt.status != "ok":
                text = f"{receipt.source} is not searched: {receipt.reason}"
                turn.emit("progress", {"stage": "index", "text": text})
        return receipts


def _read_through(files: list[str]) -> list[_Given]:
    """Read each file once, so that what cannot be read is said before the message is sent."""
    with ReadingProcess() as reader:
        return [_given(Path(file), reader) for file in files]


def _given(path: Path, reader: ReadingProcess) -> _Given:
    if not path.is_file():
        raise UsageError(f"there is no file {path}", hint="check the name; folders cannot be attached")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB", hint="attach a smaller file")
    data, name = path.read_bytes(), unicodedata.normalize("NFC", path.name)
    try:
        if pictures.is_picture(name, data):
            picture = pictures.fitted(name, data)
            return _Given(name, "image", picture.data, picture.suffix)
        if not reader.read(data, name).text.strip():
            raise Unreadable("it holds no text")
    except Unreadable as error:
        raise UsageError(f"{name} cannot be read: {error}") from error
    return _Given(name, "document", data, path.suffix.lower())


def _apart(hits: list[Hit]) -> list[Hit]:
    """Return the hits without those that lie within another one."""
    kept: list[Hit] = []
    for hit in hits:
        inside = (o.document_id == hit.document_id and o.start <= hit.start and hit.end <= o.end for o in kept)
        if not any(inside):
            kept.append(hit)
    return kept


def _free(folder: Path, name: str) -> Path:
    """Return a path in `folder` for a file of the person's, with a name that is safe and not taken."""
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    safe = "".join(c if c.isalnum() or c in "-_. " else "_" for c in stem).strip(". ")[:80] or "file"
    target, n = folder / f"{safe}{suffix}", 2
    while target.exists():
        target, n = folder / f"{safe}-{n}{suffix}", n + 1
    return target
