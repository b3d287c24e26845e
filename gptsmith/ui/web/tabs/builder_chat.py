"""The Create tab: the conversation with the builder, whose changes are shown, accepted in whole or part, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import actions, markdown, message, review
from gptsmith.ui.web.state import uploads
from gptsmith.ui.web.state.bench import Bench
from gptsmith.ui.web.state.building import Building, WaitingChange
from gptsmith.ui.web.state.desk import Desk
from gptsmith.ui.web.tabs.tab import Tab

if TYPE_CHECKING:
    from gptsmith.ui.web.state.building import Told

BUILDER = ":material/construction:"
_INPUT = "tell"
_FROM_FILES = "Answer from these files."
_LOOK_SECONDS = 0.6
_SHOWN = 40
_HEIGHT = 460
_MARKS = {"applied": ":green[:material/check:] ", "refused": ":gray[:material/close:] "}
_EXAMPLES = (
    "Answer in at most three sentences.",
    "Add three conversation starters.",
    "Never guess: say so when you do not know.",
)


def draw(desk: Desk, bench: Bench) -> None:
    """Draw the conversation about the file, with the change that waits for a decision."""
    building = desk.buildings.of(bench.path)
    _bar(desk, bench, building)
    frame = st.container(height=_HEIGHT, border=False, key="builder-frame", autoscroll=True)
    with frame:
        # Each part has a place of its own, emptied at once: what is no longer true must not stand there meanwhile.
        beginning, said = st.empty(), st.container()
        if building is None or not (building.messages or building.asked):
            with beginning.container():
                _beginning(desk, bench)
        if building is not None:
            with said:
                _messages(building)
            if building.busy:
                _follow(building)
        actions.draw(_INPUT, _FROM_FILES, lambda text, files: _say(desk, bench, text, files))
    _input(desk, bench, building)


def _bar(desk: Desk, bench: Bench, building: Building | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="bar-create", gap="small"):
        st.markdown("Say what to change", width="stretch")
        none = building is None or bool(building.asked)
        undo, icon = (building,), ":material/undo:"
        st.button("Undo", key="undo-built", icon=icon, type="tertiary", disabled=none, on_click=_undo, args=undo)
        anew, icon = (desk, bench), ":material/restart_alt:"
        st.button("Start over", key="anew", icon=icon, type="tertiary", disabled=none, on_click=_anew, args=anew)


def _beginning(desk: Desk, bench: Bench) -> None:
    with st.chat_message("assistant", avatar=BUILDER):
        st.markdown(
            "What should be different? Say it in your own words, several things at once if you like. "
            "You see every change before it is written, and can take it back."
        )
        for number, example in enumerate(_EXAMPLES):
            say = (desk, bench, example)
            st.button(example, key=f"tell-example-{number}", on_click=_say, args=say)


def _messages(building: Building) -> None:
    """Draw what was said; the change that waits stands in the message that proposed it."""
    for note in building.notes:
        st.warning(markdown.plain(note), icon=":material/draft:")
    said = building.messages
    proposed = None if building.asked else building.proposed
    last = max((n for n, told in enumerate(said) if told.kind == "proposal"), default=-1) if proposed else -1
    for number, told in list(enumerate(said))[-_SHOWN:]:
        person = told.role == "person"
        after = said[number + 1] if number + 1 < len(said) else None
        # What was decided at once is said by the decision; the proposal need not say it too.
        decided = told.kind == "proposal" and after is not None and after.kind in ("applied", "refused") and after.words
        if decided and not told.text:
            continue
        with st.chat_message("user" if person else "assistant", avatar=message.USER if person else BUILDER):
            _said(building, number, told, proposed if number == last else None, brief=bool(decided))
    if building.asked and not (said and said[-1].role == "person" and said[-1].text == building.asked.strip()):
        with st.chat_message("user", avatar=message.USER):
            st.markdown(markdown.plain(building.asked))
    if building.problem:
        st.error(markdown.plain(building.problem), icon=":material/error:")


def _said(building: Building, number: int, told: Told, proposed: WaitingChange | None, *, brief: bool = False) -> None:
    if proposed:
        _proposal(building, proposed)
    elif told.words and not brief:
        mark = _MARKS.get(told.kind, "")
        st.markdown("\n".join(f"{n}. {mark}{markdown.line(words)}" for n, words in enumerate(told.words, 1)))
    if told.text:
        show = st.error if told.kind == "error" else st.markdown
        show(markdown.plain(told.text))
    if told.question and not brief:
        st.markdown(f"**{markdown.line(told.question)}**")
    for file in told.files:
        st.markdown(f":material/attach_file: {markdown.line(file)}")
    if told.kind == "applied" and told.diff:
        with st.expander("What changed in the file", key=f"applied-{building.id}-{number}", type="compact"):
            review.diff(told.diff)


def _proposal(building: Building, proposed: WaitingChange) -> None:
    """Draw the change that waits: its parts to tick, its lines, what it does to the tests, and the decision."""
    change = proposed.change
    risks = {risk.step: risk.question for risk in change.rules_at_risk}
    with st.container(border=True, key="proposal"):
        st.markdown("**Shall this be written?**")
        ticked = []
        for number, words in enumerate(change.words):
            key = f"step-{building.id}-{len(building.messages)}-{number}"
            session.put_first(key, number not in risks)
            if st.checkbox(markdown.line(words), key=key):
                ticked.append(number)
            if number in risks:
                st.markdown(f":orange[:material/gavel: {markdown.line(risks[number])} Tick it if it shall.]")
        _trial(proposed, whole=len(ticked) == len(change.words))
        with st.expander("The lines of the file", key=f"lines-{building.id}", type="compact"):
            _lines(proposed, ticked)
        _decision(building, ticked, len(change.words), waits=proposed.trying)


def _lines(proposed: WaitingChange, ticked: list[int]) -> None:
    try:
        text = proposed.change.diff_of(ticked) if ticked else ""
    except GptsmithError as error:
        st.warning(markdown.plain(str(error)), icon=":material/warning:")
        return
    if text:
        review.diff(text)
    else:
        st.caption("Nothing would change.")


def _trial(proposed: WaitingChange, *, whole: bool) -> None:
    """Say what the change does to the file's own tests; they were tried with all of it."""
    if proposed.trial is None:
        if proposed.trying:
            st.caption(":material/hourglass_top: Trying the tests of the file with this change and without it")
        return
    worse = proposed.trial.regressions
    for words in proposed.trial.words:
        st.markdown(f":material/science: {markdown.line(words)}")
    if not whole:
        st.caption("Tried with the whole change, not with the ticked part alone.")
    if worse:
        st.warning("A test that passes now would fail.", icon=":material/trending_down:")


def _decision(building: Building, ticked: list[int], count: int, *, waits: bool) -> None:
    label = "Accept" if len(ticked) == count else f"Accept {len(ticked)} of {count}"
    with st.container(horizontal=True, gap="small"):
        accept = (building, ticked)
        if waits:  # what a change does to the tests is to be seen before it is decided
            st.button(f"{label} without waiting", key="hurry", disabled=not ticked, on_click=_accept, args=accept)
        else:
            st.button(label, key="accept", type="primary", disabled=not ticked, on_click=_accept, args=accept)
        st.button("Refuse", key="refuse", on_click=_refuse, args=(building,))
        st.button(
            "Add tests",
            key="add-tests",
            icon=":material/science:",
            help="Propose tests of what is new, each tried with it and without it",
            on_click=_add_tests,
            args=(building,),
        )


def _follow(building: Building) -> None:
    """Say that the builder is at work, and draw the page anew when it has finished."""
    begun = building.asked

    @st.fragment(run_every=_LOOK_SECONDS)
    def look() -> None:
        if building.asked != begun or not building.busy:
            st.rerun()
        if building.asked:
            st.caption(":material/hourglass_top: Reading the file and your words")

    look()


def _input(desk: Desk, bench: Bench, building: Building | None) -> None:
    st.chat_input(
        "Say what to change",
        key=_INPUT,
        accept_file="multiple",
        file_type=list(uploads.DOCUMENTS),
        disabled=bool(building and building.asked),
        on_submit=_submit,
        args=(desk, bench),
    )


def _submit(desk: Desk, bench: Bench) -> None:
    given: Any = session.value(_INPUT)
    text = given if isinstance(given, str) else (given.text or "")
    files, wrong = [], []
    for file in [] if isinstance(given, str) else given.files:
        try:
            files.append(uploads.check_upload(file.name, file.getvalue(), wanted=("document",)))
        except GptsmithError as error:
            wrong.append(str(error))
    if wrong:
        actions.put_back(_INPUT, text, "\n".join(wrong))
        return
    if not actions.kept(_INPUT, text, files):
        _say(desk, bench, text or _FROM_FILES, files)


def _say(desk: Desk, bench: Bench, text: str, files: list[uploads.Upload] | None = None) -> None:
    try:
        desk.buildings.on(bench.path).say(text, files or [])
    except GptsmithError as error:
        actions.put_back(_INPUT, text, str(error), files=files or [])


def _accept(building: Building, ticked: list[int]) -> None:
    try:
        building.accept(ticked)
    except GptsmithError as error:
        session.fail(str(error))


def _refuse(building: Building) -> None:
    try:
        building.refuse()
    except GptsmithError as error:
        session.fail(str(error))


def _add_tests(building: Building) -> None:
    try:
        building.propose_tests()
    except GptsmithError as error:
        session.fail(str(error))


def _undo(building: Building) -> None:
    try:
        building.undo()
    except GptsmithError as error:
        session.fail(str(error))


def _anew(desk: Desk, bench: Bench) -> None:
    try:
        desk.buildings.anew(bench.path)
    except GptsmithError as error:
        session.fail(str(error))


TAB = Tab("Create", 10, lambda desk, bench, _sheet: draw(desk, bench), writes=True)
