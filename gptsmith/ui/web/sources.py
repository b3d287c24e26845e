"""The knowledge files of an assistant: which are searched, and why the others are not."""

from __future__ import annotations

import streamlit as st

from gptsmith.ui.web import markdown
from gptsmith.ui.web.talk import Talk


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
            pages = f"{receipt.pages} pages, " if receipt.pages else ""
            size = f"{pages}{receipt.characters:,} characters"
            state = f":green-badge[searched] {size}" if receipt.status == "ok" else ":orange-badge[not searched]"
            reason = f"  \n{markdown.line(receipt.reason)}" if receipt.reason else ""
            st.markdown(f"**{markdown.line(receipt.source)}** {state}{reason}")
