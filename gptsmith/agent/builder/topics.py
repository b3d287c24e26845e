"""What attached files are about, by their own headings: for test questions and starters; no model is shown them."""

from __future__ import annotations

import re

from gptsmith.agent.builder.attachments import Attachment, files_in
from gptsmith.errors import GptsmithError

_FILES = 4
_TRIED = 12  # a folder may begin with files that cannot be read
_BYTES = 8 * 1024 * 1024
_SECONDS = 15.0
_HEADING = re.compile(r"^(?:#{1,6}\s+|\d{1,2}(?:\.\d{1,2})*\.?\s+)?(?P<words>[^\W\d_][^.!?:;|<>{}\n]{2,58}?)\s*:?$")
_RUN_IN = re.compile(r"^(?P<words>[^\W\d_][^.!?:;|<>{}\n]{2,40}?)[.:]\s+\S")


def topics(attachments: list[Attachment]) -> dict[str, list[str]]:
    """Return, by file name, up to four headings of each of the first files; a file that cannot be read gives none."""
    from gptsmith.rag.reading.parsed import Unreadable
    from gptsmith.rag.reading.process import ReadingProcess

    wanted = [file for attachment in attachments for file in files_in(attachment.source)][:_TRIED]
    found: dict[str, list[str]] = {}
    with ReadingProcess(_SECONDS) as reader:
        for file in wanted:
            try:
                if file.stat().st_size > _BYTES:
                    continue
                text = reader.read(file.read_bytes(), file.name).text
            except (OSError, Unreadable, GptsmithError):
                continue  # the knowledge's own receipt says why; a draft does not depend on it
            if lines := headings(text):
                found[file.name] = lines
            if len(found) == _FILES:
                break
    return found


def headings(text: str) -> list[str]:
    """Return up to four headings: short lines without an end, or the short run-in title of a paragraph."""
    lines = [line.strip() for line in text[:200_000].splitlines()]
    set_off = [m for n, line in enumerate(lines) if n and (m := _HEADING.match(line)) and _is_title(m["words"], line)]
    run_in = [m for line in lines if (m := _RUN_IN.match(line)) and len(m["words"].split()) < 5]
    words = [m["words"].strip() for m in (run_in if len(run_in) > len(set_off) else set_off)]
    return list(dict.fromkeys(words))[:4]


def _is_title(words: str, line: str) -> bool:
    counted = len(words.split())
    return (line.startswith("#") and counted < 9) or (1 < counted < 7 and words[0].isupper() and "," not in words)
