"""The documents that a description names: what the assistant is to answer from, attached or not."""

from __future__ import annotations

import re

_KIND = (
    r"(?:terms and conditions|code of conduct"
    r"|spreadsheets?|handbooks?|manuals?|pdfs?|documents?|docs|files?|folders?|minutes|catalogues?|catalogs?"
    r"|cookbooks?|databases?|wiki|polic(?:y|ies)|menus?|archives?|brochures?|datasheets?|worksheets?|slides"
    r"|transcripts?|protocols?|regulations?|statutes?|bylaws|by-laws|leaflets?|csvs?|knowledge base|faqs?|textbooks?"
    r"|guidebooks?|notes|contracts?|rule ?books?|binders?|rotas?|rosters?|timetables?|tariffs?|checklists?"
    r"|inventor(?:y|ies)|director(?:y|ies)|registers?|syllabus|glossar(?:y|ies)|ledgers?|records|reports?|terms"
    r"|lists?|tables?|sheets?|books?|rules|plans?|schedules?|charts?|guidelines|recipes|instructions"
    r"|(?:style|user|city|field|trail) guides?|price lists?)"
)
# Words that are documents by themselves; the others need a word before them: "the fee table", not "the table".
_PLAIN = re.compile(
    r"(?:handbooks?|manuals?|pdfs?|documents?|files?|catalogu?e?s?|brochures?|leaflets?|faqs?|rotas?|timetables?"
    r"|binders?|regulations?|statutes?|bylaws|rule ?books?|spreadsheets?|wiki|knowledge base|terms and conditions"
    r"|code of conduct|price lists?|polic(?:y|ies)|syllabus)\Z",
    re.IGNORECASE,
)
_WORD = r"(?!(?:and|or|to|of|in|on|for|with|from|by|at|that|which|who|is|are|was|as|the|a|an|our|my)\b)[\w'’-]+"
_NAMED = rf"(?:{_WORD} ){{0,3}}?{_KIND}\b"
_OWNER = r"(?:our|my|their|his|her|its|the company['’]s|the attached|attached|this|these|the)"
_PHRASE = rf"{_OWNER} {_NAMED}(?:(?:,| and| or|, and) (?:{_OWNER} )?{_NAMED})*"
# What makes a document a source: the assistant answers from it, looks into it, knows it.
_SOURCE = re.compile(
    rf"\b(?:from|out of|according to|based on|relying on|using|uses?|knows?|cit(?:e|es|ing)|quot(?:e|es|ing)"
    rf"|consults?|follows?|stands?(?: \w+)? in|(?:look|check|search|find)s?(?: \w+){{0,3}}? in|answers? (?:\w+ )?with"
    rf"|stick(?:s|ing)? to|what(?:['’]s| is| stands)? in|(?:is|are|written|found) in|about|on) (?:only |strictly )?"
    rf"(?P<what>{_PHRASE})",
    re.IGNORECASE,
)
_HANDED = re.compile(
    rf"(?P<what>{_PHRASE})[^.;,]{{0,12}}?\b(?:i|we)(?:['’]ll| will| shall| can| am going to|['’]m going to)? "
    r"(?:upload|attach|send|provide|add|give|hand|share|put)\b|"
    rf"\b(?:i|we)(?:['’]ll| will| can)? (?:upload|attach|add|hand over|provide) (?P<given>{_PHRASE})",
    re.IGNORECASE,
)
_OWNED = re.compile(
    rf"(?P<what>(?:our|the company['’]s|the attached|attached) {_NAMED}(?:(?:,| and|, and) (?:our |the )?{_NAMED})*)",
    re.IGNORECASE,
)
_NOT_SO_CALLED = re.compile(
    r"^(?:the|this|these|its|their) (?:\w+ )?(?:following|same|first|last|next|right|whole|user['’]?s?|given|above"
    r"|below|other|new|final|shopping|packing|to-?do|reading|answer|rest|game|meal|lesson|training|study|test"
    r"|periodic|picture)\b",
    re.IGNORECASE,
)
_PASTED = re.compile(r"\b(?:i|we|they|users?|you) (?:\w+ )?(?:paste|type|write|dictate|send|upload in)\w*\b", re.I)
_OWN_WORK = re.compile(
    r"\b(?:create|write|draft|generate|build|design|develop|prepare|improve|edit|proofread|translate|fill|update"
    r"|summari[sz]e|keep|maintain|make|turn|learn)\w*(?: (?!from\b|out\b|in\b|based\b|using\b)[\w'’-]+){0,3} ?$",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"\b(?:about|on)\Z", re.IGNORECASE)
_SAME = re.compile(r"[^\W\d_]{3,}")


def named_documents(text: str) -> list[str]:
    """Return the documents that `text` names as a source, each by its phrase: `the house rules`, `our plant list`."""
    found: dict[int, str] = {}
    for pattern in (_SOURCE, _HANDED, _OWNED):
        for match in pattern.finditer(text):
            group = "what" if match["what"] else "given"
            start = match.start(group)
            clause = re.split(r"[.;:!?]", text[:start])[-1]
            before = text[match.start() : start].strip()
            about = _TOPIC.search(before) and not re.match(r"(?:our|my|the attached|attached)\b", match[group], re.I)
            if about or _OWN_WORK.search(clause) or _PASTED.search(f"{clause} {match[group]}"):
                continue
            for name in _apart(match[group]):
                found.setdefault(text.index(name, start), name)
    names = [" ".join(found[at].split()) for at in sorted(found)]
    return [n for i, n in enumerate(names) if not any(n.casefold() in o.casefold() for o in names[:i])]


def missing_documents(text: str, files: list[str]) -> list[str]:
    """Return the named documents that none of the attached files can be.

    One file may be all that was meant; of several documents, those that share no word with a file's name are missing.
    """
    named = named_documents(text)
    if not files:
        return named
    held = {_stem(word) for name in files for word in _SAME.findall(re.sub(r"[_\W]+", " ", name))}
    shared = [name for name in named if {_stem(word) for word in _SAME.findall(name)} & held]
    return [name for name in named if name not in shared] if shared and len(named) > len(files) else []


def _stem(word: str) -> str:
    return word.casefold().removesuffix("s")[:6]


def _apart(phrase: str) -> list[str]:
    """Return the documents of a phrase that joins several; one that is none by itself, such as `the list`, is left."""
    parts = [part.strip() for part in re.split(r",\s*(?:and |or )?| and (?=(?:our|my|the|its|their)\b)", phrase)]
    parts = [one for part in parts for one in _at_and(part)]
    out = []
    for part in parts:
        bare = re.sub(rf"^{_OWNER}\s+", "", part, flags=re.IGNORECASE)
        own = re.match(r"(?:our|my|attached|the attached|the company)\b", part, re.IGNORECASE)
        if part and not _NOT_SO_CALLED.match(part) and (own or " " in bare or _PLAIN.match(bare)):
            out.append(part)
    return out


def _at_and(part: str) -> list[str]:
    joined = re.match(rf"(?P<one>.*{_KIND}) and (?P<other>{_NAMED})\Z", part, re.IGNORECASE)
    whole = re.search(r"terms and conditions\Z", part, re.IGNORECASE)
    return [joined["one"], joined["other"]] if joined and not whole else [part]
