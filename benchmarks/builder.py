"""Measure the builder on descriptions that people wrote: `python -m benchmarks.builder [--show N] [--model NAME]`.

Reads `benchmarks/builder_descriptions.jsonl` (ours; half of it held out) and, where GPTSMITH_TEST_DATA names the folder
of measuring data, `assistants/act-as.csv` (only `prompt` is seen, `act` judges the name) and `assistants/needs.jsonl`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptsmith.agent.builder import Builder, BuiltDraft
from gptsmith.agent.builder.builder import instructions
from gptsmith.agent.builder.language.description import is_first_request, is_rule, split
from gptsmith.agent.builder.language.mentions import fill_blanks
from gptsmith.errors import GptsmithError

OWN = Path(__file__).with_name("builder_descriptions.jsonl")
SUFFIX = re.compile(r"(?:ations?|ating|ators?|ate|ings?|ers?|ors?|ies|es|s|y|e)$")


@dataclass
class Case:
    """One description and what is known about it; None where nothing is."""

    description: str
    act: str = ""
    fits: list[str] = field(default_factory=list)
    tools: list[str] | None = None
    knowledge: bool | None = None
    rules: list[str] = field(default_factory=list)
    missing_tools: list[str] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--show", type=int, default=0, help="print the YAML of the first N of each set")
    parser.add_argument("--names", action="store_true", help="print every name beside what it is judged by")
    options = parser.parse_args()
    builder = Builder(options.model)
    for title, cases in sets().items():
        report(title, cases, builder, options)


def sets() -> dict[str, list[Case]]:
    """Return the sets that are there."""
    own = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    keys = ("description", "fits", "tools", "knowledge", "rules", "missing_tools")
    found = {
        f"own, {which}": [Case(**{k: row[k] for k in keys}) for row in own if row["set"] == which]
        for which in ("dev", "holdout", "unseen")
    }
    data = os.environ.get("GPTSMITH_TEST_DATA")
    if not data:
        print("GPTSMITH_TEST_DATA is not set: only our own descriptions are measured")
        return found
    folder = Path(data) / "assistants"
    with (folder / "act-as.csv").open(encoding="utf-8", newline="") as file:
        found["act-as"] = [Case(row["prompt"], act=row["act"]) for row in csv.DictReader(file)]
    rows = [json.loads(line) for line in (folder / "needs.jsonl").read_text("utf-8").splitlines()]
    found["needs"] = [
        Case(r["description"], tools=r["tools"], knowledge=r["knowledge"], rules=[r["rule"]] if r["rule"] else [])
        for r in rows
    ]
    return found


def report(title: str, cases: list[Case], builder: Builder, options: argparse.Namespace) -> None:
    """Print one set's numbers, and the cases that failed."""
    built: list[tuple[Case, BuiltDraft]] = []
    failed = []
    for case in cases:
        try:
            built.append((case, builder.build(case.description)))
        except GptsmithError as error:
            failed.append(f"{case.description[:60]!r}: {error}")
    print(f"\n## {title} ({len(cases)})\nvalid {len(built)}/{len(cases)}", *failed, sep="\n")
    names(built, options.names)
    ratio("rule sentences kept, word for word", [ok for c, b in built for ok in kept(c, b)])
    shares = [pasted(c, b) for c, b in built]
    total = sum(n for _, _, n in shares) or 1
    line, anywhere = sum(a for a, _, _ in shares) / total, sum(b for _, b, _ in shares) / total
    print(
        f"other sentences pasted bare: {line:.2f} as a line of their own, {anywhere:.2f} anywhere ({total} sentences)"
    )
    ratio("starters usable", [usable(s) for _, b in built for s in b.draft.conversation_starters])
    ratio("tests: two to five, each about a part", [2 <= len(b.spec.tests) <= 5 for _, b in built])
    tools(built)
    known = [(c, b) for c, b in built if c.knowledge is not None]
    ratio("right knowledge", [ok_knowledge(c, b) for c, b in known])
    for case, draft in known:
        if not ok_knowledge(case, draft):
            print("   knowledge:", case.knowledge, [m.what for m in draft.missing], "|", case.description[:90])
    for _, draft in built[: options.show]:
        print("\n---\n" + draft.yaml)


def names(built: list[tuple[Case, BuiltDraft]], show: bool) -> None:
    """Print how well the names fit: a shared word, or close in meaning (cosine of MiniLM of at least .5)."""
    judged = [(c.act or " / ".join(c.fits), b.spec.name) for c, b in built if c.act or c.fits]
    if not judged:
        return
    from gptsmith.models.embedding import load_embedder

    embedder = load_embedder("embedded")
    known, given = embedder.encode([k for k, _ in judged]), embedder.encode([n for _, n in judged])
    cosines = [float(a @ b) for a, b in zip(known, given, strict=True)]
    shared = [bool(stems(k) & stems(n)) for k, n in judged]
    fits = [s or c >= 0.5 for s, c in zip(shared, cosines, strict=True)]
    ratio("name fits", fits)
    print(f"   shares a word {sum(shared)}/{len(shared)}, mean cosine {sum(cosines) / len(cosines):.2f}")
    for (act, name), cosine, fit in zip(judged, cosines, fits, strict=True):
        if show or not fit:
            print(f"   {'ok' if fit else '??'} {cosine:.2f} {act[:50]!r} -> {name!r}")


def stems(text: str) -> set[str]:
    """Return the stems of the words of four letters and more."""
    return {SUFFIX.sub("", word) for word in re.findall(r"[^\W\d_]{3,}", text.lower())}


def kept(case: Case, built: BuiltDraft) -> list[bool]:
    """Say of each rule sentence whether it stands in the instructions word for word."""
    filled, _ = fill_blanks(case.description)
    said = flat(instructions(built.draft))
    stated = [s.text for s in split(filled) if is_rule(s)] + case.rules
    lost = [rule for rule in stated if flat(rule) not in said and flat(rule) not in flat(built.spec.description)]
    for rule in lost:
        print("   lost:", rule)
    return [rule not in lost for rule in stated]


def pasted(case: Case, built: BuiltDraft) -> tuple[int, int, int]:
    """Count the description's other sentences: pasted as a line of their own, pasted anywhere, and all."""
    filled, _ = fill_blanks(case.description)
    others = [s for s in split(filled) if not is_rule(s) and s.section not in ("variables", "template")]
    texts = [flat(s.text) for s in others if not is_first_request(s.text) and len(s.text.split()) > 2]
    whole = instructions(built.draft)
    lines = {flat(part) for line in whole.splitlines() for part in re.split(r"(?<=[.!?])\s+", line.lstrip("-# "))}
    said = flat(whole)
    return sum(t in lines for t in texts), sum(t in said for t in texts), len(texts)


def usable(starter: str) -> bool:
    """Say whether a user could send this as it stands: to nobody called you, complete, no bare heading."""
    spoken = re.search(r"\b(?:you|your|yours)\b", re.sub(r"\"[^\"]*\"", "", starter), re.IGNORECASE)
    return not spoken and 1 <= len(starter) <= 300 and not starter.endswith((":", ",")) and "${" not in starter


def tools(built: list[tuple[Case, BuiltDraft]]) -> None:
    """Print right tools; cases that call for a type that is not built yet are counted apart."""
    known = [(c, b) for c, b in built if c.tools is not None]
    unbuilt = {m.what for _, b in built for m in b.missing if m.kind == "tool"}
    waits = [(c, b) for c, b in known if set(c.tools or []) & unbuilt]
    now = [(c, b) for c, b in known if not set(c.tools or []) & unbuilt]
    ratio("right tools, nothing missing", [got(b) == set(c.tools or []) for c, b in now])
    named = [got(b) == set(c.tools or []) and all(_listed(t, b) for t in c.tools or []) for c, b in waits]
    ratio("right tools, not built yet (in the spec and listed as missing)", named)
    for case, draft in known:
        if got(draft) != set(case.tools or []):
            print("   tools:", case.tools, sorted(got(draft)), "|", case.description[:90])
    absent = [(c, b) for c, b in built if c.missing_tools]
    ratio("tools that do not exist listed", [_listed(t, b) for c, b in absent for t in c.missing_tools or []])
    none = [(c, b) for c, b in built if c.missing_tools == []]
    extra = [m.what for c, b in none for m in b.missing if m.kind == "tool" and m.what not in (c.tools or [])]
    print("   invented as missing:", extra) if extra else None


def got(built: BuiltDraft) -> set[str]:
    return {tool.type for tool in built.spec.tools}


def ok_knowledge(case: Case, built: BuiltDraft) -> bool:
    """A description that needs knowledge gets a source or names what is missing; another gets neither."""
    named = bool(built.spec.knowledge) or any(m.kind in ("knowledge", "url") for m in built.missing)
    return named == case.knowledge


def ratio(what: str, outcomes: list[Any]) -> None:
    if outcomes:
        print(f"{what}: {sum(map(bool, outcomes))}/{len(outcomes)} = {sum(map(bool, outcomes)) / len(outcomes):.2f}")


def flat(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".!")


def _listed(tool: str, built: BuiltDraft) -> bool:
    return any(m.kind == "tool" and m.what == tool for m in built.missing)


if __name__ == "__main__":
    main()
