"""What code makes sure of in every draft, whichever model wrote it: nothing invented, nothing of the person's lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gptsmith.agent.builder.changes.subject import alike, flat, says
from gptsmith.agent.builder.language.answers import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.agent.builder.language.description import (
    clauses_of,
    first_request,
    language,
    rules,
    urls,
    without_manners,
)
from gptsmith.agent.builder.language.mentions import (
    Blank,
    fill_blanks,
    missing_documents,
    variable_name,
    without_blanks,
)
from gptsmith.agent.builder.language.requests import BuildRequest
from gptsmith.agent.builder.reach.checked import reach
from gptsmith.agent.builder.reach.wishes import wishes, without_covered
from gptsmith.agent.builder.testing.known import question
from gptsmith.agent.builder.testing.proofs import prove

# The head of a draft: a name that is the person's own where they gave one, and sentences that are sentences.

_HELPER = (
    r"(?:assistant|bot|chatbot|helper|agent|gpt|guide|tutor|coach|teacher|companion|advis[eo]r|character|butler|clerk"
    r"|concierge|persona|assistente?|assistante|asistente|helfer|assistentin)"
)
_MADE = r"(?:build|make|create|set up|design|want|need|baue?|erstelle?|crée|crea|cria|maak)"
_A_NAME = (
    r"(?:[\"“„«‘'](?P<quoted>[^\"”“»’'\n]{1,40})[\"”“»’']"
    r"|(?-i:(?P<plain>[A-ZÀ-Ý][\w'’&-]*(?: [A-ZÀ-Ý0-9][\w'’&-]*){0,3})))"
)
_CALLED = r"(?:named|called|by the name of|namens|llamad[oa]|qui s'appelle|che si chiama|chamad[oa]|genaamd)"
_GIVEN = (
    re.compile(rf"\b{_HELPER},? {_CALLED} {_A_NAME}", re.IGNORECASE),
    re.compile(rf"\b{_MADE}\b(?:(?!\b(?:about|my|our|with)\b)[^.!?\n]){{0,60}}? {_CALLED} {_A_NAME}", re.IGNORECASE),
    re.compile(
        rf"(?:^|[.!?,;]\s|\band )(?:please )?(?:call|name) (?:it|him|her|the {_HELPER}) {_A_NAME}", re.IGNORECASE
    ),
    re.compile(rf"\b(?:its|his|her|the {_HELPER}['’]s) name (?:is|should be|must be|shall be|will be) {_A_NAME}", re.I),
    re.compile(rf"\b(?:it|the {_HELPER}) (?:is|should be|shall be|must be) (?:called|named) {_A_NAME}", re.IGNORECASE),
)
_LEAD = re.compile(
    r"^\W*(?:you(?:['’]re| are) (?=an?\b|the\b)|(?:build|make|create|design|set up)(?: me| us| you)? (?=an?\b))",
    re.IGNORECASE,
)
_NO_HEAD = (
    r"(?:please|can|could|would|will|do|does|for|in|on|at|with|from|to|into|as|by|about|during|it|he|she|we|they|i|you"
    r"|my|our|when|if|what|how|answers?|help)\b"
)
# "You are a for our hotel guests": something that no noun follows.
_NO_ROLE = re.compile(rf"^you are (?:an?|the) {_NO_HEAD}|^you are (?:an? |the )?[^\w\s{{“„«\"'‘]", re.IGNORECASE)
_NO_SENTENCE = re.compile(
    r"^\W*(?:(?:for|in|on|at|with|from|to|into|as|by|about|during)\b|(?:can|could|would|will) you\b"
    r"|you(?:['’]re| are)\b|please\b|[{[$])",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"^(?:please|can|could|would|for|with|our|it)\b\s*", re.IGNORECASE)


def given_name(text: str) -> str:
    """Return the name that the person gives the assistant: `an assistant named Nova`; empty when they give none."""
    for pattern in _GIVEN:
        if match := pattern.search(text):
            return next(value for value in match.groups() if value).strip()
    return ""


def named(name: str, given: str) -> str:
    """Return a draft's name with the person's own in it, and without the words that begin no name."""
    if given and given.casefold() not in name.casefold():
        return given
    bare = name
    while not given and (lead := _NO_NAME.match(bare)) and lead.end() < len(bare):
        bare = bare[lead.end() :]
    return bare[:1].upper() + bare[1:] if bare != name else name


def sentence_about(text: str) -> str:
    """Return a description as a sentence about the assistant, empty when it cannot be one.

    "You're a patient coach." becomes "A patient coach."; what begins with a blank or "for our guests" is none.
    """
    bare = _LEAD.sub("", without_manners(" ".join(text.split())))
    if not bare or _NO_SENTENCE.match(bare):
        return ""
    return bare[:1].upper() + bare[1:]


def is_role(text: str) -> bool:
    """Say whether instructions begin with a role that can be read: not `You are a for our hotel guests.`"""
    return _NO_ROLE.match(text.strip()) is None


# The starters of a draft: those that ask for something; one that only repeats the assistant's name asks nothing.

# ruff: noqa: SIM905 -- word lists read better as running text


ENOUGH = 3
_EMPTY = frozenset(
    """
    a an the to of in on for with about and or me my i you your we us it its this that here there is are am be
    do does did can could would should will please hello hi help tell give show ask start begin new first
    where what how which who when know need needed details example short some something anything question
    questions topic more make get going let try use using work works want like explain learn basics one idea
    exercise plan say change then
    """.split()
)


def telling(draft: Draft, topics: dict[str, list[str]], called: str = "") -> list[str]:
    """Return the starters without those whose every word stands in the name, or in the model's own (`called`).

    `topics` are headings by file name: a question on one takes the place of a starter that would fit any assistant.
    """
    name = {_stem(word) for word in _words(f"{draft.name} {called}")}
    asked = [" ".join(text.split()) for text in draft.conversation_starters]
    about = {text: {_stem(word) for word in _words(text)} - _EMPTY for text in asked}
    own = [text for text in asked if about[text] and not about[text] <= name]
    general = [text for text in asked if not about[text]]
    if not topics:
        return [text for text in asked if text in own or text in general]
    held = [question(file, line) for file, lines in topics.items() for line in lines[:2]]
    return own if len(own) >= ENOUGH else [*own, *held[: 4 - len(own)]]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.casefold())


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s").removesuffix("s") if len(word) > 3 else word


MAX_NAME = 40
_MARK = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_DOLLAR = re.compile(r"\$\{([^{}:\n]{1,60})(?::[^{}\n]*)?\}")
_ATTACH = "Attach the files when you build, or add their paths under knowledge."
_NO_TOOL = "There is no such tool here; add an mcp or openapi tool that offers it under tools."


def guard(
    draft: Draft,
    request: BuildRequest,
    offered: Iterable[str],
    unbuilt: dict[str, str],
    topics: dict[str, list[str]] | None = None,
) -> Draft:
    """Return `draft` made safe and whole against the person's request.

    `offered` are the tool types that a draft may name, `unbuilt` says for some of them why they cannot run yet.
    `topics` are headings by file name, for questions that a source can answer.
    """
    said = request.description
    filled, blanks = fill_blanks(said)
    draft = draft.model_copy(deep=True)
    called = draft.name
    wanted = wishes(said, request.files, request.calls, request.skills)
    _name(draft, filled, blanks)
    _tools(draft, {*offered}, unbuilt)
    reach(draft, wanted, request)
    _knowledge(draft, request, urls(said), wanted.taken)
    _rules(draft, rules(filled))
    _starters(draft, filled, topics or {}, called)
    _variables(draft, blanks)
    _missing(draft, request, said)
    draft.missing = list(without_covered(draft.missing, wanted))
    draft.tests = prove(draft, language(filled), topics or {}, request.calls)
    return draft


def _name(draft: Draft, filled: str, blanks: list[Blank]) -> None:
    name = " ".join(without_blanks(draft.name, blanks).split()).strip("\"'“”. ")
    if len(name) > MAX_NAME:
        name = name[: MAX_NAME + 1].rsplit(" ", 1)[0][:MAX_NAME].rstrip(" ,;:-–")
    draft.name = named(name, given_name(filled)) or "Assistant"
    about = without_blanks(sentence_about(draft.description), blanks)
    draft.description = (about if len(about) <= 300 else about[:299].rsplit(" ", 1)[0] + "…") or draft.name
    if not draft.role.strip() or not is_role(draft.role):
        draft.role = f"You are {draft.name}. This is what you are for: “{filled.strip()[:2000]}”"


def _tools(draft: Draft, offered: set[str], unbuilt: dict[str, str]) -> None:
    kept: list[DraftTool] = []
    for tool in draft.tools:
        if tool.type not in offered:
            draft.missing.append(Missing(kind="tool", what=tool.type.replace("_", " "), how=_NO_TOOL))
            continue
        tool.name = _free(variable_name(tool.name) or tool.type, (t.name for t in kept))
        tool.description = " ".join(tool.description.split())[:1000]
        kept.append(tool)
        if tool.type in unbuilt:
            draft.missing.append(Missing(kind="tool", what=tool.type, how=unbuilt[tool.type]))
    draft.tools = kept


def _knowledge(draft: Draft, request: BuildRequest, named: list[str], taken: set[str]) -> None:
    """Keep only what is there; an attached file or a named page that no source uses gets one.

    What is `taken` by a tool or a skill is no source.
    """
    files = [name for name in request.files if not any(_covers(other, name) for other in taken)]
    named = [url for url in named if url not in taken]
    listed = {name.rstrip("/"): name for name in files}
    kept: list[DraftKnowledge] = []
    for source in draft.knowledge:
        paths = [path.removeprefix("./").rstrip("/") for path in source.paths]
        for path in paths:
            if path not in listed and not any(path == name.rstrip("/") for name in request.files):
                draft.missing.append(Missing(kind="knowledge", what=path, how=_ATTACH))
        for url in source.urls:
            if url not in named and url not in taken:
                draft.missing.append(Missing(kind="url", what=url, how="Add the address under knowledge, urls."))
        source.paths = _outermost(list(dict.fromkeys(listed[path] for path in paths if path in listed)))
        source.urls = [url for url in source.urls if url in named]
        source.name = _free(variable_name(source.name) or "files", (s.name for s in kept))
        if source.paths or source.urls:
            kept.append(source)
    used = [path for source in kept for path in source.paths]
    left = [name for name in files if not any(_covers(path, name) or _covers(name, path) for path in used)]
    left = _outermost(left)
    pages = [
        url for url in named if not any(url in s.urls for s in kept) and not any(url in m.what for m in draft.missing)
    ]
    if left or pages:
        name = _free("files" if left else "pages", (s.name for s in kept))
        kept.append(DraftKnowledge(name=name, description="What the assistant answers from.", paths=left, urls=pages))
    draft.knowledge = kept


def _outermost(names: list[str]) -> list[str]:
    """Return the names without those that lie in a folder among them."""
    return [name for name in names if not any(_covers(other, name) for other in names if other != name)]


def _rules(draft: Draft, stated: list[str]) -> None:
    """Add, word for word, each rule that the draft lost, of a long sentence only the clauses that are not there.

    A rule that stands there in other words is there, and one that stands there twice is kept once.
    """
    for rule in stated:
        said = "\n".join([draft.role, *draft.emphasis, *draft.guidelines, draft.clarify, draft.tone])
        clauses = clauses_of(rule)
        lost = [clause for clause in clauses if not says(said, clause)]
        draft.emphasis += [rule] if lost == clauses else [clause[:1].upper() + clause[1:] for clause in lost]
    draft.emphasis = _once(draft.emphasis)
    draft.guidelines = [line for line in _once(draft.guidelines) if not any(alike(line, e) for e in draft.emphasis)]


def _once(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in (text.strip() for text in lines):
        if line and not any(alike(line, other) for other in kept):
            kept.append(line)
    return kept


def _starters(draft: Draft, said: str, topics: dict[str, list[str]], called: str) -> None:
    """Put the person's own first request first, and leave out what asks for nothing."""
    first = first_request(said)
    asked = telling(draft, topics if language(said) == "en" else {}, called)
    if first:
        asked = [first, *(text for text in asked if flat(text) != flat(first))]
    draft.conversation_starters = [text for text in dict.fromkeys(asked) if 0 < len(text) <= 300][:4]


def _variables(draft: Draft, blanks: list[Blank]) -> None:
    """Declare every `{{name}}` in use, drop what nobody uses, and keep the marks out of fields that take none."""
    known = {variable_name(v.name): v for v in draft.variables if variable_name(v.name)}
    for blank in blanks:
        own = known.setdefault(blank.name, DraftVariable(name=blank.name, description=blank.description or blank.label))
        own.default = own.default if own.default is not None else blank.default
    single = re.compile(r"(?<!\{)\{(" + "|".join(map(re.escape, known)) + r")\}(?!\})")
    if known:  # a blank that the model wrote with one brace
        _each_text(draft, lambda text: single.sub(r"{{\1}}", text))
        draft.name, draft.description = (single.sub(r"{{\1}}", text) for text in (draft.name, draft.description))
    _keep_blanks(draft, blanks)
    _each_text(draft, lambda text: _DOLLAR.sub(lambda m: "{{" + (variable_name(m[1]) or "value") + "}}", text))
    used = set(_MARK.findall(" ".join(_texts(draft))))
    for name in used:
        known.setdefault(name, DraftVariable(name=name, description=name.replace("_", " ")))
    for name, variable in known.items():
        variable.name = name
    draft.variables = [v for name, v in known.items() if name in used]
    shown = [Blank(name=name, label=name.replace("_", " "), default=v.default) for name, v in known.items()]
    draft.name, draft.description = without_blanks(draft.name, shown), without_blanks(draft.description, shown)
    for test in draft.tests:
        test.message = without_blanks(test.message, shown)


def _keep_blanks(draft: Draft, blanks: list[Blank]) -> None:
    """Give each blank of the description that no text uses a line, so that what is filled in is known."""
    used = set(_MARK.findall(" ".join(_texts(draft))))
    for blank in blanks:
        if blank.name not in used:
            label = blank.label[:1].upper() + blank.label[1:]
            told = f" ({blank.description})" if blank.description and blank.description != blank.label else ""
            draft.guidelines.append(f"{label}{told}: {{{{{blank.name}}}}}")


def _missing(draft: Draft, request: BuildRequest, said: str) -> None:
    """Name, and ask for, the documents that the description speaks of and nobody attached, where the model did not."""
    listed = " ".join(item.what for item in draft.missing).casefold()
    named = missing_documents(said, request.files)
    lost = [what for what in named if what.split()[-1].casefold() not in listed]
    draft.missing += [Missing(kind="knowledge", what=what, how=_ATTACH) for what in lost]
    if lost and not draft.question and language(said) == "en":
        things = " and ".join([", ".join(lost[:-1]), lost[-1]] if lost[1:] else lost)
        draft.question = f"Can you attach {things}?"
    seen: dict[str, Missing] = {}
    for item in draft.missing:
        seen.setdefault(flat(item.what), item)
    draft.missing = list(seen.values())


def _each_text(draft: Draft, change: Callable[[str], str]) -> None:
    draft.role, draft.clarify, draft.tone = change(draft.role), change(draft.clarify), change(draft.tone)
    draft.welcome_message = change(draft.welcome_message)
    draft.emphasis = [change(t) for t in draft.emphasis]
    draft.guidelines = [change(t) for t in draft.guidelines]
    draft.conversation_starters = [change(t) for t in draft.conversation_starters]


def _texts(draft: Draft) -> list[str]:
    lists = [*draft.emphasis, *draft.guidelines, *draft.conversation_starters]
    return [draft.role, draft.clarify, draft.tone, draft.welcome_message, *lists]


def _covers(folder: str, name: str) -> bool:
    return folder == name or (folder.endswith("/") and name.startswith(folder))


def _free(name: str, taken: Iterable[str]) -> str:
    names, number, candidate = set(taken), 2, name
    while candidate in names:
        candidate, number = f"{name}_{number}", number + 1
    return candidate
