"""The Tests tab: the tests that stand in the spec, what they said before and say now, and a new one."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state import test_runs
from gptsmith.ui.web.state.bench import Bench, Sheet
from gptsmith.ui.web.state.test_runs import SpecTestOutcome, SpecTestRun, TestRuns
from gptsmith.ui.web.tabs.tab import Tab

_TICK_SECONDS = 0.2
_EXPECTED = {
    "contains": "The answer holds",
    "not_contains": "The answer must not hold",
    "cites": "It cites",
    "calls": "It calls",
    "not_calls": "It must not call",
}


def draw(bench: Bench, sheet: Sheet) -> None:
    """Draw the tab."""
    tests = [t for t in sheet.data.get("tests") or [] if isinstance(t, dict)]
    runs = bench.runs()
    now, before = runs.of(sheet.digest), runs.before(sheet.digest)
    _bar(bench, sheet, tests, now)
    if now and now.error:
        st.error(markdown.plain(now.error), icon=":material/error:")
    if not tests:
        st.info("There are no tests yet. A test asks one question and says what the answer has to show.")
    for number, test in enumerate(tests):
        _test(bench, sheet, number, test, now, before)
    if not sheet.read_only:
        _new(bench, sheet)
    if runs.running:
        _wait(runs)


def _bar(bench: Bench, sheet: Sheet, tests: list[dict[str, Any]], now: SpecTestRun | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bar-tests", gap="small"):
        st.markdown(_summary(tests, now), width="stretch")
        busy = bench.runs().running
        idle = busy or not tests or not sheet.valid
        label = "Running" if busy else "Run the tests"
        start = (sheet.digest,)
        icon = ":material/play_arrow:"
        run = bench.runs().start
        st.button(label, key="run-tests", icon=icon, type="primary", disabled=idle, on_click=run, args=start)


def _summary(tests: list[dict[str, Any]], now: SpecTestRun | None) -> str:
    many = "1 test" if len(tests) == 1 else f"{len(tests)} tests"
    if not now or not now.results:
        return f"{many}, not run on the file as it is"
    passed = sum(now.results[name].passed for name in (str(t.get("name")) for t in tests) if name in now.results)
    return f"{passed} of {many} passed"


def _test(
    bench: Bench, sheet: Sheet, number: int, test: dict[str, Any], now: SpecTestRun | None, before: SpecTestRun | None
) -> None:
    name = str(test.get("name", ""))
    result, earlier = (run.results.get(name) if run else None for run in (now, before))
    with st.container(border=True, key=f"test-{bench.id}-{number}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{_badge(result, earlier)} **{markdown.line(name)}**", width="stretch")
            if not sheet.read_only:
                remove = (bench, sheet, number)
                # The label is there for screen readers; the style sheet shows the icon alone.
                label, icon = f"Remove {markdown.line(name)}", ":material/delete:"
                key = f"bare-test-{number}"
                st.button(label, key=key, icon=icon, type="tertiary", help="Remove", on_click=_remove, args=remove)
        st.markdown(f"Asked: “{markdown.line(str(test.get('message', '')))}”")
        expect = test.get("expect")
        st.caption(f"Expected: {markdown.line(expected(expect))}")
        if result:
            for failure in result.failures:
                st.markdown(f":red[:material/close:] {markdown.line(failed(failure, expect))}")
            with st.expander("The answer", key=f"answer-{bench.id}-{number}", type="compact"):
                st.markdown(markdown.safe(result.answer) or "There was none.")


def _badge(result: SpecTestOutcome | None, earlier: SpecTestOutcome | None) -> str:
    """Say what a test says now, and before the last change where that was otherwise."""
    if result is None:
        return ":gray-badge[not run]"
    now = ":green-badge[passes]" if result.passed else ":red-badge[fails]"
    if earlier is None or earlier.passed == result.passed:
        return now
    return f"{now} :gray-badge[{'passed' if earlier.passed else 'failed'} before]"


def expected(expect: Any) -> str:
    """Return what a test asks of the answer, in words."""
    given = expect if isinstance(expect, dict) else {}
    said = [f"{words}: {', '.join(map(str, given[key]))}" for key, words in _EXPECTED.items() if given.get(key)]
    said += [f"The answer {test_runs.in_words(str(given['matches']))}"] if given.get("matches") else []
    said += [f"Pictures: {given['images']}"] if given.get("images") is not None else []
    if given.get("says_unknown") is not None:
        said.append("It says that the files do not say" if given["says_unknown"] else "It does know")
    return " · ".join(said)


def failed(failure: str, expect: Any) -> str:
    """Return what did not hold in words."""
    pattern = str(expect.get("matches") or "") if isinstance(expect, dict) else ""
    if pattern and failure == f"does not match {pattern!r}":
        return f"Not met: the answer {test_runs.in_words(pattern)}"
    return f"The answer {failure}"


def _new(bench: Bench, sheet: Sheet) -> None:
    form = f"test-form-{bench.id}"
    with (
        st.expander("Add a test", icon=":material/add:", key=f"new-test-{bench.id}"),
        st.form(form, clear_on_submit=True, border=False),
    ):
        st.text_input("Name", key="test-name", max_chars=200, placeholder="Cites the guide")
        st.text_area("Message", key="test-message", height=80, placeholder="When was the lighthouse built?")
        left, right = st.columns(2)
        with left:
            st.text_area("The answer holds", key="test-contains", height=80, placeholder="One per line")
        with right:
            st.text_area("It must not hold", key="test-not", height=80, placeholder="One per line")
        st.checkbox("The files do not say, and the answer says so", key="test-unknown")
        st.form_submit_button("Add the test", on_click=_add, args=(bench, sheet))


def _add(bench: Bench, sheet: Sheet) -> None:
    lines = {key: str(session.value(f"test-{key}") or "") for key in ("name", "message", "contains", "not")}
    try:
        bench.add_test(
            sheet, lines["name"], lines["message"], lines["contains"], lines["not"], bool(session.value("test-unknown"))
        )
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("The test is in the file.")


def _remove(bench: Bench, sheet: Sheet, number: int) -> None:
    try:
        bench.remove_test(sheet, number)
    except GptsmithError as error:
        session.fail(str(error))
        return
    session.say("Removed. Versions has it still.")


def _wait(runs: TestRuns) -> None:
    with st.spinner("Asking each question in a conversation of its own", show_time=True):
        while runs.running:
            time.sleep(_TICK_SECONDS)
    st.rerun()


TAB = Tab("Tests", 40, lambda _desk, bench, sheet: draw(bench, sheet))
