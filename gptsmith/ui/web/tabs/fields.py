"""The widgets of the form's fields, one kind of widget for each kind of field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state import form, work
from gptsmith.ui.web.state.form import Field, KeyPath

if TYPE_CHECKING:
    from gptsmith.ui.web.tabs.configure import Form

_WIDE = ("text", "lines", "pairs", "choices")


def draw_fields(mine: Form, path: KeyPath, *, first: tuple[str, ...], data: dict[str, Any] | None = None) -> None:
    """Draw the fields of the object at `path`: those named first at once, the others behind "More settings"."""
    found = form.fields(data if data is not None else mine.work.data, path)
    here = [f for name in first for f in found if f.path[len(path)] == name]
    _grid(mine, here)
    rest = [f for f in found if f not in here]
    if rest:
        name = "-".join(str(part) for part in path)
        with st.expander("More settings", key=f"more-{mine.bench.id}-{mine.work.turn}-{name}", type="compact"):
            _grid(mine, rest)


def _grid(mine: Form, found: list[Field]) -> None:
    """Draw short fields two beside each other, long ones over the whole width."""
    waiting: list[Field] = []
    for one in found:
        if one.kind in _WIDE:
            _row(mine, waiting)
            waiting = []
            draw_field(mine, one)
        else:
            waiting.append(one)
            if len(waiting) == 2:
                _row(mine, waiting)
                waiting = []
    _row(mine, waiting)


def _row(mine: Form, waiting: list[Field]) -> None:
    if waiting:
        for column, one in zip(st.columns(2, vertical_alignment="bottom"), waiting, strict=False):
            with column:
                draw_field(mine, one)


def draw_field(mine: Form, field: Field, *, height: int | None = None, quiet: bool = False) -> None:
    """Draw one field; what the person changes goes into the form's work at once."""
    key = mine.key(field)
    session.put_first(key, work.shown_value(field))
    common: dict[str, Any] = {
        "key": key,
        "help": field.help or None,
        "on_change": mine.changed,
        "args": (field, key),
        "label_visibility": "collapsed" if quiet else "visible",
    }
    _WIDGETS[field.kind](markdown.line(field.label), field, common, height)


def _line(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    st.text_input(label, max_chars=field.longest, placeholder=_placeholder(field), **common)


def _text(label: str, field: Field, common: dict[str, Any], height: int | None) -> None:
    st.text_area(label, max_chars=field.longest, height=height or 90, placeholder=_placeholder(field), **common)


def _lines(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    rows = min(8, max(2, len(field.value or [])))
    st.text_area(label, placeholder="One per line", height=30 + 26 * rows, **common)


def _pairs(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    del field
    st.text_area(label, placeholder="Name: value, one per line", height=90, **common)


def _number(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    whole = field.kind == "whole"
    bound = int if whole else float
    st.number_input(
        label,
        min_value=None if field.least is None else bound(field.least),
        max_value=None if field.most is None else bound(field.most),
        value=None,
        step=1 if whole else 0.1,
        placeholder=_placeholder(field),
        **common,
    )


def _switch(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    del field
    st.toggle(label, **common)


def _choice(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    st.selectbox(label, field.choices, index=None, placeholder=_placeholder(field), **common)


def _choices(label: str, field: Field, common: dict[str, Any], _height: int | None) -> None:
    st.pills(label, field.choices, selection_mode="multi", format_func=form.field_label, **common)


def _model(label: str, _field: Field, common: dict[str, Any], _height: int | None) -> None:
    st.text_input(label, placeholder="The default model; or for example ollama:qwen3:8b", **common)


def _placeholder(field: Field) -> str | None:
    if field.default in (None, "", [], {}):
        return None
    return f"{field.default}"


_WIDGETS = {
    "line": _line,
    "text": _text,
    "lines": _lines,
    "pairs": _pairs,
    "number": _number,
    "whole": _number,
    "switch": _switch,
    "choice": _choice,
    "choices": _choices,
    "model": _model,
}
