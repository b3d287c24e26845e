"""The Configure tab: every field of the spec that people change, as a form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.parts.review import review
from gptsmith.ui.web.state import form, uploads, work
from gptsmith.ui.web.state.bench import Bench, Sheet
from gptsmith.ui.web.state.form import Field, KeyPath, short
from gptsmith.ui.web.state.work import Work
from gptsmith.ui.web.tabs import portrait
from gptsmith.ui.web.tabs.fields import draw_field, draw_fields
from gptsmith.ui.web.tabs.tab import Tab

# The fields that have a place of their own below; one that a later spec adds is drawn under "More".
_PLACED = (
    "name", "description", "instructions", "conversation_starters", "welcome_message", "disclaimer", "knowledge",
    "tools", "variables", "model", "limits", "memory", "guardrails", "version", "x-builder",
)  # fmt: skip


class Form:
    """The form of one assistant in this browser tab: its work, kept in the state folder at each change."""

    def __init__(self, bench: Bench, sheet: Sheet) -> None:
        self.bench = bench
        self.sheet = sheet
        self._key = f"work-{bench.id}"

    @property
    def work(self) -> Work:
        """The work so far; a file that changed elsewhere is taken at once where nothing is unsaved."""
        found: Work | None = session.value(self._key)
        if found is None or (not found.changed and found.made.digest != self.sheet.digest):
            found = work.begin(self.sheet, found.turn + 1 if found else 0)
            session.put(self._key, found)
        return found

    def put(self, new: Work) -> None:
        """Go on with changed work."""
        session.put(self._key, new)
        work.keep(new, self.bench, session.token())

    def key(self, field: Field) -> str:
        """Return the key of a field's widget."""
        path = "-".join(str(part) for part in field.path)
        return f"field-{self.bench.id}-{self.work.turn}-{path}"

    def changed(self, field: Field, key: str) -> None:
        """Take what the person gave a field."""
        self.put(self.work.told(field, session.value(key)))

    def remove(self, path: KeyPath) -> None:
        """Take an item out."""
        self.put(self.work.remove(path))

    def drop(self) -> None:
        """Go back to the file as it is."""
        self.put(work.begin(self.bench.sheet(), self.work.turn + 1))


def draw(bench: Bench, sheet: Sheet) -> None:
    """Draw the tab for a file whose YAML can be read."""
    mine = Form(bench, sheet)
    _offer(mine)
    _bar(mine)
    if mine.work.made.digest != sheet.digest:
        _changed_elsewhere(mine)
    _basics(mine)
    _starters(mine)
    _knowledge(mine)
    _tools(mine)
    _variables(mine)
    _rest(mine)


# -- what is not saved -----------------------------------------------------------------------------------------------


def _bar(mine: Form) -> None:
    """Draw the bar that is always there: how much is not saved, and what to do with it."""
    proposal = mine.bench.propose(mine.work.made, mine.work.finished()) if mine.work.changed else None
    count = len(proposal.words) if proposal else 0
    with st.container(horizontal=True, vertical_alignment="center", key="bar-form", gap="small"):
        many = "1 change" if count == 1 else f"{count} changes"
        said = f":orange[{many} not saved]" if count else "Everything is saved"
        st.markdown(said, width="stretch")
        st.button("Drop", key="drop-form", disabled=not count, on_click=mine.drop, type="tertiary")
        if st.button("Review and save", key="review-form", type="primary", disabled=not count) and proposal:
            review(proposal, lambda: _save(mine))
    for problem in (proposal.problems if proposal else [])[:3]:
        st.warning(markdown.plain(problem), icon=":material/warning:")


def _save(mine: Form) -> None:
    try:
        sheet = mine.bench.write(mine.bench.propose(mine.work.made, mine.work.finished()))
    except GptsmithError as error:
        session.fail(str(error))
        return
    mine.put(work.begin(sheet, mine.work.turn + 1))
    session.say("Saved.")


def _changed_elsewhere(mine: Form) -> None:
    """Say that the file is another one now, while changes of this tab are not saved."""
    merged = work.rebased(mine.work, mine.bench, mine.sheet)
    with st.container(border=True, key="elsewhere-form"):
        st.markdown(":material/sync_problem: **This assistant was changed in another window or program.**")
        with st.container(horizontal=True):
            st.button("Take the other's version", key="take-form", on_click=mine.drop)
            if merged:
                st.button("Keep my changes on top of it", key="merge-form", on_click=mine.put, args=(merged,))
        if not merged:
            st.caption("Your changes touch the same places, so they cannot be put on top of it.")


def _offer(mine: Form) -> None:
    """Offer what was typed before a reload or a crash."""
    if mine.work.changed:
        return
    for copy in mine.bench.unsaved.others("form", session.token())[:1]:
        found = work.resume(copy, mine.bench, mine.sheet)
        if found is not None and not found.changed:
            mine.bench.unsaved.drop("form", copy.token)
            continue
        with st.container(border=True, key="offer-form"):
            meanwhile = " The file has changed since." if copy.base != mine.sheet.digest else ""
            st.markdown(f":material/history: **Changes from {copy.clock} were not saved.**{meanwhile}")
            with st.container(horizontal=True):
                if found is not None:
                    st.button("Go on with them", key="resume-form", on_click=_resume, args=(mine, found, copy.token))
                drop = (mine, copy.token)
                st.button("Drop them", key="forget-form", type="tertiary", on_click=_forget, args=drop)
            if found is None:
                st.caption("They do not fit the file any more: the same places were changed.")


def _resume(mine: Form, found: Work, token: str) -> None:
    mine.put(Work(found.made, found.data, mine.work.turn + 1))
    mine.bench.unsaved.drop("form", token)


def _forget(mine: Form, token: str) -> None:
    mine.bench.unsaved.drop("form", token)


# -- the sections ----------------------------------------------------------------------------------------------------


def _basics(mine: Form) -> None:
    data = mine.work.data
    for name in ("name", "description"):
        draw_field(mine, form.field(data, (name,)))
    told = form.field(data, ("instructions",))
    if told.value is None and "instructions_file" in data:
        told = Field(**{**told.__dict__, "value": mine.bench.instructions(mine.sheet)})
    draw_field(mine, told, height=280)
    portrait.draw(mine.bench, mine.sheet, idle=mine.work.changed)


def _section(mine: Form, title: str, key: str) -> Any:
    return st.expander(title, key=f"section-{mine.bench.id}-{key}")


def _starters(mine: Form) -> None:
    starters = mine.work.data.get("conversation_starters") or []
    with _section(mine, "Welcome and conversation starters", "starters"):
        draw_field(mine, form.field(mine.work.data, ("welcome_message",)))
        st.markdown("Conversation starters")
        for number, starter in enumerate(starters):
            path: KeyPath = ("conversation_starters", number)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                for name in ("title", "text") if isinstance(starter, dict) else ("",):
                    inner = (*path, name) if name else path
                    value = starter.get(name) if isinstance(starter, dict) else starter
                    text = Field(inner, name or f"Starter {number + 1}", "", "line", value, longest=300)
                    draw_field(mine, text, quiet=True)
                _remove(mine, path, f"starter {number + 1}")
        add = (mine, "conversation_starters")
        full = len(starters) >= 12
        st.button("Add a starter", icon=":material/add:", key="add-starter", on_click=_add, args=add, disabled=full)
        draw_field(mine, form.field(mine.work.data, ("disclaimer",)))


def _knowledge(mine: Form) -> None:
    sources = mine.work.data.get("knowledge") or []
    with _section(mine, "Files and pages to answer from", "knowledge"):
        for number, source in enumerate(sources):
            path: KeyPath = ("knowledge", number)
            with st.container(border=True):
                draw_fields(mine, path, first=("name", "description", "paths", "urls", "mode"))
                _remove(mine, path, f"source {short(source.get('name', ''))}", wide=True)
        key = f"files-{mine.bench.id}-{mine.work.turn}"
        st.file_uploader(
            "Add files",
            key=key,
            type=list(uploads.DOCUMENTS),
            accept_multiple_files=True,
            help="They are copied beside the spec at once; the change itself is saved with the others.",
            on_change=_files,
            args=(mine, key),
        )
        web = {"name": _free("pages", [str(s.get("name")) for s in sources]), "urls": ["https://"]}
        st.button("Add a web page", icon=":material/add:", key="add-page", on_click=_add, args=(mine, "knowledge", web))


def _files(mine: Form, key: str) -> None:
    checked, wrong = [], []
    for given in session.value(key) or []:
        try:
            checked.append(uploads.check_upload(given.name, given.getvalue(), wanted=("document",)))
        except GptsmithError as error:
            wrong.append(str(error))
    try:
        paths = mine.bench.add_files(checked) if checked else []
    except GptsmithError as error:
        paths, wrong = [], [str(error)]
    if paths:
        mine.put(mine.work.add_files(paths))
    if wrong:
        session.fail("\n".join(wrong))


def _tools(mine: Form) -> None:
    tools = mine.work.data.get("tools") or []
    types = mine.bench.tool_types()
    with _section(mine, "Tools", "tools"):
        for number, tool in enumerate(tools):
            path: KeyPath = ("tools", number)
            kind = str(tool.get("type", ""))
            with st.container(border=True):
                st.markdown(f"**{form.tool_label(kind)}**  \n{markdown.line(types.get(kind, ''))}")
                draw_fields(mine, path, first=("name", "description", *mine.bench.needed(kind)))
                _remove(mine, path, form.tool_label(kind).lower(), wide=True)
        with st.popover("Add a tool", icon=":material/add:", key=f"add-tool-{mine.work.turn}-{len(tools)}"):
            taken = [str(tool.get("name") or tool.get("type")) for tool in tools]
            for kind, summary in types.items():
                new = {"type": kind, **({"name": _free(kind, taken)} if kind in taken else {})}
                add = (mine, "tools", new)
                st.button(
                    form.tool_label(kind), key=f"tool-{kind}", help=summary, on_click=_add, args=add, width="stretch"
                )


def _variables(mine: Form) -> None:
    variables = mine.work.data.get("variables") or {}
    with _section(mine, "Variables", "variables"):
        st.caption("A variable is asked for before a conversation begins; {{name}} in a text stands for it.")
        for name in variables:
            with st.container(border=True):
                st.markdown(f"`{{{{{name}}}}}`")
                draw_fields(mine, ("variables", name), first=("description", "default", "required", "choices"))
                _remove(mine, ("variables", name), name, wide=True)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"new-variable-{mine.work.turn}-{len(variables)}"
            st.text_input("Name of a new variable", key=key, max_chars=40, placeholder="city")
            st.button("Add", icon=":material/add:", key="add-variable", on_click=_add_variable, args=(mine, key))


def _add_variable(mine: Form, key: str) -> None:
    name = "_".join(str(session.value(key) or "").lower().split())
    if not form.is_variable_name(name):
        session.fail("A variable's name begins with a letter and has only letters, digits and _.")
    elif name not in (mine.work.data.get("variables") or {}):
        mine.put(mine.work.add("variables", name))


def _rest(mine: Form) -> None:
    data = mine.work.data
    with _section(mine, "Model", "model"):
        named = form.field(data, ("model",))
        text = form.model_text(data)
        draw_field(mine, Field(**{**named.__dict__, "value": text, "kind": "model"}))
        draw_fields(mine, ("model",), first=("temperature", "max_tokens"), data=form.with_model(data))
    with _section(mine, "Limits and memory", "limits"):
        draw_fields(mine, ("limits",), first=("max_iterations", "max_tool_calls", "timeout_seconds"))
        draw_fields(mine, ("memory",), first=("history", "max_messages", "summarize"))
    rails = data.get("guardrails") or []
    with _section(mine, "Personal data", "guardrails"):
        for number, _ in enumerate(rails):
            with st.container(border=True):
                draw_fields(mine, ("guardrails", number), first=("apply_to", "strategy", "entities"))
                _remove(mine, ("guardrails", number), f"filter {number + 1}", wide=True)
        add = (mine, "guardrails")
        st.button("Add a filter", icon=":material/add:", key="add-guardrail", on_click=_add, args=add)
    with _section(mine, "Version and locks", "about"):
        draw_field(mine, form.field(data, ("version",)))
        locked = form.field(data, ("x-builder", "locked"))
        draw_field(mine, Field(**{**locked.__dict__, "label": "Locked parts"}))
    others = [one for one in form.fields(data, ()) if one.path[0] not in _PLACED]
    if others:
        with _section(mine, "More", "more"):
            for one in others:
                draw_field(mine, one)


def _remove(mine: Form, path: KeyPath, what: str, *, wide: bool = False) -> None:
    # The label is there for screen readers; the style sheet shows the icon alone where there is no room.
    key = f"{'remove' if wide else 'bare'}-{mine.work.turn}-{'-'.join(str(part) for part in path)}"
    label = "Remove" if wide else f"Remove {what}"
    st.button(label, icon=":material/delete:", type="tertiary", key=key, on_click=mine.remove, args=(path,))


def _add(mine: Form, name: str, item: Any = None) -> None:
    mine.put(mine.work.add(name, item))


def _free(name: str, taken: list[str]) -> str:
    return next(n for n in [name, *(f"{name}_{i}" for i in range(2, len(taken) + 3))] if n not in taken)


TAB = Tab("Configure", 20, lambda _desk, bench, sheet: draw(bench, sheet), writes=True, reads=True)
