"""What a description mentions: blanks to fill, documents to answer from, verbs, phrases that stand out."""

from __future__ import annotations

import re
import unicodedata

from pydantic import BaseModel

# The blanks in a description (`${city}`, `${city:Porto}`, `{city}`, `[city]`) and the variables they become.

_DOLLAR = r"\$\{(?P<dollar>[^{}:\n]{1,60})(?::(?P<default>[^{}\n]{0,300}))?\}"
_CURLY = r"(?<![\w{$])\{(?P<curly>[^\W\d_][\w \-]{0,40})\}(?!\})"
_SQUARE = r"(?<![\w\]!])\[(?P<square>[a-z][a-z0-9 _\-]{1,40})\](?![\(\[:])"
_DOUBLE = r"\{\{(?P<double>[a-z][a-z0-9_]*)\}\}"
_BLANK = re.compile("|".join((_DOLLAR, _DOUBLE, _CURLY, _SQUARE)))
# A bracket that shows a form ("in the format: [mapped bullet]") or a sign ("inside curly brackets {like this}").
_SHOWN = re.compile(r"\b(format|template|brackets?|braces?|form)\b", re.IGNORECASE)
_OF_THE_PERSON = (
    r"(?:^|[.!?\n] *)((?:My|Our|I|We|The) [^.!?{{}}\n]{{1,60}}\{{\{{{name}\}}\}}[^.!?{{}}\n]{{0,40}})(?=[.!?\n]|$)"
)


class Blank(BaseModel):
    """A blank that the person fills in: `label` as they wrote it, `name` fit for `{{name}}`."""

    name: str
    label: str
    description: str = ""
    default: str | None = None


def fill_blanks(text: str) -> tuple[str, list[Blank]]:
    """Return `text` with every blank written as `{{name}}`, and the blanks in order of appearance.

    A bracket that only shows a format stays as it is; `${...}` is always a blank.
    """
    blanks: dict[str, Blank] = {}
    out, at = [], 0
    for match in _BLANK.finditer(text):
        out.append(text[at : match.start()])
        at = match.end()
        blank = _blank(match, text)
        if blank is None:
            out.append(match.group(0))
            continue
        known = blanks.setdefault(blank.name, blank)
        known.default = known.default if known.default is not None else blank.default
        out.append("{{" + blank.name + "}}")
    out.append(text[at:])
    filled = "".join(out)
    for blank in blanks.values():
        blank.description = _described(filled, blank)
    return filled, list(blanks.values())


def without_blanks(text: str, blanks: list[Blank]) -> str:
    """Return `text` with each `{{name}}` as its default or label, for fields that take no variables."""
    for blank in blanks:
        text = text.replace("{{" + blank.name + "}}", blank.default or blank.label)
    return text


def variable_name(label: str) -> str:
    """Return `label` in lower_case_with_underscores; empty when nothing of it can be used."""
    ascii_only = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_only)
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_").lstrip("_0123456789")[:40].strip("_")


def _blank(match: re.Match[str], text: str) -> Blank | None:
    groups = match.groupdict()
    label = (groups["dollar"] or groups["double"] or groups["curly"] or groups["square"]).strip()
    name = variable_name(label)
    if groups["dollar"]:
        return Blank(name=name or "value", label=_spaced(label), default=groups["default"])
    if not name or (not groups["double"] and _is_shown(match, text)):
        return None
    # "{Android}" is a value that stands in a blank: it is its own default.
    default = label if groups["curly"] and label[0].isupper() else None
    return Blank(name=name, label=_spaced(label), default=default)


def _is_shown(match: re.Match[str], text: str) -> bool:
    start = max(text.rfind("\n\n", 0, match.start()), text.rfind(". ", 0, match.start()), 0)
    in_list = re.search(r"(^|\n)\s*[-*]\s*$", text[: match.start()]) and text[match.end() : match.end() + 1] in (
        "\n",
        "",
    )
    return bool(in_list or _SHOWN.search(text[start : match.start()]) or len(match.group(0).split()) > 4)


def _described(filled: str, blank: Blank) -> str:
    line = re.search(r"^\W*\{\{" + blank.name + r"\}\}\s+(?:[-–—:]|for)\s+(\S.*)$", filled, re.MULTILINE)
    if line:
        return line.group(1).strip()[:200]
    told = re.search(_OF_THE_PERSON.format(name=blank.name), filled)  # "My experience is {{years}} years."
    return told.group(1).replace("{{" + blank.name + "}}", "…").strip()[:200] if told else ""


def _spaced(label: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label).replace("_", " ").lower() if label.isidentifier() else label


# The documents that a description names: what the assistant is to answer from, attached or not.

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


# The verbs of descriptions and files, in their base form.

# ruff: noqa: SIM905 -- word lists read better as running text


VERBS = frozenset(
    """accept account act adapt add address adhere adjust advise aim align allow analyse analyze announce answer apply
    arrange ask assess assist assume attach avoid base be begin book brainstorm break bring build calculate call
    capture carry catch change chat check choose cite classify clean coach collaborate collect combine come comment
    compare complete compose conduct confirm connect consider continue control convert convey convince cook copy
    correct count cover craft create debug decide define deliver describe design detect determine develop diagnose
    differentiate discuss display divide do document draft draw edit emphasize employ enable encourage end engage
    enhance enjoy ensure enter establish estimate evaluate examine exist explain explore export extract facilitate
    feel fetch fill find finish fit fix focus follow format gather generate get give go grade greet group guess
    guide handle have help highlight hold identify illustrate imagine implement import improve include incorporate
    inform inspire integrate interact interpret interview introduce invent investigate invite involve join judge
    keep know label learn leave let list listen look love maintain make manage map mark market match mean meet
    mention monitor motivate move name need negotiate notice offer open optimize order organise organize outline own
    paint paste perform pick plan play point post practice practise predict prefer prepare present prevent print
    prioritize process produce promote proofread propose provide publish put quiz quote rank rate read recall recipe
    recognise recognize recommend record reduce refactor refer refine remain remember remind remove repeat rephrase
    reply report represent require rescue research respond return review revise reword rewrite run say schedule
    search see select sell send set share show simplify simulate sketch solve sort speak split spot start state stay
    stick stop structure study suggest summarise summarize support tag take talk teach tell test text think track train
    transform translate try turn type understand update upload use utilize validate verify visualise visualize wait
    walk want warn watch wear work write""".split()
)
# Words that are verbs above and mostly nouns behind "a", "the", "and": not taken for verbs in the middle of a sentence.
_IRREGULAR = {"has": "have", "is": "be", "are": "be", "does": "do", "goes": "go", "quizzes": "quiz"}


def base(word: str) -> str | None:
    """Return the base form of a third person verb (`draws` -> `draw`); None when it is none that is known."""
    low = word.lower()
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    for cut, put in (("ies", "y"), ("es", ""), ("s", "")):
        if low.endswith(cut) and (stem := low.removesuffix(cut) + put) in VERBS:
            return stem
    return None


# The phrase of a text that tells it from others: a figure with its unit, else a name.

_FIGURE = re.compile(r"(?:[€$£]\s?)?\b\d(?:[\d.,:]*\d)?\b")
_UNIT = re.compile(r"\s(?P<word>[^\W\d_]{2,14})\b|\s?[%°]\w?")
_SMALL = frozenset(("and", "or", "to", "in", "on", "at", "of", "for", "with", "the", "a", "an", "by", "as", "if"))
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]{2,}(?: [A-Z][\w'-]{2,}){0,2}")


def telling_phrase(text: str, known: str) -> str:
    """Return what is special in `text` and does not stand in `known`; empty when nothing is."""
    for match in _FIGURE.finditer(text):
        unit = _UNIT.match(text, match.end())
        word = (unit["word"] or "").lower() if unit else ""
        measured = unit is not None and word not in _SMALL and base(word) is None and len(match.group()) < 4
        found = match.group() + (unit.group() if unit and measured else "")
        if found not in known and (measured or len(match.group()) > 1):
            return found
    return next((m.group() for m in _NAME.finditer(text) if m.group() not in known), "")
