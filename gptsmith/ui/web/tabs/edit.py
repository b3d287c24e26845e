"""The YAML tab: the whole file as text, its problems at their lines."""

from __future__ import annotations

import streamlit as st

from gptsmith.errors import Diagnostic, GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import review
from gptsmith.ui.web.state.bench import Bench, Sheet, text_diff
from gptsmith.ui.web.tabs.tab import Tab


def draw(bench: Bench, sheet: Sheet) -> None:
    """Draw the editor, or the text where it cannot be changed."""
    if sheet.read_only:
        st.code(sheet.text, language="yaml", line_numbers=True, wrap_lines=True)
        return
    # What the person started from: saving is refused when the file is no longer that.
    field, seen = f"yaml-{bench.id}", f"yaml-seen-{bench.id}"
    started: Sheet = session.value(seen, sheet)
    text = str(session.value(f"{seen}-text", sheet.text))
    if text == started.text and started.digest != sheet.digest:
        started, text = sheet, sheet.text
        session.put(field, text)
    session.put(seen, started)
    session.put_first(field, text)
    _offer(bench, sheet, field)
    if started.digest != sheet.digest:
        _changed_elsewhere(bench, sheet, text)
    text = str(session.value(field))
    problems = bench.check(text)
    _buttons(bench, started, text, [p for p in problems if p.severity == "error"])
    args = (bench, field)
    st.text_area("The file", key=field, height=560, label_visibility="collapsed", on_change=_typed, args=args)
    review.draw(problems + bench.without_effect(text), text)


def _buttons(bench: Bench, started: Sheet, text: str, errors: list[Diagnostic]) -> None:
    changed = text != started.text
    state = ":orange[Changes not saved]" if changed else "Everything is saved"
    if errors:  # the errors themselves stand below the text, often out of sight
        state = f":red[{review.summary(errors)}]"
    with st.container(horizontal=True, vertical_alignment="center", key="bar-yaml", gap="small"):
        st.markdown(state, width="stretch")
        st.button("Drop", key="revert", type="tertiary", disabled=not changed, on_click=_drop, args=(bench,))
        if st.button("Changes", key="show-diff", type="tertiary", disabled=not changed):
            _show(text_diff(started.text, text))
        save = (bench, started)
        idle = bool(errors) or not changed
        st.button("Save", type="primary", key="save", disabled=idle, on_click=_save, args=save)


@st.dialog("What changed", width="large")
def _show(diff: str) -> None:
    review.diff(diff)


def _typed(bench: Bench, field: str) -> None:
    """Keep what was typed, in this tab and in the state folder."""
    text, seen = str(session.value(field)), f"yaml-seen-{bench.id}"
    started: Sheet = session.value(seen)
    session.put(f"{seen}-text", text)
    if text == started.text:
        bench.unsaved.drop("yaml", session.token())
    else:
        bench.unsaved.keep("yaml", session.token(), text, started.digest)


def _offer(bench: Bench, sheet: Sheet, field: str) -> None:
    """Offer what was typed before a reload or a crash."""
    if str(session.value(field)) != sheet.text:
        return
    for copy in bench.unsaved.others("yaml", session.token())[:1]:
        if copy.text == sheet.text:
            bench.unsaved.drop("yaml", copy.token)
            continue
        with st.container(border=True, key="offer-yaml"):
            meanwhile = " The file has changed since." if copy.base != sheet.digest else ""
            st.markdown(f":material/history: **A text from {copy.clock} was not saved.**{meanwhile}")
            with st.container(horizontal=True):
                resume = (bench, field, copy.token, copy.text)
                st.button("Go on with it", key="resume-yaml", on_click=_resume, args=resume)
                if st.button("Show what it changes", key="show-offer"):
                    _show(text_diff(sheet.text, copy.text))
                drop = (bench, copy.token)
                st.button("Drop it", key="forget-yaml", type="tertiary", on_click=_forget, args=drop)


def _resume(bench: Bench, field: str, token: str, text: str) -> None:
    session.put(field, text)
    _typed(bench, field)
    bench.unsaved.drop("yaml", token)


def _forget(bench: Bench, token: str) -> None:
    bench.unsaved.drop("yaml", token)


def _changed_elsewhere(bench: Bench, sheet: Sheet, text: str) -> None:
    with st.container(border=True, key="elsewhere-yaml"):
        st.markdown(":material/sync_problem: **This assistant was changed in another window or program.**")
        st.caption("Your text is not saved over it. Look at both, then take one.")
        with st.container(horizontal=True):
            st.button("Take the other's version", key="take", on_click=_drop, args=(bench,))
            if st.button("Show the differences", key="compare"):
                _show(text_diff(sheet.text, text))
            mine = (bench, sheet)
            st.button("Keep my text", key="keep-mine", type="tertiary", on_click=_keep_mine, args=mine)


def _keep_mine(bench: Bench, sheet: Sheet) -> None:
    """Go on with this text, now knowing the other: saving it replaces that, and both stay in the versions."""
    session.put(f"yaml-seen-{bench.id}", sheet)
    _typed(bench, f"yaml-{bench.id}")


def _drop(bench: Bench) -> None:
    field, seen = f"yaml-{bench.id}", f"yaml-seen-{bench.id}"
    session.forget(field, seen, f"{seen}-text")
    bench.unsaved.drop("yaml", session.token())


def _save(bench: Bench, started: Sheet) -> None:
    field, seen = f"yaml-{bench.id}", f"yaml-seen-{bench.id}"
    try:
        saved = bench.save_text(str(session.value(field)), started.digest)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.put(seen, saved)
    session.forget(f"{seen}-text")
    bench.unsaved.drop("yaml", session.token())
    session.say("Saved.")


TAB = Tab("YAML", 30, lambda _desk, bench, sheet: draw(bench, sheet), mends=True)
