"""Tests of a rule whose keeping shows in the words of an answer; what a rule means beyond that no grammar knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gptsmith.agent.builder.language.answers import Draft, DraftTest, DraftTool
from gptsmith.agent.builder.language.requests import AttachedCall
from gptsmith.assistants.format.spec import tool_class

_LANGUAGES = {
    "german": r"\b(der|die|das|und|ist|nicht|ich|ein|eine)\b", "spanish": r"\b(el|la|los|una|que|para|con|es)\b",
    "french": r"\b(le|les|une|est|dans|pour|vous|avec)\b", "italian": r"\b(il|che|una|per|con|sono|della)\b",
    "portuguese": r"\b(uma|para|com|que|não|você|os)\b", "dutch": r"\b(het|een|niet|voor|met|zijn)\b",
    "czech": r"[ěščřžýáíéů]", "turkish": r"[ığşçöü]", "english": r"\b(the|a|is|of|and|to|you)\b",
}  # fmt: skip
_MONEY = {
    "euro": r"€|\beuros?\b|\bEUR\b", "dollar": r"\$|\bdollars?\b|\bUSD\b", "pound": r"£|\bpounds?\b|\bGBP\b",
    "franc": r"\bfrancs?\b|\bCHF\b", "yen": r"¥|\byen\b|\bJPY\b",
}  # fmt: skip
_COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_EMOJI = r"\U0001F000-\U0001FAFF\u2600-\u27BF"
# Each ends where the next begins in one way only: a pattern that can be split in two ways may run for hours.
_ONE = {
    "word": r"\S+(?:\s+|\Z)",
    "sentence": r"(?:[^.!?]|[.!?](?=\S))+(?:[.!?]+[\s\[\]\d]*|\Z)",
    "line": r"[^\n]+(?:\n+|\Z)",
}
_LIST = r"(?m)^\s*(?:[-*•]|\d+[.)])\s"
_TABLE = r"(?m)^\s*\|.*\|"
_CODE = r"```"
_ASKED = r"\?\W*$"
_WITH_EMOJI = f"[{_EMOJI}]"
_WITHOUT_EMOJI = rf"\A[^{_EMOJI}]+\Z"
_QUOTE = r"[\"“'‘«](?P<w>[^\"”’»\n]{2,80})[\"”'’»]"
_GAP = r"[^\"“'‘«.]{0,30}"
_NEVER = r"(?:never|don['’]t|do not|must not|avoid|no)"
_TELL = "Tell me something new."

Maker = Callable[[str, re.Match[str]], dict[str, object] | None]


def rule_test(rules: list[str]) -> DraftTest | None:
    """Return a test for the first rule whose keeping can be seen in the answer; None when there is none."""
    return next((test for rule in rules if (test := test_of(rule))), None)


def test_of(rule: str) -> DraftTest | None:
    """Return a test of one rule, with a message that would break it where it is not there; None: it shows nowhere."""
    for pattern, make in _MAKERS:
        match = re.search(pattern, rule, re.IGNORECASE)
        made = make(rule, match) if match else None
        if made:
            return DraftTest.model_validate({"tests": "rule", "part": rule, **made})
    return None


def in_words(pattern: str) -> str | None:
    """Return what a pattern of such a test asks, to be read after "The answer"; None for a pattern of anybody else."""
    known = {
        _LIST: "has a list",
        _TABLE: "has a table",
        _CODE: "has a code block",
        _ASKED: "ends with a question",
        _WITH_EMOJI: "has an emoji",
        _WITHOUT_EMOJI: "has no emoji",
        **{f"(?i){words}": f"is in {name.title()}" for name, words in _LANGUAGES.items()},
        **{f"(?i){signs}": f"counts in {kind}s" for kind, signs in _MONEY.items()},
    }
    if pattern in known:
        return known[pattern]
    number = re.search(r"\{1,(\d+)\}\\Z$", pattern)
    unit = next((unit for unit in _ONE if number and pattern == _at_most(int(number[1]), unit)), "")
    return f"has at most {number[1]} {unit}{'s' * (number[1] != '1')}" if number and unit else None


def _at_most(number: int, unit: str) -> str:
    return rf"\A\s*(?:{_ONE[unit]}){{1,{number}}}\Z"


def _spoken(rule: str, match: re.Match[str]) -> dict[str, object] | None:
    name = match["w"].lower()
    if re.search(r"\bboth\b|\bor\b|\bif\b|\bwhen\b|\bunless\b", rule, re.IGNORECASE):
        return None
    message = "Hallo, wer ist da?" if name == "english" else "Hello, who is this?"
    return {"name": f"answers in {name.title()}", "message": message, "matches": f"(?i){_LANGUAGES[name]}"}


def _code(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    return {"name": "answers in a code block", "message": "pwd", "matches": _CODE}


def _asks(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    return {"name": "ends with a question", "message": _TELL, "matches": _ASKED}


def _opens(_rule: str, match: re.Match[str]) -> dict[str, object]:
    return {"name": "keeps the opening", "message": "Let us begin.", "contains": [match["w"].strip(" .")]}


def _closes(_rule: str, match: re.Match[str]) -> dict[str, object]:
    return {"name": "keeps the closing words", "message": _TELL, "contains": [match["w"].strip(" .")]}


def _called(_rule: str, match: re.Match[str]) -> dict[str, object]:
    return {"name": f"says {match['w']}", "message": "Hello!", "contains": [match["w"]]}


def _unsaid(_rule: str, match: re.Match[str]) -> dict[str, object]:
    word = match["w"].strip(" .,")
    return {"name": f"does not say {word}", "message": f"What do you say about “{word}”?", "not_contains": [word]}


def _bounded(_rule: str, match: re.Match[str]) -> dict[str, object] | None:
    number = _COUNTS.get(match["n"].lower()) or (int(match["n"]) if match["n"].isdigit() else 0)
    if not 0 < number <= 400:
        return None
    unit = match["unit"].lower()
    return {
        "name": f"keeps to {match['n'].lower()} {unit}{'s' * (number > 1)}",
        "message": "Tell me everything you know, at length.",
        "matches": _at_most(number, unit),
    }


def _plain(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    message = "Cheer me up with a lot of emojis! 🎉🎉🎉"
    return {"name": "uses no emojis", "message": message, "matches": _WITHOUT_EMOJI}


def _emoji(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    return {"name": "uses an emoji", "message": "Hello, who is this?", "matches": _WITH_EMOJI}


def _money(_rule: str, match: re.Match[str]) -> dict[str, object]:
    kind = match["w"].lower()
    message = "What does it cost? Name a figure, an estimate will do."
    return {"name": f"counts in {kind}s", "message": message, "matches": f"(?i){_MONEY[kind]}"}


def _listed(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    return {"name": "answers as a list", "message": "What should I know?", "matches": _LIST}


def _table(_rule: str, _match: re.Match[str]) -> dict[str, object]:
    return {"name": "answers in a table", "message": "Compare two of them.", "matches": _TABLE}


_ALL = r"(?:every|each|all|your|any|always|the)"
_MAKERS: tuple[tuple[str, Maker], ...] = (
    (rf"\b(?:in|into|speaks?|communicates?) (?:\w+ )?(?P<w>{'|'.join(_LANGUAGES)})\b", _spoken),
    (r"\bcode blocks?\b", _code),
    (r"\b(?:ends?|finish\w*|close|conclude)\b.*\b(?:with|by asking) (?:an?|one) (?:[\w-]+ ){0,2}question\b", _asks),
    (rf"\b(?:starts?|begins?|opens?)\b.*\b(?:with|by saying)\b[^\"“'‘«]{{0,20}}{_QUOTE}", _opens),
    (rf"\b(?:ends?|finish\w*|close|conclude|sign off)\b.*\b(?:with|by saying|as)\b[^\"“'‘«]{{0,20}}{_QUOTE}", _closes),
    (rf"\balways (?:say|add|include|write|mention)\b[^\"“'‘«]{{0,20}}{_QUOTE}", _closes),
    (rf"\b(?:call|address) (?:the )?[\w ]{{2,20}}? (?:as )?{_QUOTE}", _called),
    (
        rf"\b{_NEVER}\b[^\"“'‘«.]{{0,30}}\b(?:say\w*|use\w*|using|write\w*|mention\w*|word)\b[^\"“'‘«.]{{0,20}}{_QUOTE}",
        _unsaid,
    ),
    (
        r"\b(?:at most|no more than|not more than|up to|maximum(?: of)?|under|within|only|in|exactly)"
        rf" (?P<n>\d{{1,3}}|{'|'.join(_COUNTS)}) (?:short |full |whole )?(?P<unit>word|sentence|line)s?\b",
        _bounded,
    ),
    (rf"\b(?:{_NEVER}|without)\b[^.]{{0,20}}\bemojis?\b", _plain),
    (rf"\b(?:{_ALL}|use|add|with)\b[^.]{{0,40}}\bemojis?\b", _emoji),
    (rf"\b(?:prices?|amounts?|sums?|costs?|money|always|all)\b[^.]{{0,40}}\bin (?P<w>{'|'.join(_MONEY)})s?\b", _money),
    (r"\b(?:bullet(?:ed)?|numbered) (?:points?|lists?)\b|\b(?:as|in) a list\b|\bin bullets\b", _listed),
    (r"\b(?:as|in) (?:an? )?(?:\w+ )?tables?\b", _table),
)


# The tests that can always be made of a draft, each of one part: the name, a source, a tool, a rule.

_WHO = {  # how one asks for a name, in two ways
    "en": ("What is your name?", "Introduce yourself, please."),
    "de": ("Wie heißt du?", "Stell dich bitte vor."),
    "es": ("¿Cómo te llamas?", "Preséntate, por favor."),
    "fr": ("Comment t'appelles-tu ?", "Présente-toi, s'il te plaît."),
    "it": ("Come ti chiami?", "Presentati, per favore."),
    "pt": ("Como te chamas?", "Apresenta-te, por favor."),
    "nl": ("Hoe heet je?", "Stel je even voor."),
}
_SINGULAR = re.compile(r"(?:ss|us|is|news|series|[^s])$", re.IGNORECASE)


def call_of(kind: str, name: str) -> str:
    """Return a message that should call the tool `name` of a type."""
    return tool_class({"type": kind}).FACTS.example or f"Use {name} for me."


def tests(
    draft: Draft,
    language: str = "en",
    topics: dict[str, list[str]] | None = None,
    calls: Sequence[AttachedCall] = (),
) -> list[DraftTest]:
    """Return two to five tests; the first is about the name, the others about sources, tools and visible rules.

    `topics` are headings by file name: with them a source is asked for something that it holds. `calls` are what
    attached files offer: with them a service is asked for one of its operations.
    """
    found = name_tests(draft, language)[:1]
    for source in draft.knowledge[:2]:
        cited = (source.paths or source.urls)[0]
        title = cited.split("/")[-1]
        if source.paths and not title:  # a folder is not cited, a file in it is
            title = next((name for name in topics or {} if name not in source.paths), "")
            if not title:
                continue
        held = (topics or {}).get(title, [])
        topic = re.sub(r"[_\-.]+", " ", title.rsplit(".", 1)[0]) if source.paths else "the page"
        found.append(
            DraftTest(
                name=f"uses {source.name}",
                tests="source",
                message=question(title, held[0]) if held else f"What does {topic} say?",
                cites=[title if source.paths else cited],
            )
        )
    found += [test for tool in draft.tools if (test := tool_test(tool, calls))][:2]
    rule = rule_test(draft.emphasis)
    if rule:
        found.append(rule)
    if len(found) < 2:
        found += name_tests(draft, language)[1:]
    return found[:5]


def tool_test(tool: DraftTool, calls: Sequence[AttachedCall]) -> DraftTest | None:
    """Return a test that a tool is called; None where nobody knows yet what the tool offers, or a call asks first."""
    message, called = call_of(tool.type, tool.name), tool.name
    if tool.settings.get("requires_approval") or tool.type == "mcp":
        return None
    if tool.type == "openapi":
        offered = tool.settings.get("operations") or []
        own = [call for call in calls if call.file == tool.settings.get("schema") and call.id in offered]
        if not own:
            return None
        best = next((call for call in own if call.sample), own[0])
        message = f"{best.about.rstrip('.')}{f': {best.sample}' if best.sample else ''}."
        called = f"{tool.name}_{re.sub(r'[^a-zA-Z0-9_-]+', '_', best.id).strip('_')}"
    elif tool.type == "web":
        called = f"{tool.name}_{'search' if tool.settings.get('search') else 'fetch'}"
    return DraftTest(name=f"calls {called}", tests="tool", message=message, calls=[called])


_NAME = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:mon|tues|wednes|thurs"
    r"|fri|satur|sun)day|easter|christmas)\b",
    re.IGNORECASE,
)


def question(file: str, heading: str) -> str:
    """Return a question that the file named `file` answers under `heading`."""
    title = re.sub(r"[_\-.]+", " ", file.rsplit(".", 1)[0]).strip()
    named = heading[1:] != heading[1:].lower() or _NAME.match(heading) is not None
    shown = heading if named else heading[:1].lower() + heading[1:]
    does = "does" if _SINGULAR.search(title) else "do"
    return f"What {does} the {title} say about {shown}?"


def name_tests(draft: Draft, language: str = "en") -> list[DraftTest]:
    """Return two tests on the name, asked in two ways: what is always there to be tested."""
    who, introduce = _WHO.get(language, _WHO["en"])
    asked = DraftTest(name="says its name", tests="name", message=who, contains=[draft.name])
    met = DraftTest(name="introduces itself", tests="name", message=introduce, contains=[draft.name])
    return [asked, met]
