"""The form's work: the data of a spec as the person has changed it so far, and the file that it was made from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from gptsmith.assistants.files.spec_files import mentions, with_name
from gptsmith.assistants.format.problems import KeyPath
from gptsmith.ui.web.state import form
from gptsmith.ui.web.state.bench import Bench, Sheet
from gptsmith.ui.web.state.form import Field
from gptsmith.ui.web.state.unsaved import Copy

# What a new item of each list begins with.
_NEW: dict[str, Any] = {
    "conversation_starters": "",
    "guardrails": {"type": "pii"},
}


@dataclass(frozen=True)
class Work:
    """`made` is the file as it was read, `data` what it is to say; `turn` counts what the widgets must forget."""

    made: Sheet
    data: dict[str, Any]
    turn: int = 0

    @property
    def changed(self) -> bool:
        """Say whether anything is not saved."""
        return self.data != self.made.data

    def told(self, field: Field, given: Any) -> Work:
        """Return the work after the person gave a field what its widget holds."""
        if field.kind == "model":
            return replace(self, data=form.put_model(self.data, str(given or "").strip()))
        value = _read(field, given)
        # The default needs no line in the file, unless it stood there already.
        if value == field.default and form.at(self.made.data, field.path) is None:
            value = None
        if value is None and isinstance(field.path[-1], int):
            value = ""
        return replace(self, data=form.put_value(self.data, field.path, value))

    def add(self, name: str, item: Any = None) -> Work:
        """Return the work with one more item in the list `name`, or one more variable."""
        if name == "variables":
            return replace(self, data=form.put_value(self.data, ("variables", str(item)), {"description": ""}))
        number = len(self.data.get(name) or [])
        new = item if item is not None else _NEW[name]
        return replace(self, data=form.put_value(self.data, (name, number), new))

    def remove(self, path: KeyPath) -> Work:
        """Return the work without the item at `path`; the widgets behind it are made anew."""
        data = form.put_value(self.data, path, None)
        outer = path[:-1]
        if form.at(data, outer) in ([], {}):
            data = form.put_value(data, outer, None)
        return replace(self, data=data, turn=self.turn + 1)

    def add_files(self, paths: list[str]) -> Work:
        """Return the work with files to answer from: in the first source, or a new one."""
        sources = self.data.get("knowledge") or []
        if not sources:
            return replace(self.add("knowledge", {"name": "files", "paths": paths}), turn=self.turn + 1)
        known = [*(sources[0].get("paths") or [])]
        fresh = [path for path in paths if path not in known]
        data = form.put_value(self.data, ("knowledge", 0, "paths"), known + fresh)
        return replace(self, data=data, turn=self.turn + 1)

    def finished(self) -> dict[str, Any]:
        """Return the data to write: without items that were added and left empty, with a new name wherever it stood."""
        data = self._renamed()
        starters = data.get("conversation_starters")
        if not starters or "" not in starters:
            return data
        kept = [starter for starter in starters if starter != ""]
        return form.put_value(data, ("conversation_starters",), kept or None)

    def _renamed(self) -> dict[str, Any]:
        """Return the data with a new name wherever the file said the old one, but in what the person changed too."""
        data, old, new = self.data, self.made.data.get("name"), self.data.get("name")
        if not isinstance(old, str) or not isinstance(new, str) or not new or old == new:
            return data
        for path, spans in mentions(data, old):
            if form.at(self.made.data, path) == (text := form.at(data, path)):
                data = form.put_value(data, path, with_name(text, spans, new))
        return data


def begin(sheet: Sheet, turn: int = 0) -> Work:
    """Return the work on a file as it is."""
    return Work(sheet, sheet.data, turn)


def resume(copy: Copy, bench: Bench, sheet: Sheet) -> Work | None:
    """Return the work that a copy left, brought onto the file as it is now; None when it does not fit any more."""
    kept = json.loads(copy.text)
    if copy.base == sheet.digest:
        return Work(sheet, kept["data"])
    data = bench.rebase(kept["made"], kept["data"], sheet)
    return None if data is None else Work(sheet, data)


def keep(work: Work, bench: Bench, token: str) -> None:
    """Write down what is not saved; forget it when nothing is left."""
    if work.changed:
        kept = {"made": work.made.data, "data": work.data}
        bench.unsaved.keep("form", token, json.dumps(kept, ensure_ascii=False), work.made.digest)
    else:
        bench.unsaved.drop("form", token)


def rebased(work: Work, bench: Bench, sheet: Sheet) -> Work | None:
    """Return the work brought onto a file that was changed meanwhile; None when the changes clash."""
    data = bench.rebase(work.made.data, work.data, sheet)
    return None if data is None else Work(sheet, data, work.turn + 1)


def _read(field: Field, given: Any) -> Any:
    """Return what the file says for what a widget holds; None for nothing."""
    if field.kind in ("whole", "number"):
        return form.read_number(given, field.kind)
    if field.kind == "switch":
        return bool(given)
    if field.kind == "lines":
        return form.lines_of(str(given or ""))
    if field.kind == "pairs":
        return form.pairs_of(str(given or ""))
    if field.kind == "choices":
        return list(given) if given else None
    text = str(given or "")
    if not text.strip():
        return "" if field.required else None
    return text


def shown_value(field: Field) -> Any:
    """Return what the widget of a field shows at first."""
    value = field.value
    if field.kind == "switch":
        return bool(field.default if value is None else value) if not isinstance(value, dict) else True
    if field.kind in ("whole", "number"):
        if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return int(value) if field.kind == "whole" else float(value)
    if field.kind == "lines":
        return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value or "")
    if field.kind == "pairs":
        return "\n".join(f"{key}: {item}" for key, item in value.items()) if isinstance(value, dict) else ""
    if field.kind == "choice":
        return value if value in field.choices else None
    if field.kind == "choices":
        stated = value if isinstance(value, list) else field.default or []
        return [item for item in stated if item in field.choices]
    return str(value or "")
