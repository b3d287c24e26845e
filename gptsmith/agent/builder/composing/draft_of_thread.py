"""A draft assistant composed by grammar from a conversation: what was asked, corrected and praised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from gptsmith.agent.builder.composing.needs import TONGUES, tool_types
from gptsmith.agent.builder.language.answers import Draft, DraftKnowledge, DraftTest, DraftTool, Missing
from gptsmith.agent.builder.language.description import is_rule, language, split
from gptsmith.agent.builder.language.mentions import telling_phrase, variable_name
from gptsmith.agent.builder.language.requests import BuildRequest, Exchange, ThreadRequest
from gptsmith.agent.builder.language.wishes import Said, bare, read_message
from gptsmith.agent.builder.testing.known import test_of

_LEANS = re.compile(
    r"^(?:and|but|so|or|und|aber|et|mais|y|e|what about|how about|was ist mit)\b"
    r"|\b(?:it|that|this|they|them|those|these|he|she|the same|again|instead|above|previous|first one|second one"
    r"|other one|davon|dazu|nochmal)\b",
    re.IGNORECASE,
)
_CITED = re.compile(r"^cited (?P<source>[^:]+?): “(?P<quote>.*)”$", re.DOTALL)
_CALLED = re.compile(r"^called (?P<type>\S+) as (?P<name>\S+)$")
_GENERAL = re.compile(
    r"\b(?:helpful|general|any (?:question|topic|task)|anything|everything|all kinds)\b", re.IGNORECASE
)
_YOU = re.compile(r"(?:you|du|tu|eres|és|sei|je)\b", re.IGNORECASE)
_NO_ANSWER = re.compile(
    r"^\W*(?:i looked, but|i (?:do not|don['’]t) (?:know|find)|i (?:could not|couldn['’]t|cannot|can['’]t)|sorry"
    r"|the (?:files|documents) (?:do not|don['’]t|are silent)|this needs a|connect )",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^[\d.]+\s+(?=[A-Z])")
_STARTERS = 4
_LONGEST = 140  # characters of a starter


@dataclass(frozen=True)
class _Turn:
    """One exchange, read: `settled` when it was answered and nothing but the form was corrected afterwards.

    `answered` is empty where the answer was that there is none; `leans` when it needs the message before it.
    """

    said: Said
    asked: str
    answered: str
    used: list[str]
    settled: bool
    praised: bool
    leans: bool

    @property
    def alone(self) -> bool:
        """Whether the message can stand as the first one of a conversation."""
        return self.said.kind == "ask" and not self.leans and "[" not in self.asked


def compose_thread(request: ThreadRequest) -> Draft:
    """Return a complete draft for a conversation; never empty."""
    code = language("\n".join(one.asked for one in request.exchanges))
    turns = _read(request.exchanges, code)
    general = bool(_GENERAL.search(request.description + request.instructions[:200])) and not any(t.used for t in turns)
    draft = _of_what_was_asked(request, turns) if general else _frame(request, code)
    wishes = list(dict.fromkeys(wish for turn in turns for wish in turn.said.wishes if "[" not in wish))
    own = [s for s in split(request.instructions) if s.section not in ("variables", "template")]
    draft.emphasis = list(dict.fromkeys([*wishes, *(s.text for s in own if is_rule(s))]))
    kept = [s.text for s in own if not is_rule(s) and s.text not in draft.role and not general]
    draft.guidelines = list(dict.fromkeys([*_praised(turns), *kept])) or [TONGUES.get(code, TONGUES["en"]).language]
    draft.missing = _missing(request, turns)
    draft.conversation_starters = _starters(turns, code)
    draft.tools = _tools(request, turns)
    draft.knowledge = _knowledge(request)
    draft.tests = _tests(draft, turns, code)
    return draft


def _read(exchanges: list[Exchange], code: str) -> list[_Turn]:
    read = [read_message(one.asked, first=not i, spoken=code) for i, one in enumerate(exchanges)]
    turns = []
    for i, (one, said) in enumerate(zip(exchanges, read, strict=True)):
        after = read[i + 1] if i + 1 < len(read) else Said("talk")
        answered = "" if _NO_ANSWER.match(one.answered) else one.answered
        wrong = after.kind == "correction" and not after.wishes and not after.forms
        leans = _LEANS.search(" ".join(one.asked.split())) is not None
        praised = after.kind == "praise"
        turns.append(_Turn(said, bare(one.asked), answered, one.used, bool(answered) and not wrong, praised, leans))
    return turns


def _of_what_was_asked(request: ThreadRequest, turns: list[_Turn]) -> Draft:
    """Return the draft of an assistant for the first thing that was asked of one for everything."""
    from gptsmith.agent.builder.composing.draft import compose_draft

    first = next((turn.asked for turn in turns if turn.alone), request.description)
    made = compose_draft(BuildRequest(description=first))
    made.emphasis, made.tests = [], []
    return made


def _frame(request: ThreadRequest, code: str) -> Draft:
    """Return name, description, role and the set phrases of the assistant that was talked to."""
    tongue = TONGUES.get(code, TONGUES["en"])
    name = f"My {request.name}" if language(request.description) == "en" else f"{request.name} 2"
    own = split(request.instructions)
    opening = own[0].text if own and _YOU.match(own[0].text) else ""
    return Draft(
        name=name,
        description=request.description,
        role=opening or f"{tongue.role.format(name=name)} {request.description}",
        clarify=tongue.clarify,
        tone=tongue.tone,
        welcome_message=tongue.welcome.format(name=name),
    )


def _missing(request: ThreadRequest, turns: list[_Turn]) -> list[Missing]:
    """Return the picture tools that were asked for and not there: whether to add one is the person's to say."""
    asked = [kind for turn in turns if not turn.answered for kind in tool_types(turn.asked)]
    had = {match["type"] for turn in turns for match in map(_CALLED.match, turn.used) if match}
    return [
        Missing(kind="tool", what=kind, how="It was asked for in the conversation; add it under tools.")
        for kind in dict.fromkeys(asked)
        if kind in request.tools and kind not in had
    ]


def _praised(turns: list[_Turn]) -> list[str]:
    """Return what the praised answers were like: their form is seen, their words are not repeated."""
    for turn in (t for i in range(len(turns) - 1, -1, -1) if turns[i].praised for t in _behind_praise(turns[: i + 1])):
        if not turn.answered:
            continue
        count = len(turn.answered.split())
        marks = []
        if re.search(r"(?m)^\s*(?:[-*•]|\d+[.)])\s", turn.answered):
            marks.append("as a list")
        if re.search(r"(?m)^\s*\|.*\|", turn.answered):
            marks.append("in a table")
        if turn.answered.rstrip().endswith("?"):
            marks.append("ending with a question")
        form = f", {', '.join(marks)}" if marks else ""
        rounded = count if count < 10 else round(count, -1)
        return [f"An answer of about {rounded} words{form} was praised: keep to that manner where the question allows."]
    return []


def _behind_praise(turns: list[_Turn]) -> list[_Turn]:
    """Return the turns that a praise may mean, the nearest first: back to the last one that corrected another."""
    found: list[_Turn] = []
    for turn in reversed(turns):
        found.append(turn)
        if turn.said.kind == "correction":
            break
    return found


def _starters(turns: list[_Turn], code: str) -> list[str]:
    asked = [t for t in turns if t.alone and len(t.asked) <= _LONGEST]
    asked = [t for t in asked if t.settled] or asked
    asked.sort(key=lambda t: not t.praised)
    found = list(dict.fromkeys(t.asked for t in asked))[:_STARTERS]
    for general in TONGUES.get(code, TONGUES["en"]).starters:
        if len(found) < 3:
            found.append(general)
    return found


def _tools(request: ThreadRequest, turns: list[_Turn]) -> list[DraftTool]:
    called = [match for turn in turns for line in turn.used if (match := _CALLED.match(line))]
    known = {m["name"]: m["type"] for m in called if m["type"] in request.tools}
    return [DraftTool(type=kind, name=name, description=request.tools[kind]) for name, kind in known.items()]


def _knowledge(request: ThreadRequest) -> list[DraftKnowledge]:
    if not request.files:
        return []
    name = variable_name(request.files[0].rsplit(".", 1)[0]) if len(request.files) == 1 else "files"
    listed = ", ".join(request.files[:4])
    return [DraftKnowledge(name=name or "files", description=f"What answers came from: {listed}", paths=request.files)]


def _tests(draft: Draft, turns: list[_Turn], code: str) -> list[DraftTest]:
    """Return tests of what was said: a settled question with its source, a wish where it was wished, a tool."""
    found: list[DraftTest] = []
    places = {path for source in draft.knowledge for path in source.paths}
    tools = {tool.name for tool in draft.tools}
    for turn in sorted(turns, key=lambda t: not t.praised):
        if not turn.alone or not turn.settled:
            continue
        if made := _source_test(turn, places):
            found.append(made)
        for called in filter(None, map(_CALLED.match, turn.used)):
            name = called["name"]
            if name in tools and not any(name in t.calls for t in found):
                found.append(DraftTest(name=f"calls {name}", tests="tool", message=turn.asked, calls=[name]))
    rules = [_rule_test(rule, turns) for rule in draft.emphasis]
    sources_first = sorted(found, key=lambda t: t.tests != "tool")
    asked = DraftTest(
        name="says its name", tests="name", message=TONGUES.get(code, TONGUES["en"]).who, contains=[draft.name]
    )
    return [*[r for r in rules if r][:2], *sources_first[:3], asked][:5]


def _source_test(turn: _Turn, places: set[str]) -> DraftTest | None:
    """Return a test of the cited sentence that is nearest to the question, with the figure or name that it gives."""
    asked = _stems(turn.asked)
    best: tuple[int, str, str] | None = None
    for cited in filter(None, map(_CITED.match, turn.used)):
        quote = _NUMBERED.sub("", cited["quote"])
        phrase = telling_phrase(quote, turn.asked)
        held = phrase if phrase and phrase in " ".join(turn.answered.split()) else ""
        near = len(asked & _stems(quote)) + 2 * bool(held)
        if cited["source"] in places and (best is None or near > best[0]):
            best = (near, cited["source"], held)
    if best is None:
        return None
    _, source, held = best
    holds = [held] if held else []
    name = f"knows {held or source}"
    return DraftTest(name=name, tests="source", message=turn.asked, cites=[source], contains=holds)


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}


def _rule_test(rule: str, turns: list[_Turn]) -> DraftTest | None:
    """Return a test of a rule; where it came out of a correction, the message is the one that was answered wrongly."""
    made = test_of(rule) or _brief(rule, turns)
    if made is None:
        return None
    for before, turn in pairwise(turns):
        if rule in turn.said.wishes and before.alone and not made.not_contains:
            return made.model_copy(update={"message": before.asked})
    return made


def _brief(rule: str, turns: list[_Turn]) -> DraftTest | None:
    """Return a test of "shorter": as long as the answer that came of it, with room."""
    for before, turn in pairwise(turns):
        if rule in turn.said.wishes and "short" in turn.said.forms:
            was, became = len(before.answered.split()), len(turn.answered.split())
            if 0 < became < 0.8 * was:
                most = min(int(became * 1.5) + 10, was - 1)
                pattern = rf"\A\s*(?:\S+(?:\s+|\Z)){{1,{most}}}\Z"
                return DraftTest(name="keeps it short", tests="rule", part=rule, message=before.asked, matches=pattern)
    return None
