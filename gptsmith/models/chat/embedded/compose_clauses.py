"""What a description's sentences say the assistant and its user do, as verb phrases that can be said anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gptsmith.models.chat.embedded.compose_words import (
    base,
    for_reader,
    for_user,
    from_gerund,
    gerund,
    is_joined_verb,
    is_verb,
    third,
)

Who = Literal["assistant", "user", "other"]

_GOAL = re.compile(
    r"^(?:so |and )?(?:your|the) (?:main |primary |only )?(?:task|goal|role|job|objective|aim|mission|purpose)"
    r"(?: here)? (?:is|will be) (?:to )?(?P<vp>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ASKED = re.compile(
    r"^(?:and |so )?(?:i (?:want|need|expect|would like|['’]d like)|i['’]d like) (?:you|it|this"
    r"|the assistant) to (?P<vp>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_TASKED = re.compile(
    r"^you (?:are|will be) (?:also )?(?:tasked with|responsible for|in charge of) (?P<vp>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_MODAL = (
    r"(?:will|should|can|could|would|shall|may|are to|have to|need to|are able to|are expected to|are going to|must)"
)
_YOU = re.compile(
    rf"^(?:and |then |additionally, |also, |as \w+, )?(?:you|it|he|she|they|the assistant"
    rf"|the bot) (?:also )?{_MODAL} "
    rf"(?:also |then )?(?P<vp>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT = re.compile(
    r"^(?:and |then )?(?:it|he|she|this assistant|the assistant|the bot) (?:also |only |then )?(?P<vp>\S+.*)$",
    re.IGNORECASE | re.DOTALL,
)
_I = re.compile(
    r"^(?:and |then )?i(?: will|['’]ll| would| can| may| might)? (?P<vp>(?!want you|need you|would like).+)$",
    re.IGNORECASE | re.DOTALL,
)
_BOTH = re.compile(
    r"^(?:when |if |once |whenever )?(?P<left>i(?: will|['’]ll)? .+?),? ?(?:and|then|;|, then|,)? "
    rf"(?P<right>(?:you (?:{_MODAL} |have to )|(?:it|he|she) (?:{_MODAL} |[a-z]+s )).+)$",
    re.IGNORECASE | re.DOTALL,
)
_FED = re.compile(
    r"^(?:you |i )?(?P<verb>give|send|show|tell|hand|feed) it (?P<thing>.+?),? (?:and |then |and then )?it (?P<vp>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"^(?P<if>(?:if|when|once|whenever|as|for|given|after|before|at) [^,]{3,140}), (?:then )?(?P<then>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_ABLE = re.compile(r"^(?P<who>[\w' ]{3,40}?) (?:should be able to|can|may) (?P<vp>.+)$", re.IGNORECASE | re.DOTALL)
_LEADING = re.compile(
    r"^(?:please|also|additionally|furthermore|finally|then|so|and|remember to|try to|be sure to"
    r"|you also|feel free to|it would be great if you|the assistant)[, ]+",
    re.IGNORECASE,
)

# A word before an object is a verb, also one that no list has: "Praise them."
_TO_SOMEBODY = re.compile(
    r"^(?!(?:about|above|after|against|before|behind|below|beside|between|except|for|from|in|into|like|of|on|over|some|to"
    r"|under|unlike|until|with|within|without|and|or|but|if|when|while|because|since|both|all|none|one)\b)"
    r"[A-Za-z]{3,} (?:them|him|her|us|me)(?: (?!is|are|was|were|and)\w+.*)?$"
)

# Plainer words for the verbs and phrases that descriptions open with.
_PLAIN = {
    "provide": "give", "ensure": "see to it", "offer": "give", "utilize": "use", "analyze": "look closely at",
    "analyse": "look closely at", "identify": "find", "highlight": "point out", "suggest": "propose",
    "propose": "suggest", "implement": "build in", "include": "put in", "maintain": "keep up", "generate": "produce",
    "incorporate": "work in", "integrate": "bring in", "recommend": "suggest", "summarize": "sum up",
    "summarise": "sum up", "gather": "collect", "start": "begin", "begin": "start", "evaluate": "assess",
    "assist": "help", "conduct": "hold", "respond": "reply", "create": "make", "develop": "work out", "craft": "write",
    "consider": "take into account", "choose": "pick", "select": "pick", "refine": "improve", "employ": "use",
    "focus": "concentrate", "explain": "make clear", "add": "put in", "build": "make", "encourage": "give heart to",
    "remain": "stay", "prefer": "lean towards", "describe": "say in words", "tell": "let know", "support": "allow for",
    "convert": "turn", "engage": "take part", "adjust": "adapt", "divide": "split", "design": "work out",
    "demonstrate": "show", "collaborate": "work together", "discuss": "talk through", "explore": "look into",
    "research": "look into", "try": "do your best", "prepare": "make ready", "use": "work with", "tailor": "fit",
    "review": "go through", "answer": "reply to", "list": "set out", "show": "let the user see",
}  # fmt: skip
_PLAIN_PHRASES = (
    ("in order to", "to"), ("the user's the user's", "the user's"), ("as well as", "and"), ("such as", "like"),
    ("utilizing", "using"), ("a wide range of", "many"), ("a variety of", "different"), ("e.g.,", "for example"),
)  # fmt: skip


_INNER = frozenset(("that", "who", "which", "i", "to", "can", "how", "what", "where", "while", "by"))


@dataclass(frozen=True)
class Action:
    """A verb phrase in base form, in the writer's own perspective: `suggest a place near my location`."""

    who: Who
    vp: str
    when: str = ""  # what the user does first, also a verb phrase
    goal: bool = False
    subject: str = ""
    condition: str = ""  # `if necessary`, `when given a topic`

    def instruction(self) -> str:
        """Say it to the assistant, the user in the third person; in other words than the person's where it can."""
        if self.who == "user":
            return _sentence(for_user("I " + self.vp))
        if self.subject:
            return _sentence(f"help {self.subject} to {for_user(self.vp)}")
        if self.when:
            together = for_user(f"I {self.when}; {plainer(self.vp)}")
            condition, _, rest = together.partition("; ")
            return _sentence(f"when {condition}, {rest}")
        if self.condition:
            return _sentence(for_user(f"{self.condition}, {plainer(self.vp)}"))
        return _sentence(for_user(plainer(_self(self.vp))))

    def summary(self) -> str:
        """Say it of the assistant to the person who reads the gallery: `Suggests a place near your location`."""
        return for_reader(third_person(self.vp))

    def request(self) -> str:
        """Say it as a user would ask for it: `Suggest a place near my location`."""
        return self.vp[:1].upper() + self.vp[1:]


def read_action(sentence: str) -> Action | None:
    """Return who does what in `sentence`; None when it is a statement of another kind."""
    text = sentence.strip().rstrip(".!;: ")
    while (shorter := _LEADING.sub("", text)) != text:
        text = shorter
    if match := _GOAL.match(text):
        return Action("assistant", to_base(match["vp"]), goal=True)
    if match := _TASKED.match(text):
        return Action("assistant", to_base(match["vp"]), goal=True)
    if match := _ASKED.match(text):
        return Action("assistant", match["vp"])
    if match := _FED.match(text):
        return Action("assistant", to_base(match["vp"]), when=f"{match['verb'].lower()} {match['thing']}")
    if match := _BOTH.match(text):
        left, right = read_action(match["left"]), read_action(match["right"])
        if left and right and right.who == "assistant":
            return Action("assistant", right.vp, when=left.vp)
    if match := re.match(r"^(?:it|this) (?:will be|is) your (?:job|task|role) to (?P<vp>.+)$", text, re.I | re.S):
        return Action("assistant", match["vp"])
    if match := _CONDITION.match(text):
        then = read_action(match["then"])
        if then and then.who == "assistant" and not then.when:
            return Action("assistant", then.vp, condition=match["if"])
    if re.match(r"^you will be given ", text, re.IGNORECASE):
        return Action("user", "give " + text[18:])
    if match := _YOU.match(text):
        return Action("assistant", match["vp"])
    if (match := re.match(r"^you (?:also )?(?P<vp>(?P<verb>[a-z]+) .+)$", text, re.IGNORECASE | re.DOTALL)) and is_verb(
        match["verb"]
    ):
        return Action("assistant", match["vp"])
    if (match := _SUBJECT.match(text)) and base(match["vp"].split()[0]):
        return Action("assistant", to_base(match["vp"]))
    if match := _I.match(text):
        return Action("user", match["vp"])
    first = text.split()[0] if text else ""
    how = re.match(r"^(?P<how>[A-Za-z]+ly) (?P<vp>[a-z]+ .+)$", text, re.DOTALL)
    if how and is_verb(how["vp"].split()[0]):
        return Action(
            "assistant", f"{plainer(how['vp'])}, {how['how'].lower()}" if "," not in how["vp"] else text.lower()
        )
    if is_verb(first):
        return Action("assistant", text[0].lower() + text[1:])
    if _TO_SOMEBODY.match(text):
        return Action("assistant", text[0].lower() + text[1:])
    if base(first) and not re.match(r"^\w+ (?:is|are|was|should)\b", text):
        return Action("assistant", to_base(text[0].lower() + text[1:]))
    if (match := _ABLE.match(text)) and not re.match(r"(?:i|you|it|we)\b", match["who"], re.IGNORECASE):
        return Action("assistant", match["vp"], subject=match["who"][0].lower() + match["who"][1:])
    return None


def _self(vp: str) -> str:
    """Turn an `it` that can only be the assistant into `you`: `which page it used`, `what it sees`."""
    vp = re.sub(r"\bit sees\b", "you see", vp)
    return re.sub(r"\bit (used|found|quoted|took|saw|said)\b", r"you \1", vp)


def restate(sentence: str) -> str:
    """Return a statement that is nobody's action as an instruction, the user in the third person."""
    text = sentence.strip().rstrip(". ")
    text = re.sub(r"\bshould\b", "ought to", text)
    for old, new in _PLAIN_PHRASES:
        text = text.replace(old, new)
    shifted = for_user(text)
    return _sentence(shifted if shifted != sentence.strip().rstrip(". ") else f"keep in mind: {_lower(shifted)}")


def to_base(text: str) -> str:
    """Return a verb phrase in base form, coordinated verbs too: `draws and then changes` -> `draw and then change`."""
    words = re.split(r"(\s+)", text)
    head = words[0].rstrip(",")
    found = base(head) or from_gerund(head)
    if not found:
        return text
    gerund = head.lower().endswith("ing")
    words[0] = words[0].replace(head, found, 1)
    for i in range(2, len(words), 2):
        word = words[i].rstrip(",.;:")
        before = words[i - 2].lower()
        earlier = words[i - 4].lower() if i >= 4 else ""
        joined = (
            before in ("and", "or", "then", "but")
            or before.endswith((",", ";"))
            or (
                before in ("only", "always", "never", "also")
                and (earlier in ("and", "or", "but") or earlier.endswith(","))
            )
        )
        same = from_gerund(word) if gerund else base(word)
        if joined and same and is_verb(same, certain=not gerund and before not in ("then",) and i + 1 >= len(words)):
            words[i] = words[i].replace(word, same, 1)
    return "".join(words)


def third_person(vp: str) -> str:
    """Return a base verb phrase in the third person, its coordinated verbs too."""
    words = re.split(r"(\s+)", vp)
    if not is_verb(words[0].rstrip(",")):
        return vp[:1].upper() + vp[1:]
    first = words[0].rstrip(",")
    words[0] = words[0].replace(first, third(first.lower()), 1)
    for i in range(2, len(words), 2):
        before, word = words[i - 2].lower(), words[i].rstrip(",")
        if word.lower() in _INNER:
            break
        after = words[i + 2] if i + 2 < len(words) else ""
        if after and (before in ("and", "then", "or") or before.endswith(",")) and is_joined_verb(word, after):
            words[i] = words[i].replace(word, third(word.lower()), 1)
    text = "".join(words)
    return text[:1].upper() + text[1:]


def gerund_phrase(vp: str) -> str:
    """Return a base verb phrase as a gerund, coordinated verbs too: `plan and write` -> `planning and writing`."""
    words = re.split(r"(\s+)", vp)
    for i in range(0, len(words), 2):
        word, before = words[i].rstrip(","), words[i - 2].lower() if i else "and"
        if word.lower() in _INNER:
            break  # the verbs from here on belong to an inner clause
        after = words[i + 2] if i + 2 < len(words) else ""
        if (is_joined_verb(word, after) if i else is_verb(word)) and (
            before in ("and", "then", "or") or before.endswith(",")
        ):
            words[i] = words[i].replace(word, gerund(word.lower()), 1)
    return "".join(words)


def plainer(vp: str) -> str:
    """Return a verb phrase with plainer words for its opening verb and a few stock phrases."""
    first, _, rest = vp.partition(" ")
    word = first.rstrip(",").lower()
    swap = _PLAIN.get(word)
    if word == "guide" and rest.startswith("on "):
        return f"give guidance {rest}"
    if word in ("provide", "supply") and (
        given := re.match(r"(me|the user|users|them|us|people) with (.+)", rest, re.DOTALL)
    ):
        return f"give {given[1]} {given[2]}"
    if swap and rest and not first.endswith(","):
        vp = _opening(word, swap, rest)
    for old, new in _PLAIN_PHRASES:
        vp = vp.replace(old, new)
    return vp


def _opening(word: str, swap: str, rest: str) -> str:
    if word == "ensure":
        return f"make sure {'' if rest.startswith('that ') else 'that '}{rest}" if _has_verb(rest) else f"see to {rest}"
    if word == "assist" and rest.startswith(("in ", "with ")):
        return f"help {rest}"
    if word == "describe" or word == "tell" or word == "encourage" or word == "support" or word == "show":
        return f"{word} {rest}"
    if word == "explain" and re.match(r"(?:how|why|what|when|where|which|that)\b", rest):
        return f"make clear {rest}"
    if word == "explain":
        return f"explain {rest}"
    if word == "try":
        return f"do your best {rest}" if rest.startswith("to ") else f"try {rest}"
    if word == "focus" and not rest.startswith("on "):
        return f"focus {rest}"
    return f"{swap} {rest}"


def _has_verb(rest: str) -> bool:
    words = rest.split()
    return (
        rest.startswith("that ")
        or any(w in ("is", "are", "has", "have", "can", "be") or (base(w) and n) for n, w in enumerate(words[:9]))
        or any(is_verb(w, certain=True) for w in words[1:6])
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not re.match(r"^(?:I\b|[A-Z]{2})", text) else text


def _sentence(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip().rstrip(".;:, ")
    text = text[:1].upper() + text[1:]
    return text if text.endswith(("!", "?", "…")) else text + "."
