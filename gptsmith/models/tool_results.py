"""The fence around a tool's result, the same bytes for every model: what stands inside is data, never an order.

The runtime writes it into the tool's message; the embedded model reads it back. The closing fence cannot occur inside.
"""

from __future__ import annotations

import re

_FENCE_WORD = re.compile(r"<(?=/?tool_result\b)", re.IGNORECASE)
_NOT_A_NAME = re.compile(r"[^\w.-]")  # a model may call what it likes
_FENCED = re.compile(r'<tool_result tool="[^"]*">\n(.*)\n</tool_result>', re.DOTALL)


def fence_result(name: str, text: str) -> str:
    """Return the result of the tool `name` between fences; a block of passages carries its own and stays as it is."""
    if text.startswith("<passages>\n") and text.find("</passages>") == len(text) - len("</passages>"):
        return text  # one block from end to end; what a tool writes behind a block of its own is fenced
    safe = _FENCE_WORD.sub("&lt;", text)
    return f'<tool_result tool="{_NOT_A_NAME.sub("_", name)}">\n{safe}\n</tool_result>'


def unfence_result(text: str) -> str:
    """Return what stands between the fences, or the text itself when it has none."""
    found = _FENCED.fullmatch(text.strip())
    return re.sub(r"&lt;(?=/?tool_result\b)", "<", found.group(1), flags=re.IGNORECASE) if found else text
