"""What went wrong at a provider, as one `ProviderError` with the fix, and whether asking again can help.

Providers raise dozens of classes from a dozen packages; what they share is an HTTP status and the names of their bases,
so that is what is read. Texts of a provider are shown only where they help (a refused request) and never with the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from gptsmith.errors import NotReadyError, ProviderError
from gptsmith.models.chat.limits import DeadlineError, TooLongError, too_long

TIMEOUTS = {"TimeoutError", "TimeoutException", "APITimeoutError", "StreamChunkTimeoutError"}
BROKEN = {"ConnectionError", "TransportError", "APIConnectionError", "NetworkError", "ProtocolError", "ClientError"}
OVERFLOW = {"ContextOverflowError"}
NOT_OF_LENGTH = {401, 403, 404, 408, 429}  # statuses whose texts speak of other limits
KEY = re.compile(r"\b(?:sk|pk|gsk|xai|hf)[-_][A-Za-z0-9_\-*]{6,}|\bBearer\s+\S+", re.IGNORECASE)
DETAIL = 300
# What servers say, some of them with a 500, to a model that does not see.
_NO_PICTURES = re.compile(
    r"(?:image|vision|visual|multi-?modal|picture)[^.\n]{0,80}"
    r"(?:not (?:be )?(?:support|allow|accept|enabl|process)|unsupported|only available|mmproj)"
    r"|(?:not support|unsupported|cannot (?:read|see|process)|no)[^.\n]{0,60}"
    r"(?:image_url|images?\b|vision|multi-?modal|pictures?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Contact:
    """What an error may say about a model: its label, host, the variable of its key, and how to start its server.

    `own`: a program made the model itself, so that nothing is known of an address.
    """

    label: str
    host: str = ""
    variable: str = ""
    start: str = ""
    secrets: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True)
class Failure:
    """A provider's failure: the error to show, and whether and when asking again can help.

    `empty`: an answer came and nothing in it was for the person; the same model is asked once more.
    """

    error: ProviderError
    retry: bool = False
    retry_after: float | None = None
    empty: bool = False


class NotAnAnswer(Exception):
    """A server answered, with something else than a chat answer; the text says with what."""


def read_failure(error: BaseException, contact: Contact, *, started: bool = False) -> Failure:
    """Return the failure for what a provider's client raised; `started` when part of the answer had arrived."""
    if isinstance(error, ProviderError):
        return Failure(error)
    if isinstance(error, NotReadyError):
        return Failure(ProviderError(error.message, code="unavailable", hint=error.hint))
    if isinstance(error, DeadlineError):
        return _timeout(contact, str(error))
    if isinstance(error, NotAnAnswer):
        hint = "check that base_url is the address of a chat API, often ending in /v1, and needs no login page"
        message = f"{contact.label} answered with {error} instead of a chat answer"
        return Failure(ProviderError(message, code="bad_answer", hint=hint))
    names = {c.__name__ for link in _chain(error) for c in type(link).__mro__}
    code = _status(error)
    if code not in NOT_OF_LENGTH:
        body = getattr(error, "body", None)
        if (longer := too_long(f"{error} {body or ''}"[:4000], contact.label)) is not None:
            return Failure(longer)
    if names & OVERFLOW:
        return Failure(TooLongError(contact.label))
    if code is not None:
        return _by_status(code, error, contact)
    if names & TIMEOUTS:
        return _timeout(contact, "did not answer in time")
    if names & BROKEN:
        return _unreachable(contact, started)
    if contact.own:
        message = f"the model did not answer ({type(error).__name__})"
        return Failure(ProviderError(message, code="unavailable", hint="try again, or choose another"))
    return Failure(
        ProviderError(
            f"{contact.label} sent something that is not a chat answer ({type(error).__name__})",
            code="bad_answer",
            hint="check that base_url is the address of a chat API, often ending in /v1, or try again",
        )
    )


def is_refusal(error: BaseException, label: str) -> bool:
    """Tell whether a server understood a request and would not take it, for another reason than its length."""
    return read_failure(error, Contact(label)).error.code == "rejected" or bool(_NO_PICTURES.search(str(error)))


def empty_answer(contact: Contact, finish: str, *, thought: bool = False, refusal: str = "") -> Failure:
    """Return the failure for an answer without a word and without a call; `finish` is why it ended."""
    label, again = contact.label, True
    message, hint = f"{label} gave no answer: what it sent is empty", "ask again, or choose another model"
    if refusal:
        message, hint, again = f"{label} declined to answer: {_short(refusal)}", "ask in other words", False
    elif finish == "content_filter":
        message, hint, again = f"the content filter of {label} held the answer back", "ask in other words", False
    elif finish == "length":
        message, again = f"{label} came to its limit of length before it said anything", False
        hint = "raise max_tokens under model, or choose a model that thinks less"
    elif thought:
        message = f"{label} gave no answer: it only thought"
    return Failure(ProviderError(message, code="bad_answer", hint=hint), again, empty=True)


def no_events(contact: Contact) -> Failure:
    """Return the failure for a stream in which nothing of an answer came: the server may know whole answers only."""
    message = f"{contact.label} gave no answer: its stream ended before it began"
    hint = "ask again, or choose another model"
    return Failure(ProviderError(message, code="bad_answer", hint=hint), retry=True, empty=True)


def _timeout(contact: Contact, what: str) -> Failure:
    hint = "try again, or choose a faster model"
    return Failure(ProviderError(f"{contact.label} {what}", code="timeout", hint=hint))


def _unreachable(contact: Contact, started: bool) -> Failure:
    where = contact.host or contact.label
    if started:
        message, hint = f"the connection to {where} broke in the middle of the answer", "send the message again"
    else:
        message = f"{contact.label} cannot be reached at {where}"
        hint = contact.start or "check the network and base_url"
    return Failure(ProviderError(message, code="unavailable", hint=hint), retry=True)


def _by_status(code: int, error: BaseException, contact: Contact) -> Failure:
    if code in (401, 403):
        return Failure(_unauthorized(code, contact))
    if code == 429:
        return _rate_limited(error, contact)
    if (code == 408 or code >= 500) and not _NO_PICTURES.search(str(error)):
        hint = "try again later, or add a fallback model"
        message = f"{contact.label} failed on its side (HTTP {code})"
        return Failure(ProviderError(message, code="unavailable", hint=hint), True, _retry_after(error))
    detail = _detail(error, contact)
    hint = contact.start if code == 404 and contact.start else "check the model's name and settings"
    return Failure(ProviderError(f"{contact.label} refused the request: {detail}", code="rejected", hint=hint))


def _unauthorized(code: int, contact: Contact) -> ProviderError:
    if contact.variable:
        hint = f"check the key in {contact.variable} and what it may use"
    else:
        hint = "this server wants a key: put one in an environment variable and write api_key: ${env:NAME} under model"
    return ProviderError(f"{contact.label} did not accept the key (HTTP {code})", code="unauthorized", hint=hint)


def _rate_limited(error: BaseException, contact: Contact) -> Failure:
    if "insufficient_quota" in str(error):
        message, hint = f"the account behind {contact.label} has no credit left", "add credit, or choose another model"
        return Failure(ProviderError(message, code="rate_limited", hint=hint))
    wait = _retry_after(error)
    hint = f"try again in {wait:.0f} seconds" if wait and wait >= 1 else "wait a little and try again"
    message = f"{contact.label} takes no more requests for now (HTTP 429)"
    return Failure(ProviderError(message, code="rate_limited", hint=hint), True, wait)


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and what it was raised from, outermost first."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links and len(links) < 8:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _status(error: BaseException) -> int | None:
    for link in _chain(error):
        for holder in (link, getattr(link, "response", None)):
            code = getattr(holder, "status_code", None)
            if isinstance(code, int) and code >= 400:
                return code
    return None


def _retry_after(error: BaseException) -> float | None:
    """Read `Retry-After` as seconds from now; it comes as seconds or as a date."""
    for link in _chain(error):
        headers: Any = getattr(getattr(link, "response", None), "headers", None)
        value = headers.get("retry-after") if hasattr(headers, "get") else None
        if not value:
            continue
        try:
            return max(0.0, float(value))
        except ValueError:
            pass
        try:
            then = parsedate_to_datetime(value)
        except ValueError:
            continue
        from datetime import datetime

        return max(0.0, (then - datetime.now(then.tzinfo)).total_seconds())
    return None


def _detail(error: BaseException, contact: Contact) -> str:
    """Return the provider's own words, short, in one line, without the key."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else inner
    text = " ".join(str(said or error).split())
    for secret in contact.secrets:
        if len(secret) >= 6:  # a shorter one is a placeholder, and taking it out would garble the words
            text = text.replace(secret, "***")
    return _short(KEY.sub("***", text).rstrip("."))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= DETAIL else text[:DETAIL].rstrip() + "…"
