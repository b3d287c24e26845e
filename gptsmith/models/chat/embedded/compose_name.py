"""A name of two to four words for the assistant that a description asks for."""

# ruff: noqa: SIM905 -- word lists read better as running text
from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gptsmith.models.chat.embedded.compose_clauses import read_action
from gptsmith.models.chat.embedded.compose_needs import is_picture_prompt
from gptsmith.models.chat.embedded.compose_words import MOODS, PEOPLE, base, is_verb, singular

_ACT = re.compile(
    r"\b(?:act|acting|serve|behave|work|function|pretend|respond) (?:as|like|to be)(?: if)?(?: you (?:are|were"
    r"|['’]re)| you['’]re)?"
    r" (?:my |our |the |an? |any )?(?:a )?(?P<np>.+)",
    re.IGNORECASE,
)
_YOU_ARE = re.compile(
    r"^\W*(?:you are|you['’]re|be|imagine you are)(?: to be)? (?:[^,.]{1,30}, )?(?:an? |my |our |the )"
    r"(?:(?:experienced|skilled|trained|seasoned|professional|highly \w+) )*(?P<np>.+)"
    r"|^\W*(?:du bist|eres|tu es|sei|você é|tu és|je bent) (?:eine?|une?|una?|uma?|een) (?P<np2>.+)",
    re.IGNORECASE,
)
_WANT = re.compile(
    r"^(?:i|we)(?: would|['’]d)? (?:want|need|like)(?: to (?:have|build|create|make))? (?:an? |my own )(?P<np>.+)"
    r"|^(?:i|we)(?: would|['’]d)? (?:want|need|like) (?P<np4>(?:something|someone|somebody) (?:that|who|which) .+)"
    r"|^(?:can|could|would|will) you (?:please )?(?:make|build|create|give|set up)(?: me| us)? (?:an? )?(?P<np2>.+)"
    r"|^(?:make|build|create|give|set up)(?: me| us)? an? (?P<np3>(?:[\w&'’/-]+ ){0,4}(?:assistant|bot|chatbot"
    r"|helper|gpt|agent|master|tutor|coach|guide|teacher|companion|partner|translator|adviser|advisor)\b.*)",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"^(?:i|we) (?:run|own|have|manage|lead|operate) (?:an? |the )?(?P<np>.+)|^we are (?:an? |the )?(?P<np2>.+)"
    r"|^(?:i|we) teach (?P<subject>[\w ]+?)(?: at| in| to|[,.]|$)|^(?:i|we) (?:sell|make|offer"
    r"|repair) (?P<goods>[\w -]+)",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"^(?:quiero|necesito|ich (?:möchte|brauche|hätte gern|will)|je (?:veux|voudrais)|j['’]aimerais|voglio|vorrei"
    r"|(?:eu )?quero"
    r"|ik wil)\s+|^(?:du bist|eres|tu es|sei|você é|tu és|je bent)\s+",
    re.IGNORECASE,
)
_CONNECTIVES = frozenset(
    "de du des del della di da à au pour para per für von zu mit en e et y und van voor a al".split()
)
_GAME = re.compile(r"^let(?:['’]s| us) play (?:an? |the )?(?P<np>.+)", re.IGNORECASE)
_AS_A = re.compile(r"^as (?:an? )(?P<np>[\w -]+?), ", re.IGNORECASE)
_STOP = re.compile(
    r"\s*(?:[,.;:!?()\[\]\n\"“”]|\s[-–—]\s|(?<![-\w])(?:who|whom|that|which|where|when|whose|with|to|in|on|at"
    r"|from|by|as|and|or|but|using|named"
    r"|called|guiding|helping|calling|experienced|specializ\w+|specialis\w+|skilled|focus\w+|tasked|designed|capable"
    r"|trained|if|into|so|like|is|are|que|qui|che|will|can|should|you|i|it|we|they)(?![-\w])|\{\{)",
    re.IGNORECASE,
)
_THEIRS = re.compile(r"^[^,.;]{3,40}? (?:of|at|in) (?P<np>(?:our|my|the|an?) .+)", re.IGNORECASE)
_PLACES = frozenset("website site page homepage whatsapp slack discord telegram phone app server".split())
_LINK = re.compile(r"^\s*(?P<link>for|of|about|on|to|in)\s+(?P<np>.+)", re.IGNORECASE)
_VAGUE = frozenset(
    "professional versatile expert experienced highly skilled seasoned world-class creative single brief special clean"
    " small new short simple detailed comprehensive certified senior top best good great little own any custom"
    " personalized innovative modern high-performance developer-focused web-based full quick complete strict".split()
)
_GENERIC = frozenset(
    "assistant bot chatbot helper agent expert tool app something one thing gpt ai software developer designer guide"
    " desk professional consultant advisor specialist person friend partner artist tutor trainer engineer".split()
)
_AGENT = re.compile(r"(?:er|or|ist|ant|ent|bot|coach|expert|professional)$", re.IGNORECASE)
_DOCUMENTS = frozenset("folder files file pdf pdfs documents document handbook handbooks catalogue spreadsheet".split())
_SUFFIX = {
    "help": "Helper", "explain": "Explainer", "tell": "Checker", "show": "Guide", "answer": "Guide", 
    "describe": "Describer",
    "invent": "Inventor", "check": "Checker", "write": "Writer", "draft": "Writer", "compose": "Composer", 
    "list": "Ideas",
    "build": "Builder", "create": "Designer", "develop": "Builder", "design": "Designer", "plan": "Planner",
    "compare": "Comparison", "translate": "Translator", "summarize": "Summarizer", "summarise": "Summarizer",
    "review": "Reviewer", "generate": "Generator", "analyze": "Analyst", "analyse": "Analyst", "draw": "Sketcher",
    "sketch": "Sketcher", "teach": "Tutor", "find": "Finder", "recommend": "Adviser", "suggest": "Adviser",
    "make": "Maker", "give": "Adviser", "correct": "Corrector", "edit": "Editor", "name": "Namer", "keep": "Watcher",
    "solve": "Solver", "convert": "Converter", "turn": "Converter", "practise": "Trainer", "practice": "Trainer",
    "quiz": "Quiz",
    "chat": "Companion",
    "talk": "Companion",
    "test": "Tester", "rewrite": "Editor", "brainstorm": "Ideas", "propose": "Ideas", "send": "Helper",
    "read": "Reader", "sort": "Sorter", "track": "Tracker", "prepare": "Planner", "organize": "Organizer",
}  # fmt: skip
_CODE = re.compile(
    r"\b(html5?|css3?|javascript|python|application|app|functionality|interface|in go|rust|api|cli)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Identity:
    """Who the assistant is: a `name` in title case, the noun phrase `what` for its role, `rest` of that sentence."""

    name: str
    what: str
    kind: str  # act, fragment, verb, task, owner, game, want


def identify(sentences: list[str], whole: str) -> Identity:
    """Return the identity that the first sentences give; never empty, for any text.

    A one-off task is named after the kind of task, a fragment after its head noun, an owner after what they run.
    """
    for sentence in sentences[:4]:
        for pattern, kind in ((_ACT, "act"), (_YOU_ARE, "act"), (_GAME, "game"), (_AS_A, "act")):
            if match := pattern.search(sentence):
                return _from_np(match["np"] or match.groupdict().get("np2") or "", kind, sentences)
    first = sentences[0] if sentences else whole
    if is_picture_prompt(whole):
        words = [w for w in noun_phrase(first, 3) if not w.endswith("ing")][-2:]
        shot = bool(words) and bool(
            re.search(
                r"photo|portrait|painting|render"
                r"|illustration",
                words[-1],
                re.IGNORECASE,
            )
        )
        return Identity(_title(words[-1:] if shot else words, "Maker" if shot else "Pictures"), "an artist", "picture")
    for sentence in sentences[:3]:
        if match := _WANT.match(sentence):
            wanted = match["np"] or match["np2"] or match["np3"] or match["np4"]
            return _owned(_from_np(wanted, "want", sentences), wanted, _OWNER.match(first))
    if match := _OWNER.match(first):
        return _owner(match)
    word = re.match(r"[\w-]+", first)
    head = word.group(0).lower() if word else ""
    if is_verb(head) and len(first.split()) > 2 and not _agent_next(first):
        return _task(head, first, whole)
    if found := base(head):
        name = _topic(first[len(head) :])
        return Identity(_title(name, _SUFFIX.get(found, "Helper")), "an assistant", "verb")
    if re.match(r"^(?:i|we|my|our)\b", first, re.IGNORECASE):
        return Identity(_title(_topic(re.sub(r"^\S+ \S+", "", first)), "Helper"), "an assistant", "verb")
    return _from_np(
        re.sub(
            r"^(?:an?|the|my|our|one|eine?|une?|una|uma?|een|der|die|das|el|la|le)\s+", "", first, flags=re.IGNORECASE
        ),
        "fragment",
        sentences,
    )


def foreign_name(sentence: str) -> str:
    """Return the first words of a sentence in a language without grammar here: in most, the head noun comes first."""
    bare = _ASKED_FOR.sub("", sentence.strip())
    bare = re.sub(r"^(?:eine?n?|une?|una?|uma?|un|een|der|die|das|el|la|le)\s+", "", bare, flags=re.IGNORECASE)
    head = re.split(
        r"[,.;:!?。，、！？]|\b(?:que|qui|che|der|die|das|den|dat|quien|который|которая)\b", bare, maxsplit=1
    )[0]
    words = head.split()[:4]
    while words and words[-1].lower() in _CONNECTIVES:
        words.pop()
    return _title(words)[:40] if words and len(words[0]) < 30 else head[:12] or sentence[:12] or "Assistant"


def noun_phrase(text: str, most: int = 4) -> list[str]:
    """Return the words of the noun phrase that `text` begins with, articles and vague adjectives dropped."""
    cut = _STOP.search(text + " .")
    words = re.sub(r"['’]s\b", "", text[: cut.start()] if cut else text).split()
    words = re.split(r"\b(?:for|of|about|without)\b", " ".join(words), maxsplit=1)[0].split()
    skip = {"a", "an", "the", "one", "my", "our", "your", "their", "some", "this", "any", "every", "each", "his", "her"}
    kept = [w for w in words if w.lower() not in skip and re.search(r"\w", w)]
    while len(kept) > 1 and (kept[0].lower() in _VAGUE or kept[0].lower() in MOODS or kept[0].lower().endswith("ly")):
        kept.pop(0)
    return kept[-most:] if len(kept) > most else kept


def _from_np(text: str, kind: str, sentences: list[str]) -> Identity:
    head, colon, after = text.partition(":")
    words = _compound(head) or noun_phrase(head)
    what = _what(text)
    if not words:
        return Identity(_title(_topic(text), "Helper"), what or "an assistant", kind)
    own = re.split(r"\b(?:that|which|who)\b", head, maxsplit=1)[0]  # not what its relative clause is about
    linked = _LINK.match(own[_end_of(own) :]) or re.search(r"\b(?P<link>for|of|about)\s+(?P<np>.+)", own)
    topic = noun_phrase(linked["np"], 2) if linked else []
    if linked and topic and topic[-1].lower() in PEOPLE and (theirs := _THEIRS.match(linked["np"])):
        topic = noun_phrase(theirs["np"], 2)  # members of our rowing club
    if linked and topic and linked["link"].lower() == "on" and topic[-1].lower() in _PLACES:
        topic = []
    proper = bool(topic) and all(w[:1].isupper() for w in topic) and linked is not None and linked["link"] == "for"
    topic = [] if proper or any(w.lower() in PEOPLE or w.isdigit() for w in topic) or len(topic) > 2 else topic
    generic = (words[-1].lower() in _GENERIC and len(words) < 3) or len(words) == 1
    if generic and topic and linked and (linked["link"].lower() != "in" or len(words) == 1):
        words = [*topic[:-1], singular(topic[-1]), *words]
    elif len(words) == 1 and (kind in ("want", "fragment") or words[0].lower() in _GENERIC):
        words = _with_clause(text, words, after if colon else _first_goal(sentences[1:5]))
    return Identity(_title(words[-4:]), what, kind)


def _compound(head: str) -> list[str]:
    """Return the last words of a phrase such as `fill in the blank worksheets generator`, whose end is the agent."""
    phrase = re.split(r"[,.;:(]|\b(?:for|that|who|which|with|and you|experienced|specializ\w+)\b", head, maxsplit=1)[
        0
    ].split()
    plain = noun_phrase(head, 9)
    joined = {"in", "to", "and", "or", "into"} & {w.lower() for w in phrase}
    if (
        not joined
        or len(phrase) > 12
        or not phrase
        or not _AGENT.search(phrase[-1])
        or (plain and _AGENT.search(plain[-1]))
    ):
        return []
    kept = [w for w in phrase if w.lower() not in ("a", "an", "the", "any", "in", "to", "into", "and", "or", "my")]
    return kept[-3:]


def _first_goal(sentences: list[str]) -> str:
    """Return what the verb of the first stated task is about, for names such as `Color Designer`."""
    for sentence in sentences:
        action = read_action(sentence)
        if action and action.who == "assistant":
            return action.vp
    return ""


def _with_clause(text: str, words: list[str], more: str) -> list[str]:
    clause = re.search(r"\b(?:that|who|which)\s+(?P<verb>\w+)\s+(?P<rest>.+)", text)
    rest = clause["rest"] if clause else ""
    found = base(clause["verb"]) if clause else None
    topic = _topic(rest) if rest else _topic(re.sub(r"^\W*\w+", "", more))
    if (
        words[-1].lower() in ("something", "one", "thing", "tool", "app", "assistant", "bot", "chatbot", "gpt")
        and found
    ):
        return [*topic, _SUFFIX.get(found, "Helper")] if topic else words
    return [*topic, *words] if topic else words


def _owned(found: Identity, wanted: str, owner: re.Match[str] | None) -> Identity:
    """Return a bot or helper under the name of what its owner runs: `I run a bakery. I want a bot that …`."""
    kind = noun_phrase(wanted)
    if owner is None or len(kind) != 1 or kind[0].lower() not in _GENERIC:
        return found
    words = noun_phrase(owner["np"] or owner["np2"] or owner["subject"] or owner["goods"], 2)
    return replace(found, name=_title(words, kind[0])) if words else found


def _owner(match: re.Match[str]) -> Identity:
    if match["subject"]:
        return Identity(_title(noun_phrase(match["subject"], 2), "Tutor"), "an assistant", "owner")
    if match["goods"]:
        return Identity(_title(noun_phrase(match["goods"], 2), "Guide"), "an assistant", "owner")
    words = noun_phrase(match["np"] or match["np2"], 3)
    return Identity(_title(words, "Guide"), "an assistant", "owner")


_HELPED = re.compile(
    r"^\s+(?:me|us|people|users|them|(?:my|our) \w+)(?: to)? (?P<verb>[a-z]+)\b(?P<rest>.*)$", re.IGNORECASE
)


def _task(verb: str, first: str, whole: str) -> Identity:
    rest = first[len(re.match(r"^\W*[\w-]+", first).group(0)) :]  # type: ignore[union-attr]
    helped = _HELPED.match(rest) if verb == "help" else None
    if helped and is_verb(helped["verb"]) and (topic := _topic(helped["rest"])):
        return Identity(_title(topic, "Helper"), "an assistant", "task")
    ways = re.match(
        r"\s*(?:\w+ )?(?:ways|ideas|reasons|tips|steps|examples)\b(?: of| for| to| that)?(?: i| we"
        r"| you)?(?: can| could)?\s*(?P<vp>.+)",
        rest,
        re.IGNORECASE,
    )
    if ways:
        words = re.split(r"\s+or\s+\w+\s+|\s+and\s+\w+\s+", ways["vp"], maxsplit=1)
        vp = " ".join(words).split()[:1] + noun_phrase(" ".join(" ".join(words).split()[1:]), 1)
        return Identity(_title(["Ideas", "to", *vp] if len(vp) > 1 else vp, ""), "an adviser", "task")
    quoted = re.match(r"[^.]{0,30}?['\"“](?P<q>[^'\"”]{3,30})['\"”]", rest)
    topic = quoted["q"].split() if quoted else noun_phrase(rest, 3)
    topic = [w for w in topic if w.lower() not in ("application", "app") or len(topic) < 2]
    whom = re.search(r"\bfor (?P<np>my .+|our .+|the .+)", rest)
    if len(topic) == 1 and topic[0].lower() in ("section", "text", "page", "message", "list", "paragraph") and whom:
        topic = [*noun_phrase(whom["np"], 2), *topic]
    suffix = _SUFFIX.get(verb, "Helper")
    if suffix == "Designer" and _CODE.search(whole):
        suffix = "Builder"
    return Identity(_title([*topic[:-1], singular(topic[-1])] if topic else [], suffix), "an assistant", "task")


_NO_TOPIC = frozenset(
    """so because if when before after him me a an the my our your their his her all every new latest of with for about
    from in on to and what whether how why which i each they you we he she is are this these some any best
    given one""".split()
)


def _topic(text: str) -> list[str]:
    """Return up to two words for what a verb phrase is about: its first noun phrase that is not a person."""
    text = re.sub(
        r"^\s*(?:(?:an? |the |my |our )?(?:latest |new )?(?:snapshot|photo|picture|list|set|questions?|names?|news|eye)"
        r" (?:of|for|about|on) )+",
        "",
        text.strip() + " ",
    )
    words = re.findall(r"[^\W_][\w'’-]*|[,.;:()]", text)
    found: list[str] = []
    for word in words:
        low = word.lower().removesuffix("'s").removesuffix("’s")
        verb = base(low)
        closes = low in _NO_TOPIC or not low[0].isalnum() or is_verb(low, certain=True) or low in PEOPLE
        closes = (
            closes
            or bool(found and low.endswith("ed"))
            or bool(verb and is_verb(verb, certain=True))
            or low in ("questions", "question", "that", "who", "it")
        )
        if closes and found:
            break
        if not closes:
            found.append(word.removesuffix("'s").removesuffix("’s"))
    people = [w for w in words if w.lower() in PEOPLE and len(w) > 2]
    if found and people and all(w.lower() in _DOCUMENTS for w in found):
        found = people[:1]
    return [*found[-2:-1], singular(found[-1])] if found else []


def _what(text: str) -> str:
    cut = re.search(
        r"[.;:!?](?=\s|$)|\n|, (?:and )?(?:i|you|it) |,? (?:and )?(?:i|you) will\b|, (?:propose|provide|give|write)\b",
        text + " ",
        re.IGNORECASE,
    )
    phrase = text[: cut.start()] if cut else text
    return phrase.strip().strip(",")


def _end_of(text: str) -> int:
    cut = _STOP.search(text + " .")
    return cut.start() if cut else len(text)


def _agent_next(first: str) -> bool:
    """Say whether a verb-like first word is part of a noun: `Design partner for …`, `Comic maker: …`."""
    words = re.findall(r"[\w-]+", first)
    nouns = re.compile(
        r"(?:er|or|ist|ant|bot|coach|guide|tutor|partner|expert|aide|friend|buddy|game|quiz|pal|desk|line|centre|center"
        r"|agent)$"
    )
    return (
        len(words) > 1
        and bool(nouns.search(words[1].lower()))
        and words[1].lower()
        not in (
            "for",
            "or",
            "poster",
            "letter",
            "newsletter",
            "paper",
            "calculator",
            "editor",
            "folder",
            "tracker",
            "number",
            "flyer",
            "offer",
        )
    )


def _title(words: list[str], suffix: str = "") -> str:
    parts = [w for w in [*words, suffix] if w]
    small = {"to", "for", "of", "and", "in", "the", "a", "von", "für", "de", "del", "du", "des", "und"}
    shown = [w if w[1:] != w[1:].lower() or (n and w in small) else w[:1].upper() + w[1:] for n, w in enumerate(parts)]
    name = " ".join(shown).strip(" '\"-–.,")
    while len(name) > 40 and " " in name:
        name = name.split(" ", 1)[1]
    return name[:40] or "Assistant"
