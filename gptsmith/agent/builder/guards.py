"""What code makes sure of in every draft, whichever model wrote it: nothing invented, nothing of the person's lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from gptsmith.agent.builder.heads import given_name, is_role, named, sentence_about
from gptsmith.agent.builder.proofs import prove
from gptsmith.agent.builder.rule_sense import alike, flat, says
from gptsmith.agent.builder.starters import telling
from gptsmith.assistants.build_request import BuildRequest
from gptsmith.assistants.description import clauses_of, first_request, language, rules, urls
from gptsmith.assistants.draft import Draft, DraftKnowledge, DraftTool, DraftVariable, Missing
from gptsmith.assistants.named_documents import missing_documents
from gptsmith.assistants.placeholders import Blank, fill_blanks, plain, variable_name

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
    _name(draft, filled, blanks)
    _tools(draft, set(offered), unbuilt)
    _knowledge(draft, request, urls(said))
    _rules(draft, rules(filled))
    _starters(draft, filled, topics or {}, called)
    _variables(draft, blanks)
    _missing(draft, request, said)
    draft.tests = prove(draft, language(filled), topics or {})
    return draft


def _name(draft: Draft, filled: str, blanks: list[Blank]) -> None:
    name = " ".join(plain(draft.name, blanks).split()).strip("\"'“”. ")
    if len(name) > MAX_NAME:
        name = name[: MAX_NAME + 1].rsplit(" ", 1)[0][:MAX_NAME].rstrip(" ,;:-–")
    draft.name = named(name, given_name(filled)) or "Assistant"
    about = plain(sentence_about(draft.description), blanks)
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


def _knowledge(draft: Draft, request: BuildRequest, named: list[str]) -> None:
    """Keep only what is there; an attached file or a named page that no source uses gets one."""
    listed = {name.rstrip("/"): name for name in request.files}
    kept: list[DraftKnowledge] = []
    for source in draft.knowledge:
        paths = [path.removeprefix("./").rstrip("/") for path in source.paths]
        for path in paths:
            if path not in listed:
                draft.missing.append(Missing(kind="knowledge", what=path, how=_ATTACH))
        for url in source.urls:
            if url not in named:
                draft.missing.append(Missing(kind="url", what=url, how="Add the address under knowledge, urls."))
        source.paths = _outermost(list(dict.fromkeys(listed[path] for path in paths if path in listed)))
        source.urls = [url for url in source.urls if url in named]
        source.name = _free(variable_name(source.name) or "files", (s.name for s in kept))
        if source.paths or source.urls:
            kept.append(source)
    used = [path for source in kept for path in source.paths]
    left = [name for name in request.files if not any(_covers(path, name) or _covers(name, path) for path in used)]
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
    draft.name, draft.description = plain(draft.name, shown), plain(draft.description, shown)
    for test in draft.tests:
        test.message = plain(test.message, shown)


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
