"""A person's description of an assistant, taken apart: its sentences, rules, first request, addresses and language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# The words before what a description says: greetings, please, can you, for our guests: …

_MANNERS = re.compile(
    r"^\W*(?:(?:please|kindly|hi|hello|hey)\b[\s,!.]*|(?:can|could|would|will) you\b(?: please)?\s*)+", re.IGNORECASE
)
_MAKE = re.compile(r"(?:build|make|create|design|set up|give)\b", re.IGNORECASE)
_AUDIENCE = re.compile(r"^(?P<who>(?:for|with|in|at) [^:;.!?\n]{3,60}):\s+(?P<rest>[^.!?\n]+)", re.IGNORECASE)


def without_manners(text: str) -> str:
    """Return a description without the manners that it begins with; `For our guests: …` is a helper for them."""
    polite = _MANNERS.match(text)
    if polite and text[polite.end() :].strip():
        text = text[polite.end() :]
        first, mark, rest = text.partition("?")  # what was asked politely is no question
        text = f"{first}.{rest}" if mark and "." not in first else text
        text = text[:1].upper() + text[1:] if not _MAKE.match(text) else text
    audience = _AUDIENCE.match(text)
    if audience:
        who, rest = audience["who"], audience["rest"]
        text = f"A helper {who[:1].lower()}{who[1:]}. {rest[:1].upper()}{rest[1:]}{text[audience.end() :]}"
    return text


# Whether a sentence binds the assistant or only tells of the world: who stands before the word that binds.

BINDS = re.compile(
    r"\b(must|mustn['’]t|never|always|only|do not|don['’]t|does not|doesn['’]t|should not|shouldn['’]t|may not|cannot"
    r"|can['’]t|will not|won['’]t|avoid|nothing else|nothing but|no more than|at most|at least|under no|not allowed"
    r"|has to|have to|need to be|make sure|exactly|strictly)\b"
    r"|(^|[,;:] |\band )no \w|\bwithout (an?y? )?(exception|explanation)"
    r"|\b(nie|niemals|immer|nur|muss|müssen|darf nicht|dürfen|kein|keine|keinen|ausschließlich)\b"
    r"|\b(jamais|toujours|seulement|uniquement|doit|doivent|ne \w+ pas)\b"
    r"|\b(nunca|siempre|solo|sólo|solamente|debe|deben|jamás|evita|sempre|apenas|somente|deve|devem)\b"
    r"|\b(mai|soltanto|devono|altijd|nooit|alleen|moet)\b"
    r"|必须|不要|总是|只能|只|绝不|禁止|必ず|決して|常に|のみ|しないで|никогда|всегда|только|должен|должна|нельзя",
    re.IGNORECASE,
)
_NUMBER = r"(?:\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|a hundred)"
_UNIT = (
    r"(?:[a-z]+ )?(?:words?|sentences?|lines?|paragraphs?|characters?|letters?|bullets?|bullet points?|points?|items?"
    r"|questions?|emojis?|suggestions?|options?|examples?|steps?|sätze|wörter|phrases?|mots?|frases?|palabras?)\b"
)
# The length of an answer binds without a word such as must: "max. 4 sentences", "under 100 words", "two lines tops".
_BOUND = re.compile(
    rf"\b(?:max(?:imum)?(?: of)?\.?|up to|under|below|within|fewer than|less than|höchstens|maximal|au plus) {_NUMBER}"
    rf" {_UNIT}|\b{_NUMBER} {_UNIT},? (?:max(?:imum)?\b|tops\b|or (?:less|fewer)\b)"
    r"|^(?:please )?keep (?:it|them|this|(?:the |your |all )?(?:answers?|replies|responses?)|everything)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;:.!?()–—]\s*|\b(?:and|but|so|because|since|while|although|that|which|who|if|when|whenever|where|or|und|aber|weil"
    r"|dass|et|mais|parce que|que|y|pero|porque|mas|ma|perché|en|maar|omdat)\b\s*",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"\b(?:i|we)(?:['’]d| would| do| really| only| just| never| always| don['’]t| do not)* "
    r"(?:want|need|like it|like to|like you|love it|wish|insist|expect|prefer|require|ask)\b"
    r"|\b(?:möchten?|will|wollen|veux|voulons|voudrais|quiero|queremos|voglio|vogliamo|quero|wil|willen)\b",
    re.IGNORECASE,
)
_ONESELF = re.compile(r"\b(?:i|we|ich|wir|je|nous|yo|nosotros|io|noi|eu|nós|ik|wij)\b|\bj['’]", re.IGNORECASE)
_TOLD = re.compile(r"\b(?:it|he|she|you|the (?:assistant|bot|chatbot|helper|agent|app|tool))\b", re.IGNORECASE)
_OF_ONES_OWN = re.compile(
    r"^(?:\w+ )?(?:my|our|meine?|unsere?|mon|ma|mes|nos|notre|mis?|meus?|minhas?)\b", re.IGNORECASE
)
_OTHERS = re.compile(
    r"\b(?:people|customers|guests|visitors|users|students|pupils|kids|children|parents|patients|clients|members"
    r"|employees|colleagues|players|readers|listeners|families|teachers|staff|folks|friends|neighbou?rs|beginners"
    r"|learners|tenants|applicants|everyone|everybody|nobody|no one|somebody|most|many|they|there)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(r"\b(?:must|should|shall|may|has to|have to|ought|allowed)\b", re.IGNORECASE)
_DONE_TO = re.compile(
    r"\b(?:must|should|may|can|shall|to)(?: not| never| always| only)* be (?:\w+ly )?\w+(?:ed|en|wn|ld|nt|ght|id|de)\b",
    re.IGNORECASE,
)
_OUTPUT = re.compile(
    r"\b(?:answers?|repl(?:y|ies)|responses?|texts?|stor(?:y|ies)|sentences?|tone|language|output|explanations?)\b",
    re.IGNORECASE,
)
_GETS = re.compile(r"\b(?:must|have to)(?: always| never)? (?:get|see|receive|be|know|understand)\b", re.IGNORECASE)
_REACHED = re.compile(r"\byou (?:can|may|will) only (?:reach|call|contact|visit|phone|find|meet|see) (?:me|us)\b", re.I)
_NOT_A_RULE = re.compile(
    r"\b(not only|only (?:one )?of|i (?:do not|don['’]t|can['’]t|cannot) (?:know|have)\b)", re.IGNORECASE
)
_ASKS = re.compile(r"^\W*(?:why|what|how|who|where|when|which|do|does|did|is|are|was|were)\b.*\?\W*$", re.I | re.DOTALL)


def binds(text: str) -> bool:
    """Say whether a sentence (quotations masked) says what the assistant must or must not do.

    "I always forget my keys" and "Guests never read the manual" tell of people; "it never guesses" binds.
    """
    if _ASKS.match(text) or _REACHED.search(text):
        return False
    said = _NOT_A_RULE.sub(" ", text)
    marks = [*BINDS.finditer(said), *_BOUND.finditer(said)]
    return any(_binds_at(said, mark.start(), mark.end()) for mark in marks)


def _binds_at(text: str, start: int, end: int) -> bool:
    before = list(_CLAUSE.finditer(text, 0, start))
    begin = before[-1].end() if before else 0
    behind = _CLAUSE.search(text, end)
    clause = text[begin : behind.start() if behind else len(text)]
    subject = text[begin:start].strip()
    if not subject or _WISH.search(clause):
        return True
    oneself, told = _last(_ONESELF, subject), _last(_TOLD, subject)
    if oneself > told:
        return bool(_GETS.search(clause))
    if told >= 0 or _DONE_TO.search(clause) or _OUTPUT.search(subject):
        return True
    if _OF_ONES_OWN.match(subject):
        return False
    return not _OTHERS.search(subject) or bool(_DUTY.search(clause))


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.start() for m in pattern.finditer(text)), default=-1)


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
class DescribedSentence:
    """One sentence or list item: `section` says under what kind of heading, `lead` repeats that heading."""

    text: str
    section: Section = "text"
    lead: str = ""
    item: bool = False


def split(text: str) -> list[DescribedSentence]:
    """Return the sentences and list items of `text`, in order, each with the kind of heading it stands under.

    Never cuts inside quotation marks, addresses or abbreviations. A fenced code block is one `template` sentence.
    """
    out: list[DescribedSentence] = []
    section: Section = "text"
    lead = ""
    gap = False
    for n, block in enumerate(re.split(r"```[^\n]*\n?(.*?)```", text, flags=re.DOTALL)):
        if n % 2:
            out.append(DescribedSentence(block.strip("\n"), "template", lead))
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
                    [DescribedSentence(s, here, lead, True) for s in sentences(body)]
                    if section == "rules"
                    else [DescribedSentence(body, here, lead, bullet)]
                )
            elif re.match(r"^\$?\{+\w+(?::[^}]*)?\}+\s+[-–—:]", body):
                out.append(DescribedSentence(body, "variables", lead, True))
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


def is_rule(sentence: DescribedSentence) -> bool:
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


def rules_of(sentence: DescribedSentence) -> list[str]:
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
    return [clause for clause in clauses if is_rule(DescribedSentence(clause))] or [whole]


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


def _prose(body: str) -> list[DescribedSentence]:
    return [DescribedSentence(s) for s in sentences(body)]


def _mask(text: str) -> str:
    def blank(match: re.Match[str]) -> str:
        found = match.group(0)
        # The mark before the closing quote may end the sentence around it: "… is "Hi there."" then a new one.
        closing = found[-2:] if found[-2:-1] in ".!?…" else "_" + found[-1:]
        return "_" * (len(found) - 2) + closing if len(found) > 2 else found

    return _URL.sub(lambda m: "_" * len(m.group(0)), _QUOTED.sub(blank, text))
