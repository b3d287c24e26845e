"""A message that could not be sent: it goes back into its box, with the reason in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from gptsmith.ui.web import session


def put_back(box: str, text: str, why: str, *, files: Sequence[object] = ()) -> None:
    """Put `text` back into the chat input `box`; whatever a person typed is never lost to an error."""
    back = ["Your message is back in its box."] if text.strip() else []
    again = ["Attach its files again when you send it."] if files else []
    session.fail("\n".join([why, " ".join([*back, *again])]).strip())
    if text.strip():
        session.put(box, text)
