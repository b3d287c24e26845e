"""A message cut into commands: where a new one begins is told by what the pieces ask for, not by their grammar."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.agent.builder.composing.statements import encoded, grounds, scores
from gptsmith.agent.builder.composing.subject import HIDDEN, CommandSubject, bare, has, mask
from gptsmith.errors import NotReadyError
from gptsmith.models.chat.embedded.words import stem

# What a clause asks for, told by a learned head on the sentence encoder: the kinds of change with probabilities.
#
# The head is a linear layer on three things: the encoder's row of the clause, how near the clause is to the starters,
# rules, tools and files of the spec, and its words, with what is quoted and numbered hidden. It was learned from the
# known commands and from exemplars (`python -m benchmarks.edit_sense`).

Row = np.ndarray[Any, np.dtype[np.float32]]
WEIGHTS = Path(__file__).with_name("sense.safetensors")
HASH = WEIGHTS.with_suffix(".sha256")
GROUNDS = ("starter", "rule", "tool", "source", "test", "variable", "text")
LONGEST = 300
"""Characters of a clause that are looked at."""
_SCALE = 4.0  # the encoder's rows are of length 1; at this scale they weigh as much as the words do
_SHORT = {
    "u": "you", "ur": "your", "r": "are", "ppl": "people", "pls": "please", "plz": "please", "msg": "message",
    "msgs": "messages", "pic": "picture", "pics": "pictures", "bc": "because", "cuz": "because", "thx": "thanks",
    "sb": "somebody", "smth": "something", "sth": "something", "w": "with", "abt": "about", "tmrw": "tomorrow",
    "temp": "temperature", "desc": "description", "info": "information", "yr": "your",
    "shud": "should", "gonna": "going to",
    "wanna": "want to", "gotta": "got to", "dunno": "don't know", "omg": "", "lol": "", "tbh": "", "haha": "",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[?:=!]")


def senses(text: str, subject: CommandSubject) -> dict[str, float]:
    """Return the kinds of change that a clause may ask for, each with its probability, the likeliest first."""
    head = _head()
    dense, words = features(text, subject)
    row = np.concatenate([dense, [float(word in words) for word in head.words]]).astype(np.float32)
    logits = row @ head.weight + head.bias
    odds = np.exp(logits - logits.max())
    order = np.argsort(-odds)
    return {head.kinds[n]: float(odds[n] / odds.sum()) for n in order}


def features(text: str, subject: CommandSubject) -> tuple[Row, set[str]]:
    """Return what the head sees of a clause: a dense row, and the words and pairs of words that stand in it."""
    text = plain_clause(text[:LONGEST])
    return np.concatenate([encoded(text) * _SCALE, _nearness(text, subject)]).astype(np.float32), _words(text)


def plain_clause(text: str) -> str:
    """Return `text` with the spellings of short messages written out: `ppl find it sooo long`."""
    text = re.sub(r"([^\W\d_])\1{2,}", r"\1", text)
    return re.sub(r"[^\W_]+", lambda word: _SHORT.get(word.group().lower(), word.group()), text)


def _nearness(text: str, subject: CommandSubject) -> list[float]:
    """Return for each kind of thing the best score, the words shared (up to two), and whether there is one at all."""
    things = grounds(subject)
    scored = list(zip(things, scores(text, things), strict=True))
    row: list[float] = []
    for kind in GROUNDS:
        mine = [score for thing, score in scored if thing.kind == kind]
        best = max((score for score, _ in mine), default=0.0)
        shared = max((min(shared, 2) / 2 for _, shared in mine), default=0.0)
        row += [best, shared, float(bool(mine))]
    return row


def _words(text: str) -> set[str]:
    masked = mask(bare(text) or text)[0]
    open_ = re.sub(r"\d[\d.:]*", " NUM ", re.sub(f"{HIDDEN}+", " QUOTE ", masked))
    words = [w if w in ("QUOTE", "NUM") else stem(w.replace("’", "'")) for w in _WORD.findall(open_)]
    size = next((f"<{n}" for n in (4, 8, 14) if len(words) < n), "long")
    around = ["^", *words, "$"]
    return {*words, *(f"{a} {b}" for a, b in pairwise(around)), size}


@dataclass(frozen=True)
class _Head:
    weight: Row  # (features, kinds)
    bias: Row
    kinds: list[str]
    words: list[str]


@lru_cache(maxsize=1)
def _head() -> _Head:
    from safetensors import safe_open

    _check(WEIGHTS, HASH)
    with safe_open(WEIGHTS, framework="numpy") as file:
        about = file.metadata()
        weight, bias = (file.get_tensor(name).astype(np.float32) for name in ("weight", "bias"))
    return _Head(weight, bias, json.loads(about["kinds"]), json.loads(about["words"]))


def _check(weights: Path, expected: Path) -> None:
    """Raise NotReadyError where the file of the head is not the one that was shipped."""
    try:
        same = hashlib.sha256(weights.read_bytes()).hexdigest() == expected.read_text("utf-8").split()[0]
    except (OSError, IndexError):
        same = False
    if not same:
        raise NotReadyError(
            f"the file {weights.name} of the embedded model is not the expected one (sha256 differs)",
            code="missing_weights",
            hint="install gptsmith again",
        )


_CUT = re.compile(
    r"(?P<end>[.!?…]+[\"”»']?\s+(?=\S)|\n+)|\s*;\s*|\s+[–—-]\s+|,?\s+(?:and|but|then|plus|und|y|e|et)\s+"
    r"(?!(?:more|less) like\b)(?:also |then )?|,\s+(?:so |also )?",
    re.IGNORECASE,
)
_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", re.MULTILINE)
_TAKEN_BACK = re.compile(
    r"^.*(?:\.\.\.|…|,|;|-|–)\s*\b(?:no,? wait|wait,? no|scratch that|correction|or rather|i mean(?:t)?)\b[,:\s]*",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|e\.g|i\.e|z\.B)\.\s*$")
MOST = 12
"""Pieces of a message that are looked at; one with more is cut at its sentences only."""
_REACH = 3  # pieces that can be one command
_NONE = 0.6  # how much a piece counts that asks for nothing known: what is cut off wrongly is mostly that
_JOINED = 0.7  # how much a command counts for each place in it at which one could end
_LEANS = re.compile(  # "We don't do that": what is meant was said before, so that it is no command of its own
    r"^(?:(?:but|and|so)\s+)?(?:(?:we|i|they|you|it|he|she)\b(?:\W+\w+){0,3}?(?:n['’]t|\W+(?:not|never|cannot))\b"
    r"(?:\W+\w+){0,4}?\W+(?:that|it|this|those|these|them|so|any)"
    r"|(?:it|he|she|they) (?:should|must|could) say (?:so|that)"
    r")\W*$",
    re.IGNORECASE,
)
_LEANING = 0.02  # how much such a piece counts as one
_VERB = re.compile(
    r"^(?:please |and |also )*(?:drop|remove|delete|take out|cut|scrap|get rid of|add|switch off|turn off)\b",
    re.IGNORECASE,
)
_THING = re.compile(r"^(?:the|its|a|an|my)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Command:
    """One command of the person: `said` as it stood, with the words `around` it and the files attached."""

    said: str
    around: str = ""
    files: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """The words without what is only courtesy."""
        return bare(self.said)

    @cached_property
    def _masked(self) -> tuple[str, tuple[str, ...]]:
        return mask(self.text)

    @property
    def open(self) -> str:
        """The words besides the given values, in lower case."""
        return re.sub(rf"{HIDDEN}+", " ", self._masked[0])

    @property
    def values(self) -> tuple[str, ...]:
        """What is given word for word: quoted, an address, behind a colon."""
        return self._masked[1]


def commands(message: str, subject: CommandSubject) -> list[Command]:
    """Return the commands of `message` in order; each is the longest piece that most likely asks for one thing."""
    text = _TAKEN_BACK.sub("", _MARK.sub("", message.strip()))
    cuts = _cuts(text)
    ends = [0, *(c.end() for c in cuts), len(text)]
    stops = [*(c.start() + (len(c.group().rstrip()) if c["end"] else 0) for c in cuts), len(text)]
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(ends)):
        options = []
        for start in range(max(0, end - _REACH), end):
            joints = sum(
                not c.group().startswith(",") or bool(re.search(r"\w", c.group())) for c in cuts[start : end - 1]
            )
            piece = _whole(text[: ends[start]], text[ends[start] : stops[end - 1]])
            options.append(
                (best[start][0] + _likely(piece, subject, first=not start) + joints * math.log(_JOINED), start)
            )
        best.append(max(options))
    spans: list[str] = []
    at = len(ends) - 1
    while at:
        start = best[at][1]
        spans.insert(0, _whole(text[: ends[start]], text[ends[start] : stops[at - 1]]).strip(" ,;–-"))
        at = start
    spans = [span for span in spans if span]
    return [
        Command(span, " ".join(spans[max(0, n - 1) : n] + spans[n + 1 : n + 2]), subject.files)
        for n, span in enumerate(spans)
    ]


def _whole(before: str, piece: str) -> str:
    """Return a piece with the verb that it shares: `remove the second starter | and the calendar tool`."""
    last = re.split(r"[.!?;\n]", before)[-1].strip()
    verb = _VERB.match(last)
    return f"{verb.group()} {piece}" if verb and _THING.match(piece) else piece


def _cuts(text: str) -> list[re.Match[str]]:
    masked = mask(text)[0]
    found = [cut for cut in _CUT.finditer(masked) if not _ABBREVIATED.search(text[: cut.end()])]
    return found if len(found) < MOST else [cut for cut in found if cut["end"]][:MOST]


def _likely(piece: str, subject: CommandSubject, *, first: bool) -> float:
    """Return the logarithm of how likely the piece is one command."""
    if not first and _LEANS.match(piece.strip()):
        return math.log(_LEANING)
    if len(piece.split()) < 2 and not re.search(r"\w{4}", piece):
        return math.log(0.05)
    kind, odds = next(iter(senses(piece, subject).items()))
    return math.log(max(odds * (_NONE if kind in ("unclear", "remark") else 1.0), 1e-4))


# What a command asks for beyond doubt: a field that is named and what it becomes, an absolute rule.

CERTAIN = 0.97
"""How likely a kind is that is named."""
_DROPS = r"drop|remove|delete|take|scrap|lose|without|no|cut|get rid|rid|kill|bin|out"
_FIELDS = (
    ("description", r"description|tag ?line"),
    ("welcome_message", r"welcome(?: message)?|greeting|opening line"),
    ("disclaimer", r"disclaimer|small print"),
)
_SETTINGS = (
    ("limits", r"max_iterations|max_tool_calls|tool calls|iterations|timeout(?:_seconds)?"),
    ("memory", r"max_messages"),
    ("model", r"temperature|max_tokens|top_p"),
    ("knowledge_set", r"mode (?:to |= ?|is )?(?:always|auto)|top_k"),
)
_ABSOLUTE = re.compile(
    r"^(?:(?:never|always|don['’]?t ever|do not|it (?:must|should) (?:never|always))\b"
    r"|(?:if|when(?:ever)?|for (?:every|each)) [^,]{3,60}, (?!(?:it|that|this|we|i|people|they)\b))",
    re.IGNORECASE,
)


_ABROAD = re.compile(  # an order about the assistant in another language, which the head does not know
    r"^(?:bitte )?(?:(?:er|sie|es|der (?:bot|assistent|helfer)) (?:soll(?:te)?|muss|darf)|immer|nie(?:mals)?)\b"
    r"|^(?:que (?:no )?\w+|(?:debe|no debe|tiene que|nunca|siempre)\b)"
    r"|^(?:(?:il|elle) (?:ne )?(?:doit|devrait|peut)|jamais|toujours|ne .{2,40} (?:pas|jamais))\b",
    re.IGNORECASE,
)


def is_abroad(text: str) -> bool:
    """Tell whether a command is an order about the assistant in German, Spanish or French: it stays word for word."""
    return bool(_ABROAD.match(text.strip()))


def exact_kind(said: Command) -> str:
    """Return the kind of change that the words name themselves; empty where that takes more than the words."""
    text = said.open.strip()
    if said.values and not has(_DROPS, text):
        named = [kind for kind, words in _FIELDS if has(words, text)]
        if len(named) == 1 and len(said.values) == 1 and not has(r"rule|test|starter", text):
            return named[0]
        if re.match(r"(?:(?:please )?(?:add|put)? ?(?:an?|the)? ?(?:new |another )?)?(?:starter|suggestion)s?\b", text):
            return "" if has(r"instead|replace|change|become", text) else "starter_add"
    pages = [value for value in said.values if value.startswith(("http://", "https://"))]
    if (pages or _names_a_file(said)) and not has(rf"{_DROPS}|not|don['’]t|never|test|rule", text):
        return "knowledge_add"
    if has(r"tests?", text) and has(r"instead of|rather than|not", text) and re.search(r"\d", text):
        return "test_set"
    settings = [kind for kind, words in _SETTINGS if has(words, text)]
    if len(settings) == 1 and (re.search(r"\d", text) or settings[0] == "knowledge_set"):
        return settings[0]
    return "rule_add" if (_ABSOLUTE.match(text) or _ABROAD.match(text)) and not said.values else ""


def _names_a_file(said: Command) -> bool:
    low = said.said.lower()
    return any(file.rstrip("/").rsplit("/", 1)[-1].lower() in low for file in said.files)
