"""E-mail (EML, MHTML, mbox): who wrote to whom when about what, the message, and the text of its attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import default

from gptsmith.rag.reading import kinds
from gptsmith.rag.reading.encodings import decode
from gptsmith.rag.reading.parsed import Kind, Parsed, Raw, Unreadable, clean_text, noted, whole

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MACHINES = ("text/rfc822-headers", "message/delivery-status")
_MOST_PARTS = 200
_FROM = re.compile(rb"^From \S+.*\d{4}.*\n", re.MULTILINE)  # between the messages of an mbox
_BAD_MAIL = "the message is broken; open it in a mail program and save it anew"


def read(raw: Raw) -> Parsed:
    """Return the text of one or more messages; raises Unreadable when there is none."""
    messages = [m for m in _FROM.split(raw.data) if m.strip()] if _FROM.match(raw.data) else [raw.data]
    texts, notes = [], []
    for data in messages:
        try:
            text, note = _message(BytesParser(EmailMessage, policy=default).parsebytes(data), raw)
        except (MessageError, LookupError, ValueError, AttributeError, IndexError, KeyError, TypeError) as error:
            raise Unreadable(_BAD_MAIL) from error  # the parser's own slips on damaged headers
        texts.append(text)
        notes.append(note)
        raw.beat()
    return whole(clean_text("\n\n".join(texts)), noted(*dict.fromkeys(notes)))


def _message(message: MIMEPart, raw: Raw) -> tuple[str, str]:
    head = "\n".join(f"{name}: {' '.join(str(message[name]).split())}" for name in _HEADERS if message[name])
    body = _body(message, raw)
    if not head and not body:
        raise Unreadable(_BAD_MAIL)
    parts, left = [head, body], []
    for i, part in enumerate(_attached(message)):
        name = part.get_filename() or f"part {i + 1}"
        if not part.is_multipart() and not part.get_payload(decode=True):
            continue
        try:
            if i >= _MOST_PARTS:
                raise Unreadable(f"a message has at most {_MOST_PARTS} parts")
            parts.append(f"## {name}\n\n{_part(part, name, raw)}")
        except Unreadable as error:
            left.append(f"{name} in it is not read: {error}")
    return "\n\n".join(filter(None, parts)), noted(*left[:5])


def _part(part: MIMEPart, name: str, raw: Raw) -> str:
    """Return what an attachment says, a message that was passed on included."""
    inside = part.get_payload(0) if part.is_multipart() else None
    if isinstance(inside, MIMEPart):
        return _message(inside, raw)[0]
    data = part.get_payload(decode=True)
    if part.get_content_type() in _MACHINES and isinstance(data, bytes):  # how a mail went: what a reader looks at
        return "\n".join(line for line in _text(part).splitlines() if line.partition(":")[0].title() in _HEADERS)
    hints = (part.get_content_type(), part.get_content_charset() or "", raw.beat)
    return kinds.read_any(Raw(data if isinstance(data, bytes) else b"", name, *hints)).text


def _body(message: MIMEPart, raw: Raw) -> str:
    """Return the message's words: the plain form, or the page where that is all there is or says more."""
    plain, page = (message.get_body((form,)) for form in ("plain", "html"))
    said = _text(plain).strip() if plain is not None else ""
    if page is None or len(said) > 80:
        return said
    try:
        shown = kinds.read_any(Raw(_text(page).encode(), "message.html", "text/html", "utf-8", raw.beat)).text
    except Unreadable:
        return said
    return shown if len(shown) > 2 * len(said) else said


def _text(part: MIMEPart) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    text = clean_text(decode(data, [part.get_content_charset() or ""])[0]) if data.strip() else ""
    if part.get_param("format", "") == "flowed":
        text = re.sub(r"(?<=[^\n-]) \n(?=[^\s>])", " ", text)
    return text


def _attached(message: MIMEPart) -> Iterator[MIMEPart]:
    """Yield what is in the message beside its words: also messages that were passed on, not the page's pictures."""
    bodies = {id(message.get_body((form,))) for form in ("plain", "html")}
    for part in _leaves(message):
        inside = part.get_content_maintype() in ("image", "font") and not part.is_attachment()
        if id(part) not in bodies and not inside and part.get_content_type() != "text/css":
            yield part


def _leaves(message: MIMEPart) -> Iterator[MIMEPart]:
    if not message.is_multipart() or message.get_content_type() == "message/rfc822":
        yield message
        return
    parts = list(message.iter_parts())
    if message.get_content_type() == "multipart/alternative":  # the same thing in several forms
        parts = [part for part in parts if part.is_multipart()]
    for part in parts:
        yield from _leaves(part)


KIND = Kind("e-mail", (".eml", ".mht", ".mhtml", ".mbox"), read, content_types=("message/rfc822", "multipart/related"))
