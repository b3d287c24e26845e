"""The fields of a PDF page: what a person filled in, each with the words that stand beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Filled:
    """A field with a value: the line that says it, and the words of the page that name it, if any do."""

    line: str
    label: str = ""


Place = tuple[float, float, str]  # where a piece of text begins, and the piece

_NEAR = 14.0  # points between the base lines of a field and of its label
_ABOVE = 30.0  # points above a field in which its label may stand
_MACHINE = re.compile(
    r"[\W_]*(?:(?:text|check|radio|combo|list|form|field|box|button|group|untitled|undefined|fill)[\W_]*)*\d*[\W_]*",
    re.IGNORECASE,
)
_BUTTON, _RADIO, _PUSH = "/Btn", 1 << 15, 1 << 16
_PASSWORD = 1 << 13


def filled_in(page: Any, places: Sequence[Place]) -> list[Filled]:
    """Return the fields of the page that have a value, in reading order, each as a line: "- Surname: Okonkwo"."""
    found: list[tuple[float, float, Filled]] = []
    for annotation in page.get("/Annots") or []:
        widget = annotation.get_object()
        if widget.get("/Subtype") == "/Widget" and (filled := _filled(widget, places)):
            x, y = _corner(widget)[:2]
            found.append((-round(y / 4), x, filled))
        elif widget.get("/Subtype") == "/FreeText" and str(widget.get("/Contents", "")).strip():
            x, y = _corner(widget)[:2]
            found.append((-round(y / 4), x, Filled(" ".join(str(widget["/Contents"]).split()))))
    return list(dict.fromkeys(filled for _, _, filled in sorted(found, key=lambda one: one[:2])))


def without_labels(text: str, filled: Sequence[Filled]) -> str:
    """Return a page's text without the lines that only name a field: the field's own line says it, with the value."""
    labels = Counter(field.label for field in filled if field.label)
    kept = []
    for line in text.split("\n"):
        bare = _bare(line)
        if labels[bare]:
            labels[bare] -= 1
        else:
            kept.append(line)
    return "\n".join(kept).strip()


def _filled(widget: Any, places: Sequence[Place]) -> Filled | None:
    kind, flags = _inherited(widget, "/FT"), int(_inherited(widget, "/Ff") or 0)
    if kind == _BUTTON:
        if flags & _PUSH:
            return None
        on = str(widget.get("/AS", "/Off")) not in ("/Off", "")
        if flags & _RADIO:
            label = _label(widget, places, right=True)
            choice = label or str(widget.get("/AS", "")).strip("/")
            return Filled(f"- {_name(widget)}: {choice}", label) if on else None
        label = _label(widget, places, right=True)
        return Filled(f"- {label or _name(widget)}: {'yes' if on else 'no'}", label)
    value = "" if kind == "/Tx" and flags & _PASSWORD else _value(widget, _inherited(widget, "/V"))
    label = _label(widget, places, right=False)
    return Filled(f"- {label or _name(widget)}: {value}", label) if value else None


def _value(widget: Any, value: Any) -> str:
    """Return a field's value as it is shown: a choice by its words, several with commas."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if value is None:
        return ""
    if hasattr(value, "get_data"):  # a long text is a stream
        value = value.get_data().decode("utf-8", "replace")
    shown = {}
    for option in _inherited(widget, "/Opt") or []:
        option = option.get_object()
        if isinstance(option, list) and len(option) == 2:
            shown[str(option[0])] = str(option[1])
    values = value if isinstance(value, list) else [value]
    texts = [shown.get(str(one), str(one)) for one in values]
    return ", ".join(" ".join(text.split()) for text in texts if text.strip())


def _inherited(widget: Any, key: str) -> Any:
    """Return what a field or one of its parents says."""
    for _ in range(20):
        if key in widget:
            return widget[key]
        if "/Parent" not in widget:
            return None
        widget = widget["/Parent"].get_object()
    return None


def _name(widget: Any) -> str:
    said = str(_inherited(widget, "/TU") or _inherited(widget, "/T") or "field")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_+|\.", " ", said)
    return " ".join(spaced.split())


def _label(widget: Any, places: Sequence[Place], *, right: bool) -> str:
    """Return the words beside a field: to its left or above it, of a check box to its right; empty without any."""
    left, low, end, high = _corner(widget)
    level = [p for p in places if low - _NEAR / 2 <= p[1] <= max(high, low + _NEAR) and not _MACHINE.fullmatch(p[2])]
    if right:
        after = min((p for p in level if end - 2 <= p[0] <= end + 60), default=None)
        return _bare(after[2]) if after else ""
    before = max((p for p in level if p[0] < left), default=None)
    if before:
        return _bare(before[2])
    above = [
        p for p in places if high <= p[1] <= high + _ABOVE and abs(p[0] - left) < 60 and not _MACHINE.fullmatch(p[2])
    ]
    return _bare(min(above, key=lambda p: p[1])[2]) if above else ""


def _bare(label: str) -> str:
    return " ".join(label.split()).rstrip(" :._…*")[-80:]


def _corner(widget: Any) -> tuple[float, float, float, float]:
    try:
        a, b, c, d = (float(n) for n in widget["/Rect"])
    except (KeyError, TypeError, ValueError):
        return 0.0, 0.0, 0.0, 0.0
    return min(a, c), min(b, d), max(a, c), max(b, d)
