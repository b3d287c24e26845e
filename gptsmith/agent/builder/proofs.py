"""The tests of a draft: kept only when each would really fail without the part that it tests."""

from __future__ import annotations

import re

from gptsmith.agent import patterns
from gptsmith.agent.builder import known_tests
from gptsmith.assistants.draft import Draft, DraftTest
from gptsmith.errors import UsageError

MOST = 5
FEWEST = 2


def prove(draft: Draft, language: str = "en", topics: dict[str, list[str]] | None = None) -> list[DraftTest]:
    """Return two to five tests of `draft` that hold up: the model's own, then those that code can always make."""
    kept = [test for test in map(_trimmed, draft.tests) if holds(test, draft)]
    if topics:  # a question about what the file holds tells more than "What does the file say?"
        vague = {test.message for test in known_tests.tests(draft, language) if test.tests == "source"}
        kept = [test for test in kept if test.message not in vague]
    for test in known_tests.tests(draft, language, topics):
        covered = any(_same_part(test, other) for other in kept)
        wanted = test.tests in ("source", "tool") or len(kept) < FEWEST or not draft.tests
        if wanted and not covered and holds(test, draft):
            kept.append(test)
    if len(kept) < FEWEST:
        asked = {test.message for test in kept}
        others = [t for t in known_tests.names(draft, language) if t.message not in asked]
        kept += others[: FEWEST - len(kept)]
    return _named_apart(_most_telling(kept))


def holds(test: DraftTest, draft: Draft) -> bool:
    """Say whether `test` looks at the part it names, so that it fails when that part is taken away."""
    if not test.message.strip() or not test.name.strip():
        return False
    if test.tests == "source":
        return bool(test.cites) and all(_cited(name, draft) for name in test.cites)
    if test.tests == "tool":
        return bool(test.calls) and all(name in {t.name for t in draft.tools} for name in test.calls)
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
