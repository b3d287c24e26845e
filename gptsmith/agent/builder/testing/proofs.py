"""The tests of a draft: kept only when each would really fail without the part that it tests."""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gptsmith.agent import patterns
from gptsmith.agent.builder.language.answers import Draft, DraftPart, DraftTest
from gptsmith.agent.builder.language.description import split
from gptsmith.agent.builder.language.requests import AttachedCall, Fences
from gptsmith.agent.builder.prompt import words
from gptsmith.agent.builder.testing import known
from gptsmith.assistants.format.loader import Loaded
from gptsmith.assistants.format.spec import AssistantSpec, Knowledge
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


# The parts of a spec that a test can look at: what a change adds, and the spec without one of them.

Kind = Literal["source", "tool", "rule", "name"]
_NOBODY = "Somebody Else"
_LIST_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])?\s*$")


@dataclass(frozen=True)
class SpecPart:
    """One part: `text` is a rule's words, a tool's name, a source's path or URL as the spec has it, or the name."""

    kind: Kind
    text: str

    @property
    def words(self) -> str:
        """What a person calls it."""
        shown = self.text if len(self.text) <= 80 else self.text[:79].rsplit(" ", 1)[0] + "…"
        return {"source": shown.removeprefix("./"), "tool": f"the tool {shown}", "name": f"the name {shown}"}.get(
            self.kind, f"the rule “{shown}”"
        )


def parts(loaded: Loaded) -> list[SpecPart]:
    """Return all parts of a spec: sources, tools, the sentences of the instructions, the name."""
    spec = loaded.spec
    found = [SpecPart("source", place) for source in spec.knowledge for place in (*source.paths, *source.urls)]
    found += [SpecPart("tool", tool.name) for tool in spec.tools]
    found += [SpecPart("rule", s.text) for s in split(loaded.instructions(trust=True)) if len(s.text.split()) > 1]
    return [*found, SpecPart("name", spec.name)]


def added(before: Loaded | None, after: Loaded) -> list[SpecPart]:
    """Return the parts that `after` has and `before` has not."""
    known = {(p.kind, _flat(p.text)) for p in parts(before)} if before else set()
    return [p for p in parts(after) if (p.kind, _flat(p.text)) not in known]


def part_of(test: DraftTest, loaded: Loaded) -> SpecPart | None:
    """Return the part of the spec that a draft's test names; None when it is not there."""
    if test.tests == "name":
        return SpecPart("name", loaded.spec.name)
    if test.tests == "tool":
        tools = [p for p in parts(loaded) if p.kind == "tool"]
        return next((p for p in tools if any(is_of(call, p.text) for call in test.calls)), None)
    if test.tests == "source":
        sources = [p for p in parts(loaded) if p.kind == "source"]
        return next((p for p in sources if any(_covers(loaded, p.text, name) for name in test.cites)), None)
    told, part = _flat(loaded.instructions(trust=True)), _flat(test.part)
    return SpecPart("rule", test.part) if part and part in told else None


def is_of(call: str, entry: str) -> bool:
    """Say whether a call is one of a tool's entry: `shop` itself, or `shop_getOrder`."""
    return call == entry or call.startswith(f"{entry}_")


def without(loaded: Loaded, part: SpecPart) -> Loaded:
    """Return the spec with one part taken away; it stays able to run."""
    spec, instructions = loaded.spec, loaded.instructions(trust=True)
    changes: dict[str, object] = {"instructions": instructions, "instructions_file": None}
    if part.kind == "source":
        changes["knowledge"] = _without_source(spec, part.text)
    elif part.kind == "tool":
        changes["tools"] = [tool for tool in spec.tools if tool.name != part.text]
    elif part.kind == "rule":
        changes["instructions"] = _without_rule(instructions, part.text)
    else:
        own = re.compile(re.escape(part.text), re.IGNORECASE)
        changes |= {"name": _NOBODY, "instructions": own.sub(_NOBODY, instructions)}
        changes["description"] = own.sub(_NOBODY, spec.description)
    return dataclasses.replace(loaded, spec=spec.model_copy(update=changes))


def _without_source(spec: AssistantSpec, place: str) -> list[Knowledge]:
    left = []
    for source in spec.knowledge:
        paths, urls = [p for p in source.paths if p != place], [u for u in source.urls if u != place]
        if paths or urls:
            left.append(source.model_copy(update={"paths": paths, "urls": urls}))
    return left


def _without_rule(text: str, rule: str) -> str:
    """Take a rule out wherever it stands, whatever its line breaks; its list mark goes with it."""
    words = r"\s+".join(map(re.escape, rule.split()))
    marked = re.sub(words, "\0", text, flags=re.IGNORECASE).split("\n")
    lines = [(line, line.replace("\0", "")) for line in marked]
    kept = [left for line, left in lines if left == line or not _LIST_MARK.match(left)]
    return "\n".join(kept).strip() or "Answer."


def _covers(loaded: Loaded, place: str, cited: str) -> bool:
    """Say whether a path (a file, a folder, a pattern) or URL of the spec is where `cited` comes from."""
    from gptsmith.rag.ingest import expand

    if place == cited:
        return True
    source = next((k for k in loaded.spec.knowledge if place in k.paths), None)
    if source is None:
        return False
    items = expand([source.model_copy(update={"paths": [place], "urls": []})], loaded.base_dir or Path.cwd())
    wanted = cited.removeprefix("./")
    return any(item.source == wanted or item.source.endswith(f"/{wanted}") for item in items if not item.problem)


MOST = 5
FEWEST = 2


def prove(
    draft: Draft,
    language: str = "en",
    topics: dict[str, list[str]] | None = None,
    calls: Sequence[AttachedCall] = (),
) -> list[DraftTest]:
    """Return two to five tests of `draft` that hold up: the model's own, then those that code can always make.

    `calls` are what attached files offer, for tests of the tools that call it.
    """
    kept = [test for test in map(_trimmed, draft.tests) if holds(test, draft)]
    if topics:  # a question about what the file holds tells more than "What does the file say?"
        vague = {test.message for test in known.tests(draft, language) if test.tests == "source"}
        kept = [test for test in kept if test.message not in vague]
    for test in known.tests(draft, language, topics, calls):
        covered = any(_same_part(test, other) for other in kept)
        wanted = test.tests in ("source", "tool") or len(kept) < FEWEST or not draft.tests
        if wanted and not covered and holds(test, draft):
            kept.append(test)
    if len(kept) < FEWEST:
        asked = {test.message for test in kept}
        others = [t for t in known.name_tests(draft, language) if t.message not in asked]
        kept += others[: FEWEST - len(kept)]
    return _named_apart(_most_telling(kept))


def holds(test: DraftTest, draft: Draft) -> bool:
    """Say whether `test` looks at the part it names, so that it fails when that part is taken away."""
    if not test.message.strip() or not test.name.strip():
        return False
    if test.tests == "source":
        return bool(test.cites) and all(_cited(name, draft) for name in test.cites)
    if test.tests == "tool":
        names = [t.name for t in draft.tools]
        return bool(test.calls) and all(any(is_of(call, name) for name in names) for call in test.calls)
    if test.tests == "name":
        return any(draft.name.casefold() in text.casefold() for text in test.contains)
    if not _ruled(test, draft):
        return False
    seen = bool(test.contains or test.not_contains or test.cites or test.calls) or is_telling(test.matches)
    return seen and (test.matches is None or is_telling(test.matches))


def _ruled(test: DraftTest, draft: Draft) -> bool:
    """Say whether the rule that is tested stands in the draft; without `part`, whether one is about the same thing."""
    part = _flat(test.part)
    if part:
        return any(part in _flat(line) or _flat(line) in part for line in draft.emphasis)
    about = _words(" ".join([test.name, test.message, *test.contains, *test.not_contains]))
    return any(len(about & _words(line)) > 1 for line in draft.emphasis)


def _words(text: str) -> set[str]:
    return {word[:6] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold().strip(" .")


def is_telling(pattern: str | None) -> bool:
    """Say whether a regular expression can be read and does not match just anything."""
    if not pattern:
        return False
    try:
        re.compile(pattern)
        return not all(patterns.found(pattern, ("", "x", "I do not know.")))
    except (re.error, UsageError):
        return False


def _cited(name: str, draft: Draft) -> bool:
    places = [p.rstrip("/") for source in draft.knowledge for p in source.paths]
    pages = [url for source in draft.knowledge for url in source.urls]
    folders = any(p.endswith("/") for source in draft.knowledge for p in source.paths)
    wanted = name.removeprefix("./")
    return (
        wanted in pages or any(p == wanted or p.split("/")[-1] == wanted for p in places) or (folders and bool(wanted))
    )


def _trimmed(test: DraftTest) -> DraftTest:
    def full(texts: list[str]) -> list[str]:
        return [text for text in texts if text.strip()]

    changes = {k: full(getattr(test, k)) for k in ("contains", "not_contains", "cites", "calls")}
    # A citation is shown under the file's own name.
    changes["cites"] = [name if "://" in name else name.rstrip("/").split("/")[-1] for name in changes["cites"]]
    return test.model_copy(update={**changes, "matches": test.matches or None})


def _same_part(one: DraftTest, other: DraftTest) -> bool:
    if one.tests != other.tests:
        return False
    if one.tests == "source":
        return bool(set(one.cites) & set(other.cites)) or bool(other.cites)
    return one.tests in ("name", "rule") or bool(set(one.calls) & set(other.calls))


def _most_telling(tests: list[DraftTest]) -> list[DraftTest]:
    """Cut to five, keeping one of each kind before a second of any."""
    firsts: list[DraftTest] = []
    others: list[DraftTest] = []
    for test in tests:
        (others if any(t.tests == test.tests for t in firsts) else firsts).append(test)
    kept = [*firsts, *others][:MOST]
    return [test for test in tests if any(test is k for k in kept)]


def _named_apart(tests: list[DraftTest]) -> list[DraftTest]:
    names: set[str] = set()
    out = []
    for test in tests:
        name, number = test.name[:180], 2
        while name in names:
            name, number = f"{test.name[:180]} ({number})", number + 1
        names.add(name)
        out.append(test.model_copy(update={"name": name}))
    return out


# Tests written by the builder's model, for rules and tools: what it is shown, and what of its answer is kept.

_LOG = logging.getLogger(__name__)
FENCES = Fences("assistant", "instructions", "parts", "tests", "said")


class DraftTests(DraftPart):
    """Tests, at most one for each part that is listed."""

    tests: list[DraftTest] = Field(default=[])


def request_text(loaded: Loaded, parts: list[SpecPart], said: list[str]) -> str:
    """Return the request: the assistant, its instructions, the parts to look at, the tests there are, what was said."""
    spec = loaded.spec
    tools = {tool.name: tool.description or tool.SUMMARY for tool in spec.tools}
    listed = [p.text if p.kind == "rule" else f"tool {p.text}: {tools.get(p.text, '')}" for p in parts]
    return "\n\n".join(
        [
            FENCES.block("assistant", f"{spec.name}. {spec.description}"),
            FENCES.block("instructions", loaded.instructions(trust=True)),
            FENCES.items("parts", listed),
            FENCES.items("tests", [f"{test.name}: {test.message}" for test in spec.tests]),
            FENCES.items("said", said[-20:]),
        ]
    )


def written_tests(model: BaseChatModel, loaded: Loaded, parts: list[SpecPart], said: list[str]) -> list[DraftTest]:
    """Ask `model` for tests of `parts`; none when there is nothing to ask or it gives nothing usable.

    A test is a help, never the point of a change: what goes wrong here is logged and the change goes on.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    if not parts or getattr(model, "_llm_type", "") == "gptsmith-embedded":
        return []
    asking = model.with_structured_output(DraftTests, method="function_calling", include_raw=True)
    asked = [SystemMessage(words("tests")), HumanMessage(request_text(loaded, parts, said))]
    try:
        answer = asking.invoke(asked)
    except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the change goes on without
        _LOG.info("no tests were written (%s)", type(error).__name__)
        return []
    parsed = answer.get("parsed") if isinstance(answer, dict) else None
    return [test for test in parsed.tests if _usable(test)] if isinstance(parsed, DraftTests) else []


def _usable(test: DraftTest) -> bool:
    """Whether a test can fail at all, and expects nothing that only a file could tell."""
    if not test.message.strip() or not test.name.strip() or test.cites or test.tests not in ("rule", "tool"):
        return False
    if test.matches and not is_telling(test.matches):
        return False
    return any([test.contains, test.not_contains, test.matches, test.calls])
