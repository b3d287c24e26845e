"""What of a conversation is not carried into a spec: personal data, secrets, and messages about somebody's own life."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gptsmith.agent.runtime import pii
from gptsmith.assistants.plain_secrets import KEYS
from gptsmith.assistants.spec import Guardrail

_RAIL = Guardrail(
    type="pii",
    apply_to=["input"],
    strategy="redact",
    entities=["email", "credit_card", "ip", "mac_address", "phone"],
)
# What no maker publishes the shape of, and is made rather than written: bearer tokens, base64, hexadecimal.
_SECRETS = (
    KEYS,
    *map(
        re.compile,
        (
            r"(?i)\bbearer\s+[\w.~+/=-]{12,}",
            r"\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{28,}={0,2}",
            r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{32,}\b",
        ),
    ),
)
_TOLD = re.compile(
    r"\b(?:pass ?word|passwort|kennwort|passcode|passphrase|pin(?: code)?|mot de passe|contraseña|senha|secret"
    r"|api[ _-]?key|token|access[ _-]?key)\b(?:\s+(?:for|of|to|für|zu[mr]?|pour|de|para|per)(?:\s+\w+){1,3}?)?"
    r"\s*(?:is|ist|est|es|é|[:=])\s*"
    r"[\"“'‘]?(?P<it>[^\s\"”'’,;]{3,})",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_MARK = re.compile(r"\[(?:email|credit_card|ip|mac_address|phone|secret|account|name)\]")
_A_NAME = r"(?P<name>[A-ZÀ-Ý][\w'’-]+(?: (?:van |von |de |da |di )?[A-ZÀ-Ý][\w'’-]+){0,2})"
# fmt: off
_PEOPLES = frozenset((
    "American", "Austrian", "British", "Catholic", "Chinese", "Dutch", "English", "European", "French", "German",
    "Indian", "Irish", "Italian", "Jewish", "Muslim", "Polish", "Portuguese", "Scottish", "Spanish", "Swiss", "Turkish",
))
# fmt: on
_NAMED = (
    re.compile(
        r"(?i:\b(?:my (?:full )?name is|i['’]?m called|ich heiße|mein name ist|je m['’]appelle|me llamo|mi chiamo"
        rf"|o meu nome é|chamo-me|ik heet)) {_A_NAME}"
    ),
    # "I'm German" names nobody: here two words, or a comma, tell a name.
    re.compile(
        r"(?i:\b(?:i['’]m|i am|this is|ich bin|hier ist|je suis|soy|sono|ik ben)) "
        r"(?P<name>[A-ZÀ-Ý][\w'’-]+ [A-ZÀ-Ý][\w'’-]+|[A-ZÀ-Ý][\w'’-]+(?=, | from | here\b))"
    ),
    re.compile(rf"\b(?:Mrs?|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Señora?|Sra?|Signora?|Dona|Mevrouw|Meneer)\.? {_A_NAME}"),
)
_OWN_LIFE = re.compile(
    r"\b(?:my (?:full )?name is|i['’]?m called|call me \w|i live (?:in|at|on)|my address|i was born|born on"
    r"|my birthday|my (?:phone|number|account|iban|passport|social security|salary|income|diagnosis|doctor|therapist"
    r"|lawyer|boss|wife|husband|girlfriend|boyfriend|ex|mother|father|mum|mom|dad|sister|brother|son|daughter|kids?"
    r"|child(?:ren)?)\b|i(?:['’]m| am) (?:\d{1,3}(?! (?:minutes|percent))|pregnant|ill|sick|depressed|diabetic"
    r"|divorced)|i (?:have|was diagnosed with) (?:cancer|diabetes|depression|hiv|adhd)|ich heiße|ich wohne"
    r"|meine? (?:adresse|frau|mann|mutter|vater|tochter|sohn|telefonnummer)|je m['’]appelle|j['’]habite"
    r"|me llamo|vivo en|chamo-me|moro em|mi chiamo|abito a)",
    re.IGNORECASE,
)


def names_in(texts: Iterable[str]) -> list[str]:
    """Return the names under which people introduce themselves in `texts`, whole and in their parts, longest first."""
    whole = [m["name"] for text in texts for pattern in _NAMED for m in pattern.finditer(text)]
    found = {part for name in whole for part in (name, *name.split()) if len(part) > 2} - _PEOPLES
    return sorted(found, key=lambda name: (-len(name), name))


def discreet(text: str, names: Iterable[str] = ()) -> str:
    """Return `text` with personal data, secrets and `names` taken out, each find as a mark such as `[email]`."""
    for pattern in _SECRETS:
        text = pattern.sub("[secret]", text)
    text = _TOLD.sub(lambda m: m.group(0)[: m.start("it") - m.start()] + "[secret]", text)
    text = _IBAN.sub(lambda m: "[account]" if _is_account(m.group()) else m.group(), text)
    text = pii.clean(text, [_RAIL], blocking=False)
    for name in names:
        text = re.sub(rf"\b{re.escape(name)}\b", "[name]", text)
    return text


def is_marked(text: str) -> bool:
    """Say whether something was taken out of `text`."""
    return _MARK.search(text) is not None


def is_private(text: str) -> bool:
    """Say whether a message should not be repeated to others: something was taken out, or it tells of a life."""
    return is_marked(text) or _OWN_LIFE.search(text) is not None


def _is_account(found: str) -> bool:
    """Check an IBAN by its remainder."""
    plain = found.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    digits = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return int(digits) % 97 == 1
