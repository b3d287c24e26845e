"""A conversation as the embedded model sees it, and the questions that lean on the turn before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from gptsmith.models.chat.embedded.words import content_stems, tokens
from gptsmith.models.chat.messages import Passage, find_file_notes, find_picture_notes, strip_picture_notes, unfence

_NOTES = re.compile(r"\n# Earlier in this conversation\n[^\n]*\n<notes>\n(.*?)\n</notes>", re.DOTALL)
_SYSTEM = re.compile(r"^You are (?P<name>.+?)\.(?:\s+(?P<rest>.*))?$", re.DOTALL)


@dataclass(frozen=True)
class Role:
    """What the system message says: every part may be empty. `files`: it speaks of passages from files."""

    name: str = ""
    description: str = ""
    instructions: str = ""
    files: bool = False


@dataclass(frozen=True)
class ShownPicture:
    """A picture of the conversation; `age` counts the person's messages since it came, 0 for this one."""

    id: str
    age: int
    drawn: bool


@dataclass(frozen=True)
class EarlierTurn:
    """An earlier exchange: the person's words and the answer; `drew` when a picture was drawn for them."""

    words: str
    reply: str = ""
    drew: bool = False


@dataclass(frozen=True)
class Conversation:
    """Everything that the reply may stand on. `passages` is None when the message carries no block; `files` are the
    names of those that were attached last. `notes` is what is remembered of what is no longer shown.
    """

    role: Role
    words: str
    passages: list[Passage] | None = None
    earlier: list[EarlierTurn] = field(default_factory=list)
    pictures: list[ShownPicture] = field(default_factory=list)
    results: list[ToolMessage] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: str = ""

    @property
    def picture(self) -> ShownPicture | None:
        """The picture that "it" means: the last one that came."""
        return self.pictures[-1] if self.pictures else None


def read_conversation(messages: list[BaseMessage]) -> Conversation:
    """Read `messages` as any model is given them; what it cannot use (other block types) is passed over."""
    role = Role()
    turns: list[tuple[str, list[Passage] | None]] = []
    replies: list[str] = []
    pictures: list[tuple[str, int, bool]] = []
    results: list[ToolMessage] = []
    files: list[str] = []
    notes = ""
    for message in messages:
        text = text_of(message)
        if isinstance(message, SystemMessage):
            role = role if role.name else _read_role(text)
            notes = _NOTES.findall(text)[-1] if _NOTES.search(text) else notes
        elif isinstance(message, HumanMessage):
            words, passages = unfence(text)
            turns.append((strip_picture_notes(words), passages))
            replies.append("")
            files = find_file_notes(words) or files
            results = []
            pictures += [(id, len(turns), False) for id in [*_block_ids(message), *_note_ids(words)]]
        elif isinstance(message, ToolMessage):
            results.append(message)
            pictures += [(id, len(turns), True) for id in _note_ids(text)]
        elif isinstance(message, AIMessage) and replies and text:
            replies[-1] = text
            results = []
    words, passages = turns[-1] if turns else ("", None)
    return Conversation(
        role=role,
        words=words,
        passages=passages,
        earlier=[
            EarlierTurn(w, r, drew=any(drawn and turn == n for _, turn, drawn in pictures))
            for n, ((w, _), r) in enumerate(zip(turns[:-1], replies[:-1], strict=True), 1)
        ],
        pictures=[ShownPicture(id, len(turns) - turn, drawn) for id, turn, drawn in pictures],
        results=results,
        files=files,
        notes=notes,
    )


def text_of(message: BaseMessage) -> str:
    """Return the text of a message, its text blocks joined."""
    if isinstance(message.content, str):
        return message.content
    parts = [b if isinstance(b, str) else b.get("text", "") for b in message.content]
    return "\n".join(str(p) for p in parts if p)


def _block_ids(message: BaseMessage) -> list[str]:
    """Return the ids of image blocks that carry one."""
    if isinstance(message.content, str):
        return []
    blocks = [b for b in message.content if isinstance(b, dict) and b.get("type") in ("image", "image_url")]
    return [str(b["id"]) for b in blocks if b.get("id")]


def _note_ids(text: str) -> list[str]:
    return [note.id for note in find_picture_notes(text)]


def _read_role(text: str) -> Role:
    head, _, rest = text.partition("\n# Instructions\n")
    instructions = rest.partition("\n# How to answer")[0].strip()
    files = "Passages from" in text.partition("\n# How to answer")[2]
    match = _SYSTEM.match(head.partition("\n# How to answer")[0].strip())
    if match is None:
        return Role(instructions=instructions or head.strip(), files=files)
    return Role(match["name"].strip(), (match["rest"] or "").strip(), instructions, files)


# Questions that lean on the turn before: "and its height?", "why?", "what about the other one?", "tell me more".

_LEANS = re.compile(
    r"^(?:and|but|so|also|what about|how about|why|when|where|who|how|really|which one|more|go on|continue|explain"
    r"|elaborate|say more|give me more|what else|anything else|else|und|aber|oder|warum|wieso|was ist mit|wie ist es"
    r"|y|pero|et|mais|pourquoi)\b|^\W*por qué\b"
    r"|\b(?:it|its|it's|they|them|their|theirs|he|him|his|she|her|hers|that|this|those|these|there|one|ones|then)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^(?:(?:please|can you|could you|and|ok(?:ay)?|yes|sure)[,!.]* )*(?:(?:tell|give|show) me |say "
    r"|know )?(?:some |a bit |a little )?"
    r"(?:more|further)(?: (?:about|on) (?:it|that|this|them)| details?| please)*[?.! ]*$"
    r"|^(?:(?:please|can you|could you|and) )*(?:go on|continue|elaborate|anything else|what else"
    r"|explain (?:that|it|this)(?: again| more)?)"
    r"(?: please| (?:about|on) (?:it|that|this))*[?.! ]*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^(?:and |but |so |ok(?:ay)?,? )*(?:what|how) about (?P<what>.+?)[?.! ]*$"
    r"|^and (?P<and>(?:the|in|on|for|at|with)\b.+?)[?.! ]*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?:and |but |so )*(?P<word>why|how|when|where|who|how come|since when|why not)(?: (?:is"
    r"|was|did|does) (?:that|it|this))?[?.! ]*$",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?<!^)(?<![.!?] )\b(?:[A-Z][\w'’-]*)(?:\s+(?:of |the )?[A-Z][\w'’-]*)*")
_ASKING = re.compile(
    r"^(?:who|whose|what|when|where|why|which|how(?: many| much| long| old| tall)?)\b\s*(?:is"
    r"|was|are|were|do|does|did|can|has|have|will)?\s*",
    re.IGNORECASE,
)
_CITED = re.compile(r"\s*\[\d+(?:, ?\d+)*\]")


def question_of(talk: Conversation) -> str:
    """Return what is asked in full: words that lean on the turn before are joined with what it was about."""
    words = talk.words
    before = _anchor(talk)
    if not before or not leans(words):
        return words
    if wants_more(words):
        return before
    if m := _ABOUT.match(words.strip()):
        return _replaced(before, (m["what"] or m["and"]).strip())
    if m := _BARE.match(words.strip()):
        return f"{m['word']} {_ASKING.sub('', before)}"
    return f"{words.rstrip('?!. ')} ({_topic(before)})?"


def leans(words: str) -> bool:
    """Tell whether the words cannot be understood alone."""
    if _NAMES.search(words) and not _ABOUT.match(words.strip()):
        return False
    few = len(content_stems(words)) <= 3 and len(tokens(words)) <= 9
    return (few and bool(_LEANS.search(words))) or wants_more(words)


def wants_more(words: str) -> bool:
    """Tell whether the words only ask to go on."""
    return bool(_MORE.match(words.strip()))


def said_before(talk: Conversation) -> str:
    """Return our last reply without its marks, so that a follow-up does not get the same sentence again."""
    return _CITED.sub("", talk.earlier[-1].reply) if talk.earlier else ""


def _anchor(talk: Conversation) -> str:
    """Return the last earlier question that stands on its own; what was drawn is no question."""
    asked = [t.words for t in reversed(talk.earlier) if content_stems(t.words) and not t.drew]
    return next((w for w in asked if not leans(w)), asked[0] if asked else "")


def _topic(question: str) -> str:
    names = _NAMES.findall(question)
    if names:
        return " ".join(names)
    return " ".join(w for w in tokens(_ASKING.sub("", question)) if content_stems(w))


def _replaced(question: str, new: str) -> str:
    """Return the question asked of `new`: its names replaced, or `new` put behind it."""
    names = list(_NAMES.finditer(question))
    if not names:
        return f"{question.rstrip('?!. ')} {new}?"
    bare = re.sub(r"^(?:the|a|an)\s+", "", new, flags=re.IGNORECASE)
    return f"{question[: names[0].start()]}{bare}{question[names[-1].end() :]}"
