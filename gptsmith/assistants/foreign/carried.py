"""A foreign assistant on its way: the spec that it becomes, the files beside it, and what could not be carried over."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gptsmith.assistants.files.library import SUFFIX, Library, find_library
from gptsmith.assistants.format.loader import MAX_INSTRUCTIONS, load_text, slug
from gptsmith.assistants.format.writer import write_new
from gptsmith.state import atomic_write

FILES = "./FILES/"
"""How a spec names its own folder of files, until its id is settled."""

_VARIABLE = re.compile(r"\{\{(?=\s*[a-z][a-z0-9_]*\s*\}\})")
_ORDER = ("schema", "id", "name", "description", "version", "avatar", "instructions", "variables", "welcome_message",
          "conversation_starters", "disclaimer", "knowledge", "tools", "skills", "metadata")  # fmt: skip


class Left(BaseModel):
    """A part that was not carried over: `what` it is called there, and `why`."""

    what: str
    why: str


class Source:
    """The data of a foreign assistant, which knows what was not looked at: nothing is dropped without a word."""

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self._data, self._path = dict(data), path
        self._seen: set[str] = set()

    def take(self, *names: str) -> Any:
        """Return the value of the first of these names that has one, None when none has; all of them are seen."""
        self._seen.update(names)
        return next((self._data[name] for name in names if self._data.get(name) not in (None, "", [], {})), None)

    def text(self, *names: str) -> str:
        """As `take`, for a text; anything else counts as none."""
        value = self.take(*names)
        return value.strip() if isinstance(value, str) else ""

    def many(self, *names: str) -> list[Any]:
        """As `take`, for a list; anything else is left for `rest`."""
        value = self.take(*names)
        if value is not None and not isinstance(value, list):
            self._seen.difference_update(names)
        return value if isinstance(value, list) else []

    def texts(self, *names: str) -> list[str]:
        """As `take`, for a list of texts."""
        value = self.take(*names)
        return [one.strip() for one in value if isinstance(one, str) and one.strip()] if isinstance(value, list) else []

    def inner(self, name: str) -> Source:
        """Return the data below a name, empty when there is none."""
        value = self.take(name)
        return Source(value if isinstance(value, dict) else {}, f"{self._path}{name}.")

    def rest(self) -> list[str]:
        """Return the names, with the way to them, that have a value and that nobody took."""
        unseen = [name for name, value in self._data.items() if name not in self._seen]
        return [f"{self._path}{name}"[:120] for name in unseen if self._data[name] not in (None, "", [], {}, False)]


@dataclass
class Foreign:
    """One assistant of another program: `spec` in our terms without schema and id, `files` beside it by name."""

    format: str
    spec: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def leave(self, what: str, why: str) -> None:
        """Note that a part was not carried over."""
        self.left.append(Left(what=what[:200], why=why))

    def leave_rest(self, source: Source, service: frozenset[str] = frozenset()) -> None:
        """Note every part that nobody took; `service` are names of what only the other program has a use for."""
        for what in source.rest():
            own = what.rpartition(".")[2] in service
            self.leave(what, "only that program has a use for it" if own else "there is nothing like it here")

    def leave_model(self, name: Any, settings: Any = None) -> None:
        """Note the model that answered there: here it would need a key, or may not exist."""
        if isinstance(name, str) and name:
            self.leave(f"model {name}", "the default model answers; name this one under model: to use it")
        if isinstance(settings, dict):
            for setting, value in settings.items():
                if value not in (None, "", [], {}):
                    self.leave(f"{setting}: {str(value)[:60]}", "it belongs to the model of there")

    def describe(self, name: str, description: str, instructions: str) -> None:
        """Set the three texts that every spec has, each within its bounds."""
        self.put("name", " ".join(name.split()) or "Assistant", 80)
        short = description or f"{self.spec['name']}, brought over from {self.format}."
        self.put("description", " ".join(short.split()), 1000)
        self.put("instructions", escaped(instructions.strip()) or f"You are {self.spec['name']}.", MAX_INSTRUCTIONS)

    def put(self, name: str, text: str, longest: int) -> None:
        """Set a text; one that is too long is cut, and that is noted."""
        if len(text) > longest:
            self.leave(f"{name} beyond {longest:,} characters", f"it has {len(text):,}; the rest is cut off")
            text = text[: longest - 1].rstrip() + "…"
        if text:
            self.spec[name] = text

    def start_with(self, starters: list[Any]) -> None:
        """Set the conversation starters: texts, or objects with a title and a text."""
        found: list[Any] = []
        for one in starters:
            title = one.get("title") if isinstance(one, dict) else None
            text = one.get("text") or one.get("content") or title if isinstance(one, dict) else one
            if not isinstance(text, str) or not text.strip():
                continue
            if len(found) == 12:
                self.leave(f"starter: {text[:60]}", "an assistant has at most 12")
                continue
            if len(text.strip()) > 300:
                self.leave(f"starter: {text[:60]}…", "cut: it may have 300 characters")
            text = escaped(text.strip()[:300])[:300]
            head = title.strip()[:300] if isinstance(title, str) and title.strip() and title.strip() != text else ""
            found.append({"title": head, "text": text} if head else text)
        if found:
            self.spec["conversation_starters"] = found

    def add_tool(self, tool: dict[str, Any]) -> None:
        """Add a tool, once of each name."""
        tools = self.spec.setdefault("tools", [])
        name = tool.get("name", tool["type"])
        if all(other.get("name", other["type"]) != name for other in tools):
            tools.append(tool)

    @property
    def id(self) -> str:
        """The id that its name asks for."""
        return slug(str(self.spec.get("name", "assistant")))

    def text(self, id: str) -> str:
        """Return the spec as YAML under an id.

        Raises:
            UsageError: it cannot be written.
        """
        own = {"schema": "assistant/v1", "id": id, **_named(self.spec, f"./{id}.files/")}
        return write_new({name: own[name] for name in _ORDER if name in own})

    def check(self) -> None:
        """Look whether the spec is one, with its files, without leaving anything.

        Raises:
            SpecError: it is not; every problem at once.
        """
        with tempfile.TemporaryDirectory(prefix="gptsmith-") as folder:
            self._write_files(Path(folder) / f"{self.id}.files")
            load_text(self.text(self.id), folder)

    def save(self, library: Library | None = None) -> Path:
        """Write the spec and its files into a library (default: the one in use) and return the spec's path.

        Raises:
            SpecError: it is no valid spec; nothing is written.
        """
        self.check()
        with (library or find_library()).free_place(self.id) as path:
            id = path.name.removesuffix(SUFFIX)
            self._write_files(path.with_name(f"{id}.files"))
            atomic_write(path, self.text(id))
        return path

    def _write_files(self, folder: Path) -> None:
        for name, data in self.files.items():
            atomic_write(folder / name, data)


def escaped(text: str) -> str:
    """Return a text in which nothing is a variable of ours."""
    return _VARIABLE.sub("{{{{", text)


def _named(value: Any, place: str) -> Any:
    if isinstance(value, str):
        return place + value[len(FILES) :] if value.startswith(FILES) else value
    if isinstance(value, dict):
        return {name: _named(item, place) for name, item in value.items()}
    return [_named(item, place) for item in value] if isinstance(value, list) else value
