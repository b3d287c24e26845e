"""One turn of a conversation: what the person said, the answer, its sources and how it was made."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gptsmith.agent.events import Citation, Event, Reply, Searched, ToolCallRecord
from gptsmith.ui.web.parts import actions as thumbs
from gptsmith.ui.web.parts import browser, markdown, model_lines, permission, pictures, sources
from gptsmith.ui.web.parts.actions import Actions
from gptsmith.ui.web.state.talk import StoredTurn, Talk

USER = ":material/person:"
ASSISTANT = ":material/auto_awesome:"
# The other ways to end are explained in the reply itself.
_ENDINGS = {
    "cancelled": "Stopped.",
    "interrupted": "gptsmith was closed while this was being answered.",
}


def draw(talk: Talk, turn: StoredTurn, actions: Actions | None = None) -> None:
    """Draw a finished turn; `actions` are what the person can do with the last one."""
    asked(talk, turn, actions)
    with st.chat_message("assistant", avatar=ASSISTANT):
        if turn.reply:
            _answer(talk, turn, turn.reply)
        if turn.error:
            st.error(markdown.plain(str(turn.error.get("message", ""))), icon=":material/error:")
        elif not turn.reply or turn.reply.finish_reason in _ENDINGS:
            reason = turn.reply.finish_reason if turn.reply else "interrupted"
            st.info(_ENDINGS[reason], icon=":material/info:")
        if actions:
            permission.draw(talk, turn)
        _below(talk, turn, actions)


def unstored(talk: Talk, turn: StoredTurn) -> None:
    """Draw a message that could not be stored, and why."""
    draw(talk, turn)
    st.caption(
        ":material/save: This message is not stored: it stands here until gptsmith is closed or you send another one. "
        "Copy it if you need it."
    )


def _below(talk: Talk, turn: StoredTurn, actions: Actions | None) -> None:
    """Draw what can be done with an answer."""
    text = turn.reply.text if turn.reply else ""
    if not (text or actions):
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"actions-{turn.id}"):
        if turn.reply and text:
            shown = markdown.numbering(text, {citation.id for citation in turn.reply.citations})
            browser.draw_copy(markdown.renumbered(text, shown), key=f"copy-{turn.id}")
            thumbs.draw_thumbs(talk, turn)
        if actions:
            actions.below(talk, turn)


def asked(talk: Talk, turn: StoredTurn, actions: Actions | None = None) -> None:
    """Draw the person's message with its attachments."""
    with st.container(key=f"asked-{turn.id}"), st.chat_message("user", avatar=USER):
        if actions is None or not actions.instead(talk, turn):
            st.markdown(markdown.plain(turn.message))
        for file in turn.files:
            _attachment(talk, turn.thread_id, file)


def _attachment(talk: Talk, thread: str, file: dict[str, object]) -> None:
    name = markdown.line(str(file.get("name", "")))
    if file.get("kind") == "image":
        path = talk.attached(thread, file)
        if path.is_file():
            st.image(str(path), caption=name, width=280, alt=str(file.get("name", "")))
            return
    st.markdown(f":material/attach_file: {name}")


def _answer(talk: Talk, turn: StoredTurn, reply: Reply) -> None:
    numbers = markdown.numbering(reply.text, {citation.id for citation in reply.citations})
    if reply.text:
        st.markdown(markdown.safe(reply.text, numbers))
    if reply.remark:
        st.caption(f":material/info: {markdown.line(reply.remark)}")
    if talk.asks_for_a_model(reply):
        model_lines.connect(key=f"connect-{turn.id}")
    for picture in reply.images:
        pictures.draw(talk, turn, picture)
    for number, file in enumerate(reply.files):
        _made(turn, number, file)
    if reply.citations:
        _citations(talk, turn, reply.citations, numbers)
    if reply.searched or reply.tool_calls:
        _details(reply)


def _made(turn: StoredTurn, number: int, file: dict[str, Any]) -> None:
    """Draw a file that a tool made, to be saved."""
    path, name = Path(str(file.get("path", ""))), str(file.get("name", ""))
    if not path.is_file():
        st.caption(f":material/attach_file: {markdown.line(name)} is no longer there.")
        return
    key = f"file-{turn.id}-{number}"
    data = path.read_bytes()
    st.download_button(markdown.line(name), data, path.name, key=key, icon=":material/download:", on_click="ignore")


def _citations(talk: Talk, turn: StoredTurn, citations: list[Citation], numbers: dict[int, int]) -> None:
    """Draw one button for each passage that is cited; it opens the passage in its document."""
    with st.container(horizontal=True, gap="small", key=f"cites-{turn.id}"):
        for number, shown in numbers.items():
            quotes = [citation for citation in citations if citation.id == number]
            first = quotes[0]
            page = f", p. {first.page}" if first.page else ""
            label = f"{shown} · {markdown.line(Path(first.source).name or first.source)}{page}"
            key = f"cite-{turn.id}-{number}"
            if st.button(label, key=key, icon=":material/format_quote:", help="Open the passage in its document"):
                sources.show(talk, quotes, turn.thread_id)


def _details(reply: Reply) -> None:
    found = sum(len(search.found) for search in reply.searched)
    calls = f" · {len(reply.tool_calls)} tool calls" if len(reply.tool_calls) > 1 else ""
    calls = " · 1 tool call" if len(reply.tool_calls) == 1 else calls
    label = (
        f"Searched: {found} passage{'' if found == 1 else 's'} found" if reply.searched else "How this was answered"
    ) + calls
    with st.expander(label, icon=":material/manage_search:"):
        for search in reply.searched:
            _search(search)
        for call in reply.tool_calls:
            _tool_call(call)
        tokens = f" · {reply.usage.total_tokens:,} tokens" if reply.usage.total_tokens else ""
        st.caption(f"Answered by {markdown.line(reply.model)}{tokens}")


def _search(search: Searched) -> None:
    where = f" in {markdown.line(', '.join(search.knowledge))}" if search.knowledge else ""
    st.markdown(f"**Looked for** “{markdown.line(search.query[:300])}”{where}")
    if not search.found:
        st.markdown("Nothing that fits was found.")
    for hit in search.found:
        page = f", page {hit['page']}" if hit.get("page") else ""
        used = ":green-badge[used]" if hit.get("id") in search.used else ":gray-badge[found]"
        st.markdown(f"{used} **{markdown.line(str(hit.get('source', '')))}**{page}")
        st.caption(markdown.line(str(hit.get("text", ""))[:400]))


def _tool_call(call: ToolCallRecord) -> None:
    colour = {"ok": "green", "error": "red"}.get(call.status, "orange")
    st.markdown(f"**Called** `{call.name.replace('`', '')}` :{colour}-badge[{call.status}]")
    if call.args:
        st.json(call.args, expanded=1)
    if call.result:
        st.code(call.result[:2000], language=None, wrap_lines=True)


# The turn that is running now: its text as it comes, what it is doing, and the way to stop it.
#
# The turn runs in a worker of its own; this only looks at it. Text is drawn about twelve times a second, however fast
# the model writes.

_TICK_SECONDS = 0.08
_SAY_SECONDS = 0.25


def draw_live(talk: Talk, turn: str, stop: DeltaGenerator) -> None:
    """Follow `turn` until it ends, then draw the page anew from what was stored; the way to end it stands in `stop`.

    Not a fragment: a click inside one waits until the script has ended, and Stop must not wait.
    """
    with st.chat_message("assistant", avatar=ASSISTANT):
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
