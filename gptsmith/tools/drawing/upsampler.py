"""The caption upsampler: a short request becomes the full description that is drawn."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gptsmith.errors import GptsmithError, NotReadyError
from gptsmith.tools.drawing.changed import PictureChange
from gptsmith.tools.drawing.faithful import is_order, missing

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from gptsmith.assistants.format.spec import ModelSpec


# What a chat model answers when it is asked for a caption: the caption in it, without the talk around it.

LEAST, MOST = 15, 80  # words of a caption
_NAMES = (
    r"(?:image |picture |scene |full |new |final |updated |revised |rewritten |short |detailed |visual )*"
    r"(?:description|caption|prompt|scene|beschreibung|bildbeschreibung|bildunterschrift|l[ée]gende|descripci[óo]n"
    r"|descri[çc][ãa]o|descrizione|didascalia|beschrijving|bijschrift|opis|beskrivning|alt[- ]text|image|picture)"
)
_MARKS = r"[*_#`>~\s]*"
_LABEL = re.compile(rf"^{_MARKS}(?:option 1\s*[:.)-]?\s*)?{_NAMES}(?: \d)?{_MARKS}[:：–—-]{_MARKS}\s", re.IGNORECASE)
_HEADING = re.compile(rf"^{_MARKS}{_NAMES}(?: \d)?{_MARKS}[:：]?{_MARKS}$", re.IGNORECASE)
_POLITE = (
    r"(?:sure|certainly|absolutely|gladly|of course|okay|ok|got it|alright|great|no problem|happy to help|understood"
    r"|here(?:'s|’s| is| are| you go)|this is|i(?:'ve|’ve| have)|below is|klar|gerne|natürlich|hier ist|voici"
    r"|bien sûr|aquí|claro|ecco|certo|natuurlijk|hier is|aqui está)"
)
_PREAMBLE = re.compile(rf"^{_POLITE}\b[^:：\n]{{0,160}}[:：]\s+(?=\S)", re.IGNORECASE)
_INTRODUCED = re.compile(rf"^[^:：.!?\n]{{0,80}}\b{_NAMES}\b[^:：.!?\n]{{0,60}}[:：]\s+(?=\S)", re.IGNORECASE)
_OPENING = re.compile(rf"^{_POLITE}\b[^.!?\n:：“\"]{{0,60}}[!.](?:\s+|$)", re.IGNORECASE)
_TALK = re.compile(
    r"^(?:i (?:hope|kept|have|added|changed|made|can|could|also|tried|would|wanted|chose|used)\b|i['’](?:ve|m|d|ll)\b"
    r"|let me know|feel free|hope (?:you|this|that)|would you like|do you want|want me"
    r"|if you(?:'d|’d| would| want| like)"
    r"|enjoy\b|note\b|this (?:caption|description|version|prompt)|(?:word )?count\b|please (?:tell|let)|changes?\b.*:"
    r"|lass mich wissen|ich hoffe|dites-moi|j['’]espère|espero|spero|laat me)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s*[(\[]\s*(?:word count:?\s*)?~?\d+\s*(?:words|wörter|mots|palabras)?\s*[)\]]\s*$", re.IGNORECASE
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)|^.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|$)", re.DOTALL)
_TAGGED = re.compile(r"</?(?:caption|description|prompt|answer|output)>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|`)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*•>]|\d{1,2}[.)])\s+")
_PAIRS = {'"': '"', "“": "”", "„": "“”", "«": "»", "‘": "’", "'": "'", "`": "`", "「": "」"}
_REFUSES = re.compile(
    r"^(?:(?:i['’]?m|i am) (?:(?:really |so |very )?sorry|afraid|unable|not able)\b|sorry\b|(?:unfortunately,? )?i "
    r"(?:can['’]?t|cannot|can not|won['’]?t|am unable)\b|as an ai\b|es tut mir leid\b|désolé\b|lo siento\b)",
    re.IGNORECASE,
)


def clean_caption(answer: str) -> str:
    """Return the caption in a model's answer, in one line: no thinking, greeting, label, fence, quotes or remarks.

    Beyond 80 words it is cut, at the end of a sentence or clause where there is one.
    """
    text = _TAGGED.sub(" ", _THOUGHT.sub(" ", answer)).strip()
    if fenced := _FENCED.search(text):
        text = fenced[1].strip() or text.replace("```", " ").strip()
    text = _in_json(text)
    parts = [_bare(part) for part in _paragraphs(text)]
    told = [part for part in parts if part and not _TALK.match(part)]
    full = next((part for part in told if len(part.split()) >= LEAST), None)
    return _cut(full or next(iter(told), ""))


def refuses(caption: str) -> bool:
    """Tell whether an answer declines or asks back, so that it is no caption at all."""
    return bool(_REFUSES.match(caption)) or caption.rstrip().endswith("?")


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs; a heading or a first line that ends with a colon stands by itself."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.strip().splitlines()]
        while lines and (_HEADING.match(lines[0]) or re.search(r"[:：]\W*$", lines[0])):
            lines.pop(0)
        found.append(" ".join(" ".join(lines).split()))
    return [part for part in found if part]


def _bare(text: str) -> str:
    """Return a paragraph without what stands before and behind the caption in it."""
    text = _ITEM.sub("", text)
    before = None
    while text != before:
        before = text
        for form in (_LABEL, _PREAMBLE, _INTRODUCED, _OPENING):
            text = form.sub("", text, count=1).strip()
    said = _quoted(text) or text
    said = _EMPHASIS.sub(r"\2", said)
    said = _LABEL.sub("", _COUNTED.sub("", said)).strip()
    return _without_remarks(_quoted(said) or said)


def _quoted(text: str) -> str:
    """Return what stands in the quotation marks with which a text begins, when they hold the most of it."""
    text = text.strip().lstrip("*_ ")
    ends = _PAIRS.get(text[:1], "")
    if not ends:
        return ""
    close = max(text.rfind(mark) for mark in ends)
    behind = text[close + 1 :].strip(" .*_`") if close > 0 else ""
    if close <= 0:  # the mark that closes it was cut off or forgotten
        return text[1:].strip()
    if behind and not _TALK.match(behind) and not _COUNTED.match(behind) and len(text[1:close].split()) < LEAST:
        return ""  # “OPEN” says the sign ...
    return text[1:close].strip()


def _without_remarks(text: str) -> str:
    """Leave out sentences at the end that speak to the person."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    while len(sentences) > 1 and _TALK.match(sentences[-1]):
        sentences.pop()
    return " ".join(sentences).strip()


def _in_json(text: str) -> str:
    """Return the longest string of an answer that is a JSON object or string, else the text itself."""
    if text[:1] not in ("{", '"'):
        return text
    try:
        held = json.loads(text)
    except ValueError:
        return text
    if isinstance(held, str):
        return held
    strings = [value for value in held.values() if isinstance(value, str)] if isinstance(held, dict) else []
    return max(strings, key=len, default=text)


def _cut(caption: str) -> str:
    words = caption.split()
    if len(words) <= MOST:
        return " ".join(words)
    text = " ".join(words[:MOST])
    end = max(text.rfind(mark) for mark in (". ", "; ", ", "))
    return text[:end] if len(text[: max(end, 0)].split()) >= LEAST else text


_SHOWN = 4  # earlier pictures that a request may speak of
_REPAIRS = 1


@dataclass(frozen=True)
class Earlier:
    """A picture drawn before: what was asked for, and the caption that was drawn."""

    request: str
    caption: str


@dataclass(frozen=True)
class PicturePart:
    """What is put into a picture that else stays: `caption` describes it, `side` is left or right."""

    caption: str
    side: str
    whole: str
    """The caption of the picture with it."""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Upsampled:
    """The caption to draw. `own_words`: it is the request as it stands, and `notes` say why.

    By `change` the picture is looked at, where the request changes one. `part`: where a picture is given, the change is
    better drawn into it.
    """

    caption: str
    own_words: bool = False
    notes: list[str] = field(default_factory=list)
    change: PictureChange | None = None
    part: PicturePart | None = None


class Upsampler(ABC):
    """Writes captions. `leaves` is the host to which requests go, None when they stay on this machine."""

    leaves: str | None = None

    @abstractmethod
    def upsample(self, request: str, earlier: Sequence[Earlier] = (), *, changes: str = "") -> Upsampled:
        """Return the caption for `request`.

        `earlier` are the conversation's pictures, oldest first; `changes` is the caption of the picture that the
        request changes, empty when that is left to the words. Without a faithful caption the person's own words are
        drawn.

        Raises:
            GptsmithError: `undrawable`: the model that draws knows nothing of what is asked for.
        """

    def part(self, request: str, whole: str = "") -> Upsampled:
        """Return the caption for what is drawn anew in a part of a picture, whose own caption is `whole` where known.

        These are the person's words: what a longer caption added would be a place of its own within the picture.
        """
        return Upsampled(request, own_words=True)


class ChatUpsampler(Upsampler):
    """Asks a chat model, checks its caption, lets it repair what is missing once."""

    def __init__(
        self, model: BaseChatModel, *, leaves: str | None = None, settings: dict[str, Any] | None = None
    ) -> None:
        self.model = model
        self.leaves = leaves
        self.settings = settings or {}

    def upsample(self, request: str, earlier: Sequence[Earlier] = (), *, changes: str = "") -> Upsampled:
        messages = _messages(request, earlier, changes)
        if not changes and earlier and is_order(request):
            changes = earlier[-1].caption  # what is drawn when nobody rewrites it: never the order alone
        problem = ""
        for _ in range(_REPAIRS + 1):
            try:
                answer = self._ask(messages)
            except GptsmithError as error:
                return _own_words(request, changes, f"no caption could be written ({error.message})")
            caption = clean_caption(answer)
            problem = _problem(request, caption, changes)
            if not problem:
                return Upsampled(caption)
            messages = _repair(messages, answer, problem)
        return _own_words(request, changes, f"the caption that was written {problem}")

    def _ask(self, messages: list[BaseMessage]) -> str:
        model: Any = self.model.bind(**self.settings) if self.settings else self.model
        # the caption is not an answer to the person: it stays out of the stream of the turn
        answer = model.invoke(messages, {"tags": ["nostream"], "callbacks": []})
        return str(answer.text)


class OwnWords(Upsampler):
    """Draws the person's words as they are; `why` is said with the picture when it is not empty."""

    def __init__(self, why: str = "") -> None:
        self.why = why

    def upsample(self, request: str, earlier: Sequence[Earlier] = (), *, changes: str = "") -> Upsampled:
        if not changes and earlier and is_order(request):
            changes = earlier[-1].caption
        if not self.why:
            return Upsampled(request if not changes else joined(changes, request), own_words=True)
        return _own_words(request, changes, self.why)


def joined(caption: str, change: str) -> str:
    """Return an earlier caption with a change behind it: what can be drawn when nobody rewrites it."""
    return f"{caption.rstrip(' .')}, {change}"


def _problem(request: str, caption: str, changes: str) -> str:
    """Say what is wrong with a caption, empty when nothing is."""
    count = len(caption.split())
    if count < LEAST:
        return f"has {count} words only"
    if refuses(caption):
        return "is an answer to the person, not a description"
    if changes and caption.lower().rstrip(" .") == changes.lower().rstrip(" ."):
        return "is the one before, unchanged"
    if changes and caption.lower().startswith(changes.lower().rstrip(" .")):
        return "only lengthens the one before"
    left_out = missing(request, caption, _encode, order=bool(changes))
    return f"does not say: {', '.join(left_out[:8])}" if left_out else ""


def _own_words(request: str, changes: str, why: str) -> Upsampled:
    note = f"Drawn from your own words: {why}."
    return Upsampled(joined(changes, request) if changes else request, own_words=True, notes=[note])


def _messages(request: str, earlier: Sequence[Earlier], changes: str) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    messages: list[BaseMessage] = [SystemMessage(f"{_prompt('upsampler')}\n\n# An example\n\n{_prompt('examples')}")]
    for picture in list(earlier)[-_SHOWN:]:
        messages += [HumanMessage(f"Request: {picture.request}"), AIMessage(picture.caption)]
    now = f"Request: {request}"
    if changes:
        now = f"This is about the picture with this description: {changes}\n\n{now}"
    return [*messages, HumanMessage(now)]


def _repair(messages: list[BaseMessage], answer: str, problem: str) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage

    ask = f"That description {problem}. Write it again, by the rules, with everything that the request names."
    return [*messages, AIMessage(answer or "(nothing)"), HumanMessage(ask)]


@cache
def _prompt(name: str) -> str:
    return (files(__package__ or "") / f"{name}.md").read_text("utf-8").strip()


def _encode(texts: Sequence[str]) -> Any:
    from gptsmith.models.embedding import load_embedder

    return load_embedder("embedded").encode(texts)


# Which upsampler writes the captions: a chat model, the embedded decoder for the embedded generator, or nobody.


def upsampler_for(
    model: BaseChatModel | None, drawn_by: str, *, leaves: str | None = None, **settings: Any
) -> Upsampler:
    """Return the upsampler that asks `model`, for pictures of the generator called `drawn_by`.

    The embedded chat model does not write freely: for the embedded generator a decoder of its own writes, for any
    other the person's own words are drawn. `settings` are temperature, top_k and top_p.
    """
    if model is None or model._llm_type == "gptsmith-embedded":
        return _without_a_chat_model(drawn_by, _given(settings))
    return ChatUpsampler(model, leaves=leaves, settings=_given(settings))


def named_upsampler(name: str | ModelSpec | None, drawn_by: str, **settings: Any) -> Upsampler:
    """Return the upsampler that asks the chat model called `name`; None is the default model of the environment.

    Raises:
        UsageError, NotReadyError: the model cannot be made.
    """
    from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model

    spec = choose_model(None, name)
    if given := _given(settings):
        spec = spec.model_copy(update=given)
    if spec.provider == "embedded":
        return _without_a_chat_model(drawn_by, given)
    return upsampler_for(make_chat_model(spec), drawn_by, leaves=leaves_machine(spec))


def _without_a_chat_model(drawn_by: str, settings: Mapping[str, Any]) -> Upsampler:
    """The decoder knows the things that the embedded generator draws, and no others."""
    from gptsmith.models.pictures import names
    from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler, Sampling

    if drawn_by != "embedded":
        return OwnWords()
    try:
        return EmbeddedUpsampler(names.folder("upsampler"), Sampling(**settings))
    except NotReadyError:
        return OwnWords()


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
