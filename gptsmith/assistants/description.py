"""A person's description of an assistant, taken apart: its sentences, rules, first request, addresses and language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from gptsmith.assistants.binding import binds

Section = Literal["text", "task", "rules", "variables", "template"]

_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»|„[^“\n]*“|(?<!\w)'[^'\n]{2,}?'(?!\w)|`[^`\n]*`")
_END = re.compile(r"(?<=[.!?…])[\"”»)']*\s+(?=[\"“«¿¡(\[{]?[^\W_])|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|z\.B|Dr|Mr|Mrs|Ms|St|No|approx|ca|max|min|bzw|p|pp)\.|\b[A-Z]\.)$"
)
_NUMBERED = re.compile(r"(?:(?<=\s)|^)\(?(?P<n>\d{1,2})[.)]\s+(?=[^\W\d_])")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*(?:#{1,6}\s*(?P<hash>.+?)\s*:?|\**(?P<colon>[^.!?]{1,120}?):\**)\s*$")
_RULES_HEADING = re.compile(
    r"\b(rules?|constraints?|requirements?|guard ?rails|do nots?|don'?ts|limits?|regeln|reglas|règles|regole"
    r"|regras)\b",
    re.IGNORECASE,
)
_VARIABLES_HEADING = re.compile(r"\bvariables?\b|\binputs? you can use\b", re.IGNORECASE)
_TEMPLATE_HEADING = re.compile(r"\b(template|example|format|sample)\b", re.IGNORECASE)

_ABSOLUTE = re.compile(r"(?:never|always|do not|don['’]t|avoid) ", re.IGNORECASE)
_NEXT_RULE = re.compile(
    r"(?:[,;] (?:and |but )?| and | but )(?=(?:never|always|do not|don['’]t) (?!it\b|that\b|them\b))", re.IGNORECASE
)
# Where a clause of its own begins: what must or must not be, or the reason, thanks or remark behind it.
_NEXT_CLAUSE = re.compile(
    r"(?: [-–—] |[;:,] )(?:and |but )?(?=(?:it|he|she|they|you|never|always|do not|don['’]t|no|only|must|should"
    r"|i|we|my|our|people|everyone|because|since|that(?:['’]s| is| was| \w+(?:ed|s|t)\b)|this (?:is|was)"
    r"|otherwise|ok(?:ay)?|right|thanks"
    r"|thank you)(?:\b|(?<=\w)(?=['’])))"
    r"| (?:and|but) (?=(?:(?:it|he|she|they|you) )?(?:never|always|do not|don['’]t|must|should|may not|cannot)\b"
    r"(?! (?:it|that|them)\b))",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|until|once|while)\b", re.IGNORECASE)
_FIRST = re.compile(
    r"^\W*(?:and |so )?(?P<whose>my|your) (?:very )?first (?P<noun>[\w-]+(?: [\w-]+){0,2}?)(?: (?:for you|to you))?"
    r"(?:(?: is| will be| would be):?|:)\s*(?P<rest>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_SAYING = {"request", "question", "command", "sentence", "message", "prompt", "input", "suggestion request", "task"}
_URL = re.compile(r"https?://[^\s<>\"'“”«»)\]}]+")

_FUNCTION_WORDS = {
    "en": "the a an of to and in is for with that it my i you on as from me your our we or by this are be will what who"
    " how about when not no its they",
    "de": "der die das ein eine einen und ist nicht mit für von zu den dem ich du er sie es wir im auf auch wie bei als"
    " soll dass meine mein",
    "es": "el la los las un una y de que en para con por mi su es no se del al quiero como más lo yo tu debe",
    "fr": "le la les un une et de des que en pour avec par mon ma mes son sa est pas du au qui je tu il elle nous dans",
    "it": "il lo la gli le un una e di che in per con mio mia è non del della al sono come più voglio deve",
    "pt": "o a os as um uma e de que em para com por meu minha é não do da no na se quero como mais deve",
    "nl": "de het een en van is niet met voor op ik je dat die in te mijn hij zij wij als moet",
}


@dataclass(frozen=True)
class Sentence:
    """One sentence or list item: `section` says under what kind of heading, `lead` repeats that heading."""

    text: str
    section: Section = "text"
    lead: str = ""
    item: bool = False


def split(text: str) -> list[Sentence]:
    """Return the sentences and list items of `text`, in order, each with the kind of heading it stands under.

    Never cuts inside quotation marks, addresses or abbreviations. A fenced code block is one `template` sentence.
    """
    out: list[Sentence] = []
    section: Section = "text"
    lead = ""
    gap = False
    for n, block in enumerate(re.split(r"```[^\n]*\n?(.*?)```", text, flags=re.DOTALL)):
        if n % 2:
            out.append(Sentence(block.strip("\n"), "template", lead))
            continue
        for line in (item for whole in block.splitlines() for item in _items_apart(whole)):
            if not line.strip():
                gap = True
                continue
            bullet, body = bool(_BULLET.match(line)), _BULLET.sub("", line).strip()
            heading = None if bullet else _HEADING.match(line)
            if gap and not bullet and not heading and out and (out[-1].item or section == "task"):
                section, lead = "text", ""  # a paragraph after a list no longer belongs to the list's heading
            gap = False
            if heading:
                lead = (heading["hash"] or heading["colon"]).strip(" *")
                section = _section(lead)
            elif section in ("rules", "variables") or bullet:
                here: Section = (
                    "variables" if re.match(r"^\$?\{+\w+(?::[^}]*)?\}+\s+(?:[-–—:]|for )", body) else section
                )
                out += (
                    [Sentence(s, here, lead, True) for s in sentences(body)]
                    if section == "rules"
                    else [Sentence(body, here, lead, bullet)]
                )
            elif re.match(r"^\$?\{+\w+(?::[^}]*)?\}+\s+[-–—:]", body):
                out.append(Sentence(body, "variables", lead, True))
            else:
                out += _prose(body)
                last = out[-1] if out else None
                if last and body.endswith(":"):
                    lead = last.text.rstrip(":").strip()
                    section = _section(lead)
                    out.pop()
                elif section == "template":
                    section = "text"
    return out


def sentences(text: str) -> list[str]:
    """Return the sentences of one paragraph, quotations kept whole."""
    masked = _mask(text)
    cuts, start = [], 0
    for match in _END.finditer(masked):
        if _ABBREVIATION.search(masked[: match.start()].rstrip("\"”»)'")):
            continue
        end = match.start() + len(match.group(0).rstrip())
        cuts.append(text[start:end])
        start = match.end()
    cuts.append(text[start:])
    return [cut.strip() for cut in cuts if cut.strip()]


def is_rule(sentence: Sentence) -> bool:
    """Say whether the person states a rule here: under such a heading, or in words like must, never, always, only."""
    if sentence.section in ("variables", "template") or _FIRST.match(sentence.text):
        return False
    if sentence.section == "rules":
        return True
    masked = _QUOTED.sub(lambda m: "_" * len(m.group(0)), sentence.text)
    return binds(masked)


def rules(text: str) -> list[str]:
    """Return the person's rules, word for word, in order; those that hang in one sentence one by one."""
    return list(dict.fromkeys(rule for s in split(text) if is_rule(s) for rule in rules_of(s)))


def rules_of(sentence: Sentence) -> list[str]:
    """Return the rules of a sentence, apart where each stands alone: `Never guess, and always ask first.`"""
    if not _ABSOLUTE.match(sentence.text):
        return [sentence.text]
    masked = _mask(sentence.text)
    cuts = [m for m in _NEXT_RULE.finditer(masked) if not re.search(r"\b(?:if|when|unless)\b", masked[: m.start()])]
    starts, ends = [0, *(m.end() for m in cuts)], [*(m.start() for m in cuts), len(masked)]
    return [sentence.text[start:end].strip() for start, end in zip(starts, ends, strict=True)]


def clauses_of(rule: str) -> list[str]:
    """Return the clauses of a rule's sentence that say what must or must not be, word for word; else the whole of it.

    `I want a guide, it must cite the page and never guess` has two; what stands under a condition is not taken apart.
    """
    whole, masked = rule.strip(), _mask(rule.strip()).rstrip(".!")
    if _CONDITION.search(masked):
        return [whole]
    cuts = list(_NEXT_CLAUSE.finditer(masked))
    starts, ends = [0, *(m.end() for m in cuts)], [*(m.start() for m in cuts), len(masked)]
    clauses = [whole[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return [clause for clause in clauses if is_rule(Sentence(clause))] or [whole]


def first_request(text: str) -> str | None:
    """Return what the person says their first message is, ready to be sent; None when they name none."""
    for sentence in split(text):
        match = _FIRST.match(sentence.text)
        if not match:
            continue
        noun, rest = match["noun"].lower(), match["rest"].strip()
        quoted = re.match(r"^[\"“«'„]+(.+?)[\"”»'“]*\.?$", rest, re.DOTALL)
        if quoted:
            return quoted.group(1).strip()
        if noun in _SAYING or noun.split()[-1] in _SAYING:
            return rest[:1].upper() + rest[1:] if " " in rest and rest[0].isalpha() else rest
        if match["whose"].lower() == "your":  # "your first challenge is to name a price": what the assistant is asked
            asked = rest.removeprefix("to ")
            return asked[:1].upper() + asked[1:]
        return f"My {noun} is {rest}"
    return None


def is_first_request(sentence: str) -> bool:
    """Say whether this sentence is the one that names the first message."""
    return bool(_FIRST.match(sentence))


def urls(text: str) -> list[str]:
    """Return the addresses that stand in the person's own words, without the punctuation behind them."""
    return list(dict.fromkeys(u.rstrip(".,;:!?") for u in _URL.findall(text)))


def language(text: str) -> str:
    """Return the two-letter language that the function words speak for; `en` in doubt, `xx` for another script."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    letters = [c for c in text if c.isalpha()]
    if letters and sum(ord(c) > 0x24F for c in letters) > len(letters) / 2:
        return "xx"
    scores = {code: sum(w in known for w in words) for code, known in _known_words().items()}
    best = max(scores, key=lambda code: (scores[code], code == "en"))
    return best if scores[best] > scores["en"] else "en"


def _known_words() -> dict[str, set[str]]:
    return {code: set(line.split()) for code, line in _FUNCTION_WORDS.items()}


def _section(lead: str) -> Section:
    if _VARIABLES_HEADING.search(lead):
        return "variables"
    if _RULES_HEADING.search(lead):
        return "rules"
    return "template" if _TEMPLATE_HEADING.search(lead) and len(lead.split()) < 5 else "task"


def _items_apart(line: str) -> list[str]:
    """Return a line, or the items of a list that is numbered within it: `Rules: 1. Be kind. 2. Never guess.`"""
    marks: list[re.Match[str]] = []
    for mark in _NUMBERED.finditer(_mask(line)):
        if int(mark["n"]) == len(marks) + 1:
            marks.append(mark)
    if len(marks) < 2:
        return [line]
    starts = [m.start() for m in marks]
    items = [f"{m['n']}. {line[m.end() : end]}" for m, end in zip(marks, [*starts[1:], len(line)], strict=True)]
    return [lead, *items] if (lead := line[: starts[0]]).strip() else items


def _prose(body: str) -> list[Sentence]:
    return [Sentence(s) for s in sentences(body)]


def _mask(text: str) -> str:
    def blank(match: re.Match[str]) -> str:
        found = match.group(0)
        # The mark before the closing quote may end the sentence around it: "… is "Hi there."" then a new one.
        closing = found[-2:] if found[-2:-1] in ".!?…" else "_" + found[-1:]
        return "_" * (len(found) - 2) + closing if len(found) > 2 else found

    return _URL.sub(lambda m: "_" * len(m.group(0)), _QUOTED.sub(blank, text))
