"""A picture in a message: what was drawn and how, the other tries, and the ways to go on from it."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gptsmith.agent.events import Event
from gptsmith.agent.runtime.turn import ChosenCall
from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import browser, markdown
from gptsmith.ui.web.state.talk import StoredTurn, Talk
from gptsmith.ui.web.state.uploads import Upload

_WIDTH = 360  # of a picture in a message; the small ones are enlarged
_MORE = (
    "own_words",
    "strength",
    "mask",
    "steps",
    "guidance",
    "size",
    "negative",
)  # what the person may choose here, and no model
_SO_FAR = "The picture as it is so far"
_DATA = "data:image/jpeg;base64,"


def preview(place: DeltaGenerator, events: list[Event]) -> None:
    """Show the newest look at a picture that is being drawn; take it away when it is finished."""
    for event in reversed(events):
        if event.type in ("image", "tool_result"):
            place.empty()
            return
        data = str(event.data.get("preview", "")) if event.type == "progress" else ""
        if data.startswith(_DATA):
            try:
                place.image(base64.b64decode(data.removeprefix(_DATA), validate=True), width=_WIDTH, alt=_SO_FAR)
            except binascii.Error:  # an event of another program's tool
                place.empty()
            return


def draw(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    """Draw one picture of a reply, with the tries that were ranked behind it."""
    with st.container(key=f"picture-{turn.id}-{picture.get('id', '')}"):
        _one(talk, turn, picture)
        tries = [t for t in picture.get("tries") or [] if isinstance(t, dict)]
        if tries:
            _tries(talk, turn, picture, tries)


def _one(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    path = talk.drawn(picture)
    if path is None:
        st.caption(":material/broken_image: This picture is no longer there.")
        return
    st.image(str(path), width=_width(picture), alt=_seen(picture))
    caption = markdown.line(str(picture.get("caption") or picture.get("prompt") or ""))
    if caption:
        whose = "Your own words" if picture.get("own_words") else "Drawn"
        st.markdown(f":small[**{whose}:** {caption}]")
    if facts := _facts(picture):
        st.caption(facts)
    for note in picture.get("notes") or []:
        st.caption(f":material/info: {markdown.line(str(note))}")
    if picture.get("tool"):
        _ways_on(talk, turn, picture, path)


def _seen(picture: dict[str, Any]) -> str:
    """Return what a picture shows, for those who do not see it."""
    return str(picture.get("caption") or picture.get("prompt") or "A picture without a description")[:500]


def _facts(picture: dict[str, Any]) -> str:
    """Say how it was drawn, in one line."""
    seed, steps, parent = picture.get("seed"), picture.get("steps"), picture.get("parent")
    found = [
        f"seed {seed}" if seed is not None else "",
        f"{steps} steps" if steps else "",
        str(picture.get("sampler") or ""),
        str(picture.get("size") or "").replace("x", " x "),
        str(picture.get("model") or "").rstrip("/").rpartition("/")[2],
        f"from {parent}" if parent else "",
    ]
    return " · ".join(markdown.line(part) for part in found if part)


def _tries(talk: Talk, turn: StoredTurn, picture: dict[str, Any], tries: list[dict[str, Any]]) -> None:
    with st.expander(f"Other tries ({len(tries)})", icon=":material/photo_library:"):
        places = st.columns(min(4, len(tries)))
        for number, other in enumerate(tries):
            with places[number % len(places)]:
                path = talk.drawn(other)
                if path is None:
                    continue
                st.image(str(path), width="stretch", alt=_seen({**picture, **other}))
                st.caption(f"seed {other.get('seed')}")
                _variation(talk, turn, {**other, "tool": picture.get("tool")}, "From this one")


def _ways_on(talk: Talk, turn: StoredTurn, picture: dict[str, Any], path: Path) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _variation(talk, turn, picture, "Variation")
        with st.popover("Draw again", icon=":material/refresh:"):
            _again(talk, turn, picture)
        with st.popover("Change", icon=":material/edit:"):
            _change(talk, turn, picture)
        if st.button("Part", icon=":material/brush:", key=_key("part", turn, picture), help="Draw a part of it anew"):
            _part(talk, turn, picture, path)
        st.download_button(
            "Save",
            data=path.read_bytes(),
            file_name=f"{turn.thread_id}-{picture['id']}.png",
            mime="image/png",
            icon=":material/download:",
            key=_key("save", turn, picture),
            on_click="ignore",
        )


def _variation(talk: Talk, turn: StoredTurn, picture: dict[str, Any], label: str) -> None:
    help_text = "Draw one like it: the same description, started from this picture, with another seed"
    st.button(
        label,
        icon=":material/shuffle:",
        key=_key("vary", turn, picture),
        help=help_text,
        on_click=_send,
        args=(talk, turn, picture, f"A variation of {picture['id']}"),
        kwargs={"request": picture["caption"], "mode": "change", "image": picture["id"], "strength": 0.6},
    )


def _again(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    """Draw the form that draws the picture again: with its seed or a new one, and with another description."""
    words, own, same = (_key(name, turn, picture) for name in ("words", "own", "same"))
    session.put_first(words, str(picture["caption"]))
    st.text_area("Description", key=words, height=120, max_chars=4000)
    st.toggle("My words", value=True, key=own, help="Draw exactly this. Off: a full description is written from it.")
    if picture.get("seed") is not None:
        st.toggle(f"Same seed ({picture['seed']})", value=True, key=same)
        _settings(turn, picture)
    args = (talk, turn, picture)
    st.button("Draw it", type="primary", key=_key("again", turn, picture), on_click=_draw_again, args=args)


def _settings(turn: StoredTurn, picture: dict[str, Any]) -> None:
    """Draw the settings of a picture that a model on this machine drew, as they were."""
    steps, guidance, size, negative = (_key(name, turn, picture) for name in ("steps", "guidance", "size", "negative"))
    session.put_first(steps, picture.get("steps"))
    session.put_first(guidance, picture.get("guidance"))
    session.put_first(size, str(picture.get("size") or ""))
    session.put_first(negative, str(picture.get("negative") or ""))
    with st.container(horizontal=True, gap="small"):
        st.number_input("Steps", min_value=1, max_value=1000, key=steps)
        st.number_input("Guidance", min_value=0.0, max_value=50.0, step=0.5, key=guidance)
    st.text_input("Size", key=size, max_chars=9)
    weak = (picture.get("guidance") or 0) <= 1
    st.text_input(
        "Not in the picture",
        key=negative,
        max_chars=2000,
        help="Needs a guidance above 1." if weak else "What it should not show",
    )


def _draw_again(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    words, own, same = (session.value(_key(name, turn, picture)) for name in ("words", "own", "same"))
    seed = picture.get("seed") if same else None
    said = f"Draw {picture['id']} again" + (f" with seed {seed}" if seed is not None else "")
    if str(words).strip() != picture["caption"]:
        said += f": {words}"
    wanted: dict[str, Any] = {"request": str(words), "seed": seed, "own_words": bool(own)}
    wanted |= {name: session.value(_key(name, turn, picture)) for name in ("steps", "guidance", "size", "negative")}
    if picture.get("mode") == "change" and picture.get("parent"):
        wanted |= {"mode": "change", "image": picture["parent"], "strength": picture.get("strength")}
    _send(talk, turn, picture, said, **wanted)


def _change(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    """Draw the form that changes the picture."""
    what, far, own = (_key(name, turn, picture) for name in ("what", "far", "literal"))
    st.text_input("What should change?", key=what, placeholder="make it night", max_chars=1000)
    st.slider("How much may change", 0.1, 1.0, 0.7, 0.05, key=far)
    st.toggle("My words", value=False, key=own, help="Draw exactly these words instead of a rewritten description.")
    args = (talk, turn, picture)
    st.button("Change it", type="primary", key=_key("change", turn, picture), on_click=_draw_changed, args=args)


def _draw_changed(talk: Talk, turn: StoredTurn, picture: dict[str, Any]) -> None:
    what, far, own = (session.value(_key(name, turn, picture)) for name in ("what", "far", "literal"))
    said = f"Change {picture['id']}: {what}"
    _send(
        talk,
        turn,
        picture,
        said,
        request=str(what or ""),
        mode="change",
        image=picture["id"],
        strength=float(far),
        own_words=bool(own),
    )


@st.dialog("Draw a part anew", width="large")
def _part(talk: Talk, turn: StoredTurn, picture: dict[str, Any], path: Path) -> None:
    key = _key("brush", turn, picture)
    browser.draw_brush(path, key, lambda: None)
    painted = (session.value(key) or {}).get("painted")
    if painted:
        _draw_part(talk, turn, picture, path, painted)
        st.rerun()


def _draw_part(talk: Talk, turn: StoredTurn, picture: dict[str, Any], path: Path, painted: Any) -> None:
    try:
        words, mask = browser.read_mask(painted, path)
    except GptsmithError as error:
        session.fail(str(error))
        return
    said = f"Draw the marked part of {picture['id']} anew: {words}"
    wanted: dict[str, Any] = {"mode": "inpaint", "image": picture["id"], "mask": "last"}
    wanted |= {"request": words, "own_words": False} if words else {"request": str(picture["caption"])}
    _send(talk, turn, picture, said, files=[mask], **wanted)


def _send(
    talk: Talk,
    turn: StoredTurn,
    picture: dict[str, Any],
    said: str,
    *,
    files: list[Upload] | None = None,
    **wanted: Any,
) -> None:
    """Begin the turn that the person chose; it asks no chat model which tool to call."""
    given = {k: v for k, v in {"own_words": True, **wanted}.items() if v is not None}
    more = {k: given.pop(k) for k in _MORE if k in given}
    call = ChosenCall(name=str(picture["tool"]), args=given, more=more)
    try:
        talk.send(said, thread=turn.thread_id, files=files or [], variables={}, call=call)
    except GptsmithError as error:
        session.fail(str(error))


def _key(what: str, turn: StoredTurn, picture: dict[str, Any]) -> str:
    return f"{what}-{turn.id}-{picture.get('id', '')}"


def _width(picture: dict[str, Any]) -> int:
    """Return the width to show: large pictures as wide as a message allows, small ones enlarged."""
    width = str(picture.get("size") or "").partition("x")[0]
    return max(_WIDTH, min(int(width), 640)) if width.isdigit() else _WIDTH


# All pictures that an assistant drew, in all conversations, searched by words and seed, or by being like one.

_SHOWN = 60
_COMPARED = 300  # of the newest
_COLUMNS = 3
_LIKE = "album-like"


@st.dialog("Pictures", width="large")
def show(talk: Talk) -> None:
    """Draw the search and the pictures that it finds, newest first."""
    with st.container(horizontal=True, gap="small"):
        words = st.text_input("Words", key="album-words", placeholder="a word of the description")
        seed = st.text_input("Seed", key="album-seed", placeholder="any", width=160)
    if seed and not seed.strip().isdigit():
        st.warning("A seed is a number.", icon=":material/warning:")
        return
    found = talk.album((words or "").strip(), int(seed) if seed else None)
    if not found:
        st.markdown("No picture fits." if words or seed else "No pictures yet. What is drawn is kept here.")
        return
    there = [(picture, path) for picture in found if (path := talk.drawn(picture)) is not None]
    if like := session.value(_LIKE):
        st.button("Newest first", icon=":material/schedule:", on_click=session.put, args=(_LIKE, ""))
        there = _likest_first(there, str(like))
    columns = st.columns(_COLUMNS)
    for number, (picture, path) in enumerate(there[:_SHOWN]):
        with columns[number % _COLUMNS]:
            st.image(str(path), width="stretch", alt=str(picture["caption"])[:500])
            st.caption(f"{markdown.line(str(picture['caption'])[:200])}  \nseed {picture['seed']}")
            key = f"like-{path.parent.parent.name}-{path.stem}"
            st.button("Like this one", key=key, type="tertiary", on_click=session.put, args=(_LIKE, str(path)))
    if len(found) > _SHOWN:
        st.caption(f"{len(found) - _SHOWN} older ones are not shown; search for them.")


def _likest_first(there: list[tuple[dict[str, Any], Path]], like: str) -> list[tuple[dict[str, Any], Path]]:
    """Return the pictures in the order of how much they are like one, by the embedded CLIP."""
    from gptsmith import Pictures

    some = there[:_COMPARED]
    try:
        order = Pictures().similar(like, [path for _, path in some], len(some))
    except GptsmithError as error:
        st.warning(error.message, icon=":material/warning:")
        return there
    return [some[number] for number, _ in order]
