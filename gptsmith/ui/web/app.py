"""The script that Streamlit runs: it reads the view from the URL and draws that page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gptsmith.errors import GptsmithError, SpecError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import browser, markdown, model_lines, sidebar, theme
from gptsmith.ui.web.state.desk import Desk, open_desk

# A file of our own: the named icons of Streamlit are fetched from a font server on the internet.
_ICON = Path(__file__).with_name("icon.svg")


def main() -> None:
    """Draw the page that the URL names."""
    view = session.view()
    titles = {"create": "New assistant", "edit": view.assistant, "chat": view.assistant, "models": "Models"}
    title = titles.get(view.page, "Assistants")
    st.set_page_config(page_title=f"{title} · gptsmith", page_icon=_ICON, layout="wide")
    theme.apply()
    try:
        desk = open_desk()
        if desk.first and not view.named:
            session.go("chat", assistant=desk.first)
            view = session.view()
        sidebar.draw(desk, view)
        browser.draw(view)
        _notices()
        if view.page != "models":  # which has it in its list
            model_lines.draw_arrival(desk.stock)
        _page(desk, view)
    except SpecError as error:
        _broken(view, len(error.diagnostics))
    except GptsmithError as error:
        st.error(markdown.plain(str(error)), icon=":material/error:")
        st.button("Back to the assistants", on_click=session.go, args=("gallery",), key="back")


def _broken(view: session.View, errors: int) -> None:
    """Say that the assistant's file cannot be used and lead to its errors."""
    many = "an error" if errors == 1 else f"{errors} errors"
    st.warning(f"The file of this assistant has {many}, so it cannot chat.", icon=":material/warning:")
    st.button("Show and repair", type="primary", on_click=_edit, args=(view.assistant,), key="repair")


def _page(desk: Desk, view: session.View) -> None:
    # Each page is imported when it is first drawn, so that the gallery is there before the runtime is loaded.
    if view.page == "chat":
        from gptsmith.ui.web.views import chat

        chat.draw(desk, view)
    elif view.page == "create":
        from gptsmith.ui.web.views import create

        create.draw(desk, view)
    elif view.page == "edit":
        from gptsmith.ui.web.views import workspace

        workspace.draw(desk, view)
    elif view.page == "models":
        from gptsmith.ui.web.views import models

        models.draw(desk.stock)
    else:
        from gptsmith.ui.web.views import gallery

        gallery.draw(desk)


def _edit(assistant: str) -> None:
    session.go("edit", assistant=assistant)


def _notices() -> None:
    """Show what the last action left: a short notice, or an error that stays."""
    if found := session.notice():
        text, icon = found
        st.toast(markdown.line(text), icon=icon)
    if text := session.failure():
        # Beside the error at the top, which a long conversation may have scrolled out of sight.
        st.toast(markdown.line(text[:200]), icon=":material/error:")
        st.error(markdown.plain(text), icon=":material/error:")


if __name__ == "__main__":
    main()
