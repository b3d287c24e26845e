"""What a chat model answers when it is asked for a caption: the caption in it, without the talk around it."""

from __future__ import annotations

import json
import re

LEAST, MOST = 15, 80  # words of a caption
_NAMES = (
    r"(?:image |picture |scene |full |new |final |updated |revised |rewritten |short |detailed |visual )*"
    r"(?:description|caption|prompt|scene|beschreibung|bildbeschreibung|bildunterschrift|l[ée]gende|descripci[óo]n"
    r"|descri[çc][ãa]o|descrizione|didascalia|beschrijving|bijschrift|opis|beskrivning|alt[- ]text|image|picture)"
)
_MARKS = r"[*_#`>~\s]*"
_LABEL = re.compile(rf"^{_MARKS}(?:option 1\s*[:.)-]?\s*)?{_NAMES}(?: \d)?{_MARKS}[:：–—-]{_MARKS}\s", re.IGNORECASE)
_HEADING = re.compile(rf"^{_MARKS}{_NAMES}(?: \d)?{_MARKS}[:：]?{_MARKS}$", re.IGNORECASE)
_POLITE = (
    r"(?:sure|certainly|absolutely|gladly|of course|okay|ok|got it|alright|great|no problem|happy to help|understood"
    r"|here(?:'s|’s| is| are| you go)|this is|i(?:'ve|’ve| have)|below is|klar|gerne|natürlich|hier ist|voici"
    r"|bien sûr|aquí|claro|ecco|certo|natuurlijk|hier is|aqui está)"
)
_PREAMBLE = re.compile(rf"^{_POLITE}\b[^:：\n]{{0,160}}[:：]\s+(?=\S)", re.IGNORECASE)
_INTRODUCED = re.compile(rf"^[^:：.!?\n]{{0,80}}\b{_NAMES}\b[^:：.!?\n]{{0,60}}[:：]\s+(?=\S)", re.IGNORECASE)
_OPENING = re.compile(rf"^{_POLITE}\b[^.!?\n:：“\"]{{0,60}}[!.](?:\s+|$)", re.IGNORECASE)
_TALK = re.compile(
    r"^(?:i (?:hope|kept|have|added|changed|made|can|could|also|tried|would|wanted|chose|used)\b|i['’](?:ve|m|d|ll)\b"
    r"|let me know|feel free|hope (?:you|this|that)|would you like|do you want|want me"
    r"|if you(?:'d|’d| would| want| like)"
    r"|enjoy\b|note\b|this (?:caption|description|version|prompt)|(?:word )?count\b|please (?:tell|let)|changes?\b.*:"
    r"|lass mich wissen|ich hoffe|dites-moi|j['’]espère|espero|spero|laat me)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\s*[(\[]\s*(?:word count:?\s*)?~?\d+\s*(?:words|wörter|mots|palabras)?\s*[)\]]\s*$", re.IGNORECASE
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|$)|^.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|$)", re.DOTALL)
_TAGGED = re.compile(r"</?(?:caption|description|prompt|answer|output)>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|`)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*•>]|\d{1,2}[.)])\s+")
_PAIRS = {'"': '"', "“": "”", "„": "“”", "«": "»", "‘": "’", "'": "'", "`": "`", "「": "」"}
_REFUSES = re.compile(
    r"^(?:(?:i['’]?m|i am) (?:(?:really |so |very )?sorry|afraid|unable|not able)\b|sorry\b|(?:unfortunately,? )?i "
    r"(?:can['’]?t|cannot|can not|won['’]?t|am unable)\b|as an ai\b|es tut mir leid\b|désolé\b|lo siento\b)",
    re.IGNORECASE,
)


def clean(answer: str) -> str:
    """Return the caption in a model's answer, in one line: no thinking, greeting, label, fence, quotes or remarks.

    Beyond 80 words it is cut, at the end of a sentence or clause where there is one.
    """
    text = _TAGGED.sub(" ", _THOUGHT.sub(" ", answer)).strip()
    if fenced := _FENCED.search(text):
        text = fenced[1].strip() or text.replace("```", " ").strip()
    text = _in_json(text)
    parts = [_bare(part) for part in _paragraphs(text)]
    told = [part for part in parts if part and not _TALK.match(part)]
    full = next((part for part in told if len(part.split()) >= LEAST), None)
    return _cut(full or next(iter(told), ""))


def refuses(caption: str) -> bool:
    """Tell whether an answer declines or asks back, so that it is no caption at all."""
    return bool(_REFUSES.match(caption)) or caption.rstrip().endswith("?")


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs; a heading or a first line that ends with a colon stands by itself."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in block.strip().splitlines()]
        while lines and (_HEADING.match(lines[0]) or re.search(r"[:：]\W*$", lines[0])):
            lines.pop(0)
        found.append(" ".join(" ".join(lines).split()))
    return [part for part in found if part]


def _bare(text: str) -> str:
    """Return a paragraph without what stands before and behind the caption in it."""
    text = _ITEM.sub("", text)
    before = None
    while text != before:
        before = text
        for form in (_LABEL, _PREAMBLE, _INTRODUCED, _OPENING):
            text = form.sub("", text, count=1).strip()
    said = _quoted(text) or text
    said = _EMPHASIS.sub(r"\2", said)
    said = _LABEL.sub("", _COUNTED.sub("", said)).strip()
    return _without_remarks(_quoted(said) or said)


def _quoted(text: str) -> str:
    """Return what stands in the quotation marks with which a text begins, when they hold the most of it."""
    text = text.strip().lstrip("*_ ")
    ends = _PAIRS.get(text[:1], "")
    if not ends:
        return ""
    close = max(text.rfind(mark) for mark in ends)
    behind = text[close + 1 :].strip(" .*_`") if close > 0 else ""
    if close <= 0:  # the mark that closes it was cut off or forgotten
        return text[1:].strip()
    if behind and not _TALK.match(behind) and not _COUNTED.match(behind) and len(text[1:close].split()) < LEAST:
        return ""  # “OPEN” says the sign ...
    return text[1:close].strip()


def _without_remarks(text: str) -> str:
    """Leave out sentences at the end that speak to the person."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    while len(sentences) > 1 and _TALK.match(sentences[-1]):
        sentences.pop()
    return " ".join(sentences).strip()


def _in_json(text: str) -> str:
    """Return the longest string of an answer that is a JSON object or string, else the text itself."""
    if text[:1] not in ("{", '"'):
        return text
    try:
        held = json.loads(text)
    except ValueError:
        return text
    if isinstance(held, str):
        return held
    strings = [value for value in held.values() if isinstance(value, str)] if isinstance(held, dict) else []
    return max(strings, key=len, default=text)


def _cut(caption: str) -> str:
    words = caption.split()
    if len(words) <= MOST:
        return " ".join(words)
    text = " ".join(words[:MOST])
    end = max(text.rfind(mark) for mark in (". ", "; ", ", "))
    return text[:end] if len(text[: max(end, 0)].split()) >= LEAST else text
