"""Tool results on their way to the model: shortened in the middle, and what later messages show of them."""

from __future__ import annotations

from gptsmith.models.tool_results import fence_result

_LONGEST = 8000
_NO_LONGER = "(What this search found is no longer shown. Search again to answer from it.)"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return `text`, or its beginning and end with a note of how many characters were left out."""
    if len(text) <= longest:
        return text
    head, tail = text[: longest * 3 // 4], text[-longest // 4 :]
    return f"{head}\n[… {len(text) - len(head) - len(tail)} characters left out …]\n{tail}"


def of_earlier(name: str, text: str) -> str:
    """Return a result as later messages of the thread show it: passages go, because each message numbers its own."""
    return fence_result(name, _NO_LONGER if text.startswith("<passages>") else text)
