"""A conversation as a file to keep: Markdown to read, JSON with everything."""

from __future__ import annotations

import json

from gptsmith.agent.runtime.store import Turn
from gptsmith.ui.web.markdown import numbering, renumbered


def as_markdown(title: str, turns: list[Turn]) -> str:
    """Return the conversation as it was said, each answer with the passages that it cites."""
    parts = [f"# {' '.join(title.split()) or 'Conversation'}"]
    for turn in turns:
        attached = "".join(f"\n\n*Attached: {file.get('name', '')}*" for file in turn.files)
        parts.append(f"**You**\n\n{turn.message}{attached}")
        if turn.reply is None:
            parts.append(f"*{(turn.error or {}).get('message') or 'There was no answer.'}*")
            continue
        shown = numbering(turn.reply.text, {citation.id for citation in turn.reply.citations})
        pictures = "".join(f"\n\n*Picture: {picture.get('caption') or ''}*" for picture in turn.reply.images)
        sources = "".join(
            f"\n> [{shown[citation.id]}] {citation.source}{f', page {citation.page}' if citation.page else ''}: "
            f"“{' '.join(citation.quote.split())}”"
            for citation in turn.reply.citations
        )
        said = renumbered(turn.reply.text, shown)
        parts.append(f"**Assistant**\n\n{said}{pictures}" + (f"\n{sources}" if sources else ""))
    return "\n\n".join(parts) + "\n"


def as_json(title: str, turns: list[Turn]) -> str:
    """Return the conversation with everything that is kept of it: replies, sources, tool calls, thumbs."""
    kept = {"title": title, "turns": [turn.model_dump(mode="json") for turn in turns]}
    return json.dumps(kept, ensure_ascii=False, indent=2) + "\n"
