"""The assistant that is to be changed, as readers of commands see it, and what they find."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from gptsmith.assistants.change_request import ChangeRequest
from gptsmith.assistants.changes import ProposedChange
from gptsmith.assistants.draft import Missing
from gptsmith.assistants.reader import read


@dataclass(frozen=True)
class Subject:
    """The spec's data with its instructions; `files` are attached, `offered` the tool types with their summaries."""

    data: dict[str, Any]
    instructions: str
    files: tuple[str, ...] = ()
    offered: dict[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()
    recent: dict[str, int] = field(default_factory=dict)  # what the command before was about
    touched: list[tuple[int, int]] = field(default_factory=list)  # spans of the instructions that change

    @property
    def starters(self) -> list[str]:
        """Return what the starters say, titles included."""
        return [
            f"{s.get('title', '')} {s.get('text', '')}" if isinstance(s, dict) else str(s)
            for s in _list(self.data, "conversation_starters")
        ]

    @property
    def tools(self) -> list[dict[str, Any]]:
        """Return the tools as they are written."""
        return [tool for tool in _list(self.data, "tools") if isinstance(tool, dict)]

    @property
    def knowledge(self) -> list[dict[str, Any]]:
        """Return the knowledge sources as they are written."""
        return [source for source in _list(self.data, "knowledge") if isinstance(source, dict)]

    @property
    def tests(self) -> list[dict[str, Any]]:
        """Return the tests as they are written."""
        return [test for test in _list(self.data, "tests") if isinstance(test, dict)]

    @property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Return the variables, an empty one as an empty object."""
        table = self.data.get("variables")
        return {str(k): v if isinstance(v, dict) else {} for k, v in table.items()} if isinstance(table, dict) else {}

    @property
    def model(self) -> dict[str, Any]:
        """Return the model in its long form; empty when the spec names none."""
        model = self.data.get("model")
        if isinstance(model, str):
            provider, _, name = model.partition(":")
            return {"provider": provider, "name": name} if name else {"provider": provider}
        return model if isinstance(model, dict) else {}


@dataclass
class Found:
    """What a reader made of one command; all empty: the command is its own, and nothing is to be done."""

    changes: list[ProposedChange] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    reply: str = ""
    question: str = ""
    unclear: bool = False  # it is no command that can be carried out here; `reply` may say why


def subject_of(request: ChangeRequest) -> Subject:
    """Return the subject of a request; a spec that cannot be read is an empty one."""
    data = read(request.spec).data
    data = data if isinstance(data, dict) else {}
    told = data.get("instructions")
    return Subject(
        data,
        request.instructions.replace("\r\n", "\n") or (told if isinstance(told, str) else ""),
        tuple(request.files),
        dict(request.tools),
        tuple(request.rules),
        tuple(request.locked),
    )


def put(path: str, value: Any, words: str) -> ProposedChange:
    """Return the change that gives a field a value."""
    return ProposedChange(op="set", path=path, value=value, words=words)


def add(path: str, value: Any, words: str) -> ProposedChange:
    """Return the change that adds an item to a list."""
    return ProposedChange(op="add", path=path, value=value, words=words)


def drop(path: str, words: str) -> ProposedChange:
    """Return the change that removes a field or an item."""
    return ProposedChange(op="remove", path=path, words=words)


def whole_of(path: str, many: int) -> str:
    """Return the path of an item, or of its list of `many` when it is the only one in there."""
    return path.split("[")[0] if many == 1 else path


def retell(old: str, new: str, words: str, path: str = "instructions") -> ProposedChange:
    """Return the change of words inside a text."""
    return ProposedChange(op="replace_text", path=path, old=old, new=new, words=words)


def sentence(words: str) -> str:
    """Return the person's words as a sentence: a capital letter, a full stop, nothing else changed."""
    said = " ".join(words.split()).strip(" ,;")
    said = said[:1].upper() + said[1:]
    return said if re.search(r"[.!?…:\"”»)。！？]$", said) else f"{said}."


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []
