"""What an answer rests on: the passage that it cites, the files that are searched, what is remembered."""

from __future__ import annotations

import streamlit as st

from gptsmith.agent.events import Citation
from gptsmith.errors import GptsmithError
from gptsmith.ui.web import session
from gptsmith.ui.web.parts import markdown
from gptsmith.ui.web.state.talk import Proof, Receipt, Talk

# The passage that an answer cites, shown inside its document with the quote on a coloured ground.


@st.dialog("Source", width="medium")
def show(talk: Talk, citations: list[Citation], thread: str) -> None:
    """Open the dialog for the citations of one passage."""
    first = citations[0]
    found = talk.passage(citations, thread)
    page = f" · page {first.page}" if first.page else ""
    st.markdown(f"**{markdown.line(first.source)}**{page}")
    if found is None:
        st.warning("The document is no longer among the assistant's files. This is the quote as it was cited:")
        for citation in citations:
            st.markdown(markdown.marked(citation.quote))
        return
    if not all(citation.verified for citation in citations):
        st.warning("These words do not stand in the document exactly as cited; the passage that was used is marked.")
    with st.container(border=True, height=420, key="passage"):
        text = "".join(markdown.marked(part) if quote else markdown.plain(part) for part, quote in found.parts)
        st.markdown(("… " if found.cut_before else "") + text + (" …" if found.cut_after else ""))
    if found.file:
        data, name = found.file.read_bytes(), found.file.name
        st.download_button("Download the file", data, name, key="passage-file", on_click="ignore")


# What an assistant remembers of the person across conversations: shown, edited, forgotten.

_FIELD = "remembered"


def draw_remembered(talk: Talk) -> None:
    """Draw the facts as one field, a line each; nothing for an assistant that remembers nothing."""
    facts = talk.facts
    if facts is None:
        return
    key = f"{_FIELD}-{hash(tuple(facts))}"
    label = f"What I remember of you ({len(facts)})" if facts else "What I remember of you: nothing yet"
    with st.expander(label, icon=":material/bookmark:"):
        st.caption('One fact per line. Say "remember that …" to add one; change or delete them here.')
        session.put_first(key, "\n".join(facts))
        st.text_area("Facts, one per line", key=key, label_visibility="collapsed", max_chars=60_000)
        st.button("Save", key="save-facts", on_click=_save, args=(talk, key))


def _save(talk: Talk, key: str) -> None:
    try:
        talk.put_facts(str(session.value(key) or "").splitlines())
    except GptsmithError as error:
        session.fail(str(error))


# The knowledge files of an assistant: which are searched, and why the others are not.


def draw(talk: Talk) -> None:
    """Draw one quiet line for the files that were read; files that could not be read are named with the reason."""
    receipts = talk.receipts()
    if not receipts:
        return
    unread = [receipt for receipt in receipts if receipt.status != "ok"]
    label = f"{len(receipts) - len(unread)} of {len(receipts)} files are searched"
    icon = ":material/warning:" if unread else ":material/library_books:"
    with st.expander(label, icon=icon, expanded=False):
        for receipt in [*unread, *(receipt for receipt in receipts if receipt.status == "ok")]:
            searched = receipt.status == "ok"
            state = f":green-badge[searched] {_size(receipt)}" if searched else ":orange-badge[not searched]"
            reason = f"  \n{markdown.line(receipt.reason)}" if receipt.reason else ""
            asked = "".join(f"  \n{_asked(proof)}" for proof in receipt.proofs)
            st.markdown(f"**{markdown.line(receipt.source)}** {state}{reason}{asked}")


def _size(receipt: Receipt) -> str:
    """Return what was read of a file in a few words."""
    counts = [(receipt.pages, "page"), (receipt.words, "word"), (receipt.tables, "table"), (receipt.images, "picture")]
    said = [f"{count:,} {name}{'s' if count > 1 else ''}" for count, name in counts if count]
    return " · ".join([*said, *([receipt.language] if receipt.language else [])])


def _asked(proof: Proof) -> str:
    """Return a question that was made from the file, and whether the passage was found."""
    sign = ":green[:material/check:]" if proof.found else ":orange[not found]"
    page = f" (page {proof.page})" if proof.page else ""
    quote = proof.quote if len(proof.quote) <= 160 else f"{proof.quote[:160]}…"
    return f"{sign} *{markdown.line(proof.question)}*{page} {markdown.line(quote)}"
