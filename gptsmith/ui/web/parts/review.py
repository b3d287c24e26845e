"""A change before it is written: in words and as the lines of the file, drawn the same way wherever one is proposed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gptsmith.errors import Diagnostic
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state.bench import ChangePreview

# The problems of a spec, each drawn with the lines of the file that it is about.

_SHOWN = 20


def draw(problems: list[Diagnostic], text: str) -> None:
    """Draw `problems` of the spec `text`, errors first; say so when there are none."""
    errors = [p for p in problems if p.severity == "error"]
    warnings = [p for p in problems if p.severity != "error"]
    if not problems:
        st.success("The spec is valid.", icon=":material/check_circle:")
        return
    if errors:
        many = "1 error keeps" if len(errors) == 1 else f"{len(errors)} errors keep"
        st.error(f"{many} this from being saved.", icon=":material/error:")
    for problem in [*errors, *warnings][:_SHOWN]:
        _problem(problem, text.split("\n"))
    if len(problems) > _SHOWN:
        st.caption(f"and {len(problems) - _SHOWN} more")


def summary(errors: list[Diagnostic]) -> str:
    """Say in one line how many errors there are and where the first is: `2 errors, the first in line 5`."""
    line = min(problem.line for problem in errors)
    return f"1 error, in line {line}" if len(errors) == 1 else f"{len(errors)} errors, the first in line {line}"


def _problem(problem: Diagnostic, lines: list[str]) -> None:
    with st.container(border=True, gap="small"):
        colour = "red" if problem.severity == "error" else "orange"
        where = f"`{problem.path.replace('`', '')}`" if problem.path else ""
        st.markdown(f":{colour}-badge[line {problem.line}, column {problem.column}] {where}")
        st.markdown(markdown.plain(problem.message))
        if problem.hint:
            st.markdown(f":material/lightbulb: {markdown.plain(problem.hint)}")
        st.code(_snippet(problem.line, lines), language=None)


def _snippet(line: int, lines: list[str]) -> str:
    """Return the line with its neighbours, numbered as in the file."""
    first, last = max(1, line - 1), min(len(lines), line + 1)
    mark = {number: "▸" if number == line else " " for number in range(first, last + 1)}
    return "\n".join(f"{mark[n]} {n:>4}  {lines[n - 1][:200]}" for n in range(first, last + 1))


@st.dialog("Save these changes?", width="large")
def review(proposal: ChangePreview, save: Callable[[], None]) -> None:
    """Show a change and write it when the person says so."""
    for words in proposal.words:
        st.markdown(f"- {markdown.line(words)}")
    for problem in proposal.problems:
        st.error(markdown.plain(problem), icon=":material/error:")
    if proposal.diff:
        diff(proposal.diff)
    # The callbacks do the work, the return values close the dialog.
    with st.container(horizontal=True):
        wrong = proposal.planned is None
        if st.button("Save", type="primary", key="save-review", disabled=wrong, on_click=save):
            st.rerun()
        if st.button("Not yet", key="close-review"):
            st.rerun()


def diff(text: str) -> None:
    """Draw the lines that change."""
    st.code(text, language="diff", wrap_lines=True)
