"""The turn that is running now: its text as it comes, what it is doing, and the way to stop it.

The turn runs in a worker of its own; this only looks at it. Text is drawn about twelve times a second, however fast
the model writes.
"""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gptsmith.agent.events import Event
from gptsmith.ui.web import markdown, message, pictures
from gptsmith.ui.web.talk import Talk

_TICK_SECONDS = 0.08
_SAY_SECONDS = 0.25


def draw(talk: Talk, turn: str, stop: DeltaGenerator) -> None:
    """Follow `turn` until it ends, then draw the page anew from what was stored; the way to end it stands in `stop`.

    Not a fragment: a click inside one waits until the script has ended, and Stop must not wait.
    """
    with st.chat_message("assistant", avatar=message.ASSISTANT):
        doing, look, text = st.empty(), st.empty(), st.empty()
        # Outside of the answer, so that the growing text does not move it away from under the pointer.
        with stop:
            st.button("Stop", icon=":material/stop_circle:", key=f"stop-{turn}", on_click=talk.stop, args=(turn,))
        _follow(talk, turn, doing, look, text)
    st.rerun()


def _follow(talk: Talk, turn: str, doing: DeltaGenerator, look: DeltaGenerator, text: DeltaGenerator) -> None:
    seen, written, drawn, at, said = 0, "", "", "Thinking", 0.0
    while True:
        events, ended = talk.events(turn, seen)
        seen += len(events)
        pictures.preview(look, [event for _, event in events])
        for _, event in events:
            written += str(event.data.get("text", "")) if event.type == "text" else ""
            at = _doing(event) or at
        pause = _TICK_SECONDS
        if written != drawn:
            began = time.monotonic()
            text.markdown(markdown.safe(written) + " ▍")
            drawn = written
            doing.empty()
            # A very long answer is drawn less often, so that drawing takes a fifth of the time at most.
            pause = max(pause, 4 * (time.monotonic() - began))
        elif time.monotonic() - said > _SAY_SECONDS:
            # Also the moment at which Streamlit lets a click on Stop through.
            doing.caption(f":material/hourglass_top: {at}")
            said = time.monotonic()
        if ended:
            return
        time.sleep(pause)


def _doing(event: Event) -> str:
    """Say in a few words what an event means for somebody who waits."""
    if event.type == "progress":
        return markdown.line(str(event.data.get("text") or event.data.get("stage") or ""))
    if event.type == "tool_call":
        return f"Calling {markdown.line(str(event.data.get('name', '')))}"
    return ""
