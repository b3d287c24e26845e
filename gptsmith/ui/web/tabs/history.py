"""The Versions tab: every change of the file with its author, time and reason; compare, restore, name, undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown, review
from gptsmith.ui.web.state.bench import Bench, Sheet, Version
from gptsmith.ui.web.tabs.tab import Tab

_SHOWN = 30
_AUTHORS = {"person": "you", "builder": "the builder", "outside": "outside gptsmith"}


def draw(bench: Bench, sheet: Sheet) -> None:
    """Draw the tab."""
    try:
        versions = bench.versions()
    except GptsmithError as error:
        st.warning(markdown.plain(str(error)), icon=":material/warning:")
        return
    if not versions:
        why = "An example is never changed." if sheet.read_only else "The first change that you save begins the list."
        st.info(f"There are no versions yet. {why}", icon=":material/history:")
        return
    _bar(bench, versions)
    if len(versions) > 1:
        _compare(bench, versions)
    for version in versions[: session.value("versions-shown", _SHOWN)]:
        _version(bench, version, newest=version.number == versions[0].number)
    if len(versions) > session.value("versions-shown", _SHOWN):
        more = ("versions-shown", len(versions))
        st.button(f"Show all {len(versions)}", key="all-versions", type="tertiary", on_click=session.put, args=more)


def _bar(bench: Bench, versions: list[Version]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bar-versions", gap="small"):
        many = "1 version" if len(versions) == 1 else f"{len(versions)} versions"
        st.markdown(many, width="stretch")
        last = versions[0]
        st.button(
            "Undo the last change",
            key="undo",
            icon=":material/undo:",
            disabled=len(versions) < 2,
            help=last.reason[:200] or None,
            on_click=_do,
            args=(bench.undo, "Undone."),
        )


def _compare(bench: Bench, versions: list[Version]) -> None:
    with st.expander("Compare two versions", icon=":material/difference:", key=f"compare-{bench.id}"):
        numbers = [version.number for version in versions]
        titles = {version.number: _title(version) for version in versions}
        left, right = st.columns(2)
        with left:
            a = st.selectbox("From", numbers, index=1, format_func=titles.__getitem__, key=f"from-{bench.id}")
        with right:
            b = st.selectbox("To", numbers, index=0, format_func=titles.__getitem__, key=f"to-{bench.id}")
        text = bench.version_diff(a, b)
        if text:
            review.diff(text)
        else:
            st.caption("These two are the same.")


def _version(bench: Bench, version: Version, *, newest: bool) -> None:
    with st.container(border=True, key=f"version-{bench.id}-{version.number}", gap="small"):
        badge = f" :blue-badge[{markdown.line(version.name)}]" if version.name else ""
        now = " :green-badge[now]" if newest else ""
        st.markdown(f"**{version.number}**{now}{badge} · {markdown.line(version.reason) or 'no reason given'}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(
                f"{clock(version.at)} · {_AUTHORS.get(version.author, markdown.line(version.author))}", width="stretch"
            )
            with st.popover("Name", type="tertiary", key=f"naming-{bench.id}-{version.number}-{version.name}"):
                field = f"version-name-{bench.id}-{version.number}"
                session.put_first(field, version.name)
                st.text_input("Name of this version", key=field, max_chars=80)
                name = (bench, version.number, field)
                st.button("Give it this name", key=f"name-{version.number}", on_click=_name, args=name)
            if not newest:
                restore = (bench.restore, f"Version {version.number} is back.", version.number)
                st.button("Restore", key=f"restore-{version.number}", type="tertiary", on_click=_do, args=restore)


def _title(version: Version) -> str:
    said = version.name or version.reason
    return f"{version.number} · {said[:50]}" if said else str(version.number)


def clock(at: str) -> str:
    """Return a moment in UTC, in ISO form, as the person's clock and calendar say it."""
    try:
        moment = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return at
    today = moment.date() == datetime.now().astimezone().date()
    return moment.strftime("%H:%M" if today else "%d %B %Y, %H:%M")


def _name(bench: Bench, number: int, field: str) -> None:
    _do(bench.name_version, "Named.", number, str(session.value(field)))


def _do(what: Callable[..., Any], said: str, *args: Any) -> None:
    try:
        what(*args)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say(said)


TAB = Tab("Versions", 50, lambda _desk, bench, sheet: draw(bench, sheet))
