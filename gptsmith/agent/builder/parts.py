"""The parts of a spec that a test can look at: what a change adds, and the spec without one of them."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gptsmith.assistants.description import split
from gptsmith.assistants.draft import DraftTest
from gptsmith.assistants.loader import Loaded
from gptsmith.assistants.spec import AssistantSpec, Knowledge

Kind = Literal["source", "tool", "rule", "name"]
_NOBODY = "Somebody Else"
_LIST_MARK = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])?\s*$")


@dataclass(frozen=True)
class Part:
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


def parts(loaded: Loaded) -> list[Part]:
    """Return all parts of a spec: sources, tools, the sentences of the instructions, the name."""
    spec = loaded.spec
    found = [Part("source", place) for source in spec.knowledge for place in (*source.paths, *source.urls)]
    found += [Part("tool", tool.name) for tool in spec.tools]
    found += [Part("rule", s.text) for s in split(loaded.instructions(trust=True)) if len(s.text.split()) > 1]
    return [*found, Part("name", spec.name)]


def added(before: Loaded | None, after: Loaded) -> list[Part]:
    """Return the parts that `after` has and `before` has not."""
    known = {(p.kind, _flat(p.text)) for p in parts(before)} if before else set()
    return [p for p in parts(after) if (p.kind, _flat(p.text)) not in known]


def part_of(test: DraftTest, loaded: Loaded) -> Part | None:
    """Return the part of the spec that a draft's test names; None when it is not there."""
    if test.tests == "name":
        return Part("name", loaded.spec.name)
    if test.tests == "tool":
        return next((p for p in parts(loaded) if p.kind == "tool" and p.text in test.calls), None)
    if test.tests == "source":
        sources = [p for p in parts(loaded) if p.kind == "source"]
        return next((p for p in sources if any(_covers(loaded, p.text, name) for name in test.cites)), None)
    told, part = _flat(loaded.instructions(trust=True)), _flat(test.part)
    return Part("rule", test.part) if part and part in told else None


def without(loaded: Loaded, part: Part) -> Loaded:
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
    from gptsmith.rag.sources import expand

    if place == cited:
        return True
    source = next((k for k in loaded.spec.knowledge if place in k.paths), None)
    if source is None:
        return False
    items = expand([source.model_copy(update={"paths": [place], "urls": []})], loaded.base_dir or Path.cwd())
    wanted = cited.removeprefix("./")
    return any(item.source == wanted or item.source.endswith(f"/{wanted}") for item in items if not item.problem)


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold().strip(" .")
