"""The caption upsampler: a short request becomes the full description that is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gptsmith.errors import GptsmithError
from gptsmith.models.pictures.changed import Change
from gptsmith.models.pictures.upsampling.answers import LEAST, clean, refuses
from gptsmith.models.pictures.upsampling.faithful import missing
from gptsmith.models.pictures.upsampling.orders import is_order

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

_SHOWN = 4  # earlier pictures that a request may speak of
_REPAIRS = 1


@dataclass(frozen=True)
class Earlier:
    """A picture drawn before: what was asked for, and the caption that was drawn."""

    request: str
    caption: str


@dataclass(frozen=True)
class Part:
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
    change: Change | None = None
    part: Part | None = None


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
            caption = clean(answer)
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
