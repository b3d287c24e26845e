"""Subtitles (SRT, WebVTT): what is said, in paragraphs, without numbers and times."""

from __future__ import annotations

import re

from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, whole

_TIME = re.compile(
    r"^\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})[^\n]*$", re.MULTILINE
)
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?[ \t]+([^>\n]{1,80})>")
_TAG = re.compile(r"</?[a-z][^>\n]*>|<\d[\d:.]*>|\{\\[^}\n]*\}", re.IGNORECASE)
_PAUSE = 4.0  # seconds without a word that begin a paragraph


def read(raw: Raw) -> Parsed:
    """Return the spoken text; raises Unreadable when there is none."""
    text, note = decode(raw.data, [raw.charset])
    text = clean_text(text)
    times = list(_TIME.finditer(text))
    if not times:
        return whole(text, note)
    out: list[str] = []
    ended, last = 0.0, ""
    for i, time in enumerate(times):
        end = times[i + 1].start() if i + 1 < len(times) else len(text)
        for line in _lines(text[time.end() : end], more=i + 1 < len(times)):
            if line == last:  # captions that roll show a line again
                continue
            turn = line.startswith(("- ", "– ", "— ")) or re.match(r"[A-Z][\w .]{0,30}: ", line)
            gap = "" if not out else "\n\n" if turn or _seconds(time[1]) - ended > _PAUSE else " "
            out.append(gap + line)
            last = line
        ended = _seconds(time[2])
    if not out:
        raise Unreadable("the subtitles hold no words", "skipped")
    return whole("".join(out), note)


def _lines(cue: str, *, more: bool) -> list[str]:
    """Return the lines of a cue; in front of the next one stands its number or name."""
    blocks = re.split(r"\n[ \t]*\n", cue.strip("\n"))
    said = blocks[0]
    if more and len(blocks) == 1:  # no blank line: the next cue's number is the last line
        said = re.sub(r"\n[ \t]*\d+[ \t]*\Z", "", said)
    said = _TAG.sub("", _VOICE.sub(r"\1: ", said)).replace("&nbsp;", " ").replace("&amp;", "&")
    return [" ".join(line.split()) for line in said.split("\n") if line.strip()]


def _seconds(time: str) -> float:
    total = 0.0
    for part in time.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


KIND = Kind("subtitles", (".srt", ".vtt"), read, content_types=("text/vtt", "application/x-subrip"))
