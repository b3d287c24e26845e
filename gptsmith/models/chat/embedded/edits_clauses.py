"""The commands of one message: where it is cut, what in them is quoted, what is left when courtesy is taken off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gptsmith.assistants.description import sentences
from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.compose_words import base, is_joined_verb, is_verb
from gptsmith.models.chat.embedded.edits_values import HIDDEN, mask
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, BEHAVING, DROP, FORMS, FREE, STEADY, bare, is_courtesy

_CUT = re.compile(
    r"(?P<semi>\s*;\s*|\s+&\s+(?=[a-z]+ ))|(?P<dash>\s+[–—-]\s+)|(?P<and>,?\s+(?:and|then|plus|but|und|y|e|et"
    r"|sowie)(?:\s+(?:also|then"
    r"|then also"
    r"|please|instead|dann|auch|también|também))?\s+)|(?P<comma>[,:]\s+|,?\s+so\s+(?!(?:that|it|they|he|she|people"
    r"|everyone"
    r"|users?|visitors?)\b(?! (?:should|must|needs?|has to|have to)\b)))",
    ANY_CASE,
)
_COMMANDS = re.compile(
    r"^(?:please |also |and |then )*(?:call|rename|name|add|drop|remove|delete|make|set|use|change|replace|switch"
    r"|turn|answer|never|always|it|its|let|give|the)\b",
    ANY_CASE,
)
_MOST = 30  # commands in one sentence
_TESTED = re.compile(r"(?:the |its )?(?:answer|reply|response|it|expects?|must|should)\b", ANY_CASE)
_THINGS = (
    r"\b(?:starters?|tests?|tools?|rules?|disclaimer|welcome(?: message)?|greeting|variables?|sources?|files?|pages?"
    r"|links?|version|fallback|memory"
    r"|citations?|knowledge)\b"
)
_SWITCHED = r"(?:(?:please )?(?:turn|switch) o(?:n|ff)|enable|disable|activate|deactivate|add|remove|give it)(?: the)?"
_ABILITY = (
    r"\b(?:(?:image|picture|photo)s? (?:drawing|generation|description|recognition|captioning|search)s?|drawings?"
    r"|captioning|captions|recognition|(?:web|internet|online) (?:search|access)|browsing|emails?|calendar|voice|speech"
    r"|memory|citations)\b"
)
_FIELDS = r"(?:name|title|description|welcome(?: message)?|greeting|disclaimer|version|temperature)"
_STARTS = re.compile(
    r"^(?:please |also |then |now |bitte )*(?:"
    r"(?:with|without|in|as|use) (?:\w+ )?(?:"
    + FORMS
    + r")\b|in (?:english|german|spanish|french|portuguese|italian|dutch|polish|swedish|japanese|chinese|russian"
    r"|turkish)\b|(?:draw|paint|call|rename|name|add|drop|remove|delete|take|get|switch|turn|use|set|make|let"
    r"|give|put|change"
    r"|replace|keep"
    r"|stop"
    r"|start|allow|forbid|hide|bump|cap|limit|greet|describe|answer|reply|respond|write|speak|say|tell|ask|mention"
    r"|avoid"
    r"|forget|cite|include|exclude|raise|lower|increase|reduce|shorten|translate|publish|throw|run|enable|disable|drop"
    r"|remember|ignore|let['’]?s|(?:tests?|check|verify) (?:that|whether|if)|never|always|don['’]t|do not|no|only|if"
    r"|when|whenever|make sure|be|sound|talk|explain"
    r"|begin|end"
    r"|finish|show|read|look|send|book|warn|treat|leave|cut|skip|swap|undo|talk)\b"
    r"|(?:it|its|he|she|they|answers?|replies|people|users|every|each|there|what|which|how many|who)\b"
    r"|the (?:name|answers?|replies|welcome|greeting|disclaimer|description|version|temperature|tone|model|starters?"
    r"|tools?|pictures?|tests?|first|second|third|last|default|assistant|bot|language|drawings?|captions?)\b"
    r"|(?:an? )?(?:(?:bit|little|touch) |much |slightly |way |even )?(?:more|less|fewer|shorter|longer|(?!what|when|who"
    r"|how|after|under|other|over|rath|togeth|eith|neith|matt|numb|lett|remind|answ)"
    r"[a-z]{3,}er)\b"
    r"(?! (?:than|and)\b)"
    r"|(?:at most|no more than|at least|max(?:imum|\.)?|up to|under|(?:a )?(?:max|limit) of)\s"
    r"|(?:\d+|one|two|three|four|five|six|seven|eight) [a-z]\w+"
    r"|(?:answers?|replies|short|brief|longer|detailed) \w+"
    r"|(?:a |an |another )(?:new )?(?:starter|rule|test|variable|disclaimer|welcome|name|description)\b"
    r"|(?:temperature|version|model|size|steps|tone|name|language|disclaimer|welcome|description)\b"
    r"|(?:nenn\w*|antwort\w*|sei|sprich|füg\w*|entfern\w*|streich\w*|verwend\w*|benutz\w*|nutz\w*|llám\w+|quita"
    r"|añade|usa|responde\w*|habla|chama\w*|muda|adiciona|remove|fale|usa|use)\b)",
    ANY_CASE,
)
_UNFINISHED = re.compile(
    r"^(?:if|when|whenever|once|before|after|at|in|on|as|unless|while|until|instead of|rather than|for|with|without"
    r"|from"
    r"|wenn|sobald|bei|si|cuando|quando|se)\b[^,]*$",
    ANY_CASE,
)
_OPEN = re.compile(
    r"^(?:it|he|she|they) (?:should|must|can|may|could|will|would) (?:not |always |never |also"
    r" )?(?:\w+)$|\b(?:and|or|to|the|an?|of|with|between|from|both|either|als|de|by)$",
    ANY_CASE,
)


_MARKS = {
    "de": r"niemals|immer|nie|bitte|etwas|weniger|schreib\w*|sei|sprich|antworte\w*|nenn\w*|mach\w*|soll|füg\w*"
    r"|entfern\w*|lösch\w*"
    r"|verwende\w*|benutze|nicht"
    r"|kein\w*",
    "es": r"más|responde|habla|llám\w+|hazlo|quita|añade|agrega|siempre|nunca|muéstr\w*",
    "pt": r"mais|fale|fala|responda|chama-\w+|sempre|não|faça|adiciona|acrescenta|mude",
    "fr": r"réponds|parle|appelle-\w+|ajoute|enlève|toujours|jamais",
}


_STATEMENT = re.compile(
    r"^(?:(?:because|since|as) )?(?:i|we|my|our|it|its|it['’]s|this|that|those|these|they|people|users?|customers?"
    r"|visitors?|guests?|kids"
    r"|children|students?|nobody|no one|everyone|everybody|someone|some|most|the|there|there['’]s|that['’]s|her|his"
    r"|parents|readers)\b",
    ANY_CASE,
)
_TELLS = re.compile(
    r"^[^,;?]{2,60}?\s(?:is|are|was|were|has|have|had|does|do|doesn['’]t|don['’]t|didn['’]t|isn['’]t|aren['’]t"
    r"|wasn['’]t|will|won['’]t|closed|changed|moved|left|lose|loses|get|gets|give|need|use|ask|asks|love|hate|like"
    r"|expect|come|comes|complain"
    r"|says?|feels?|sounds?|looks?|seems?|keeps?|gets?)\b",
    ANY_CASE,
)
_ENUMERATED = re.compile(
    r"(?:^|\s+)(?:\(?[1-9][.)]|[a-d]\))\s+(?=\w)(?=.*\(?[2-9][.)]|.*[b-d]\)|(?<=[2-9][.)]\s)|(?<=[b-d]\)\s))"
)
_WISH = re.compile(
    r"\b(?:should\w*|must\w*|ha(?:s|ve) to|needs? to|ought|may|shall|want|wish|need|never|always|only|please|would"
    r" like|['’]d like"
    r"|can|cannot)\b",
    ANY_CASE,
)
_TAKEN_BACK = re.compile(
    r"(?:\.\.\.|…|,|;|-|–)?\s*\b(?:no,? wait|wait,? no|scratch that|correction|or rather|sorry,? i mean(?:t)?|i"
    r" mean(?:t)?)\b[,:\s]*",
    ANY_CASE,
)


@dataclass(frozen=True)
class Clause:
    """One command of the person: `said` as it stood, `text` without courtesy, `masked` for matching.

    `masked` is as long as `text`, in lower case, with every character of a given value hidden; `values` are those
    values, in order. `files` are the files attached to the message. `glued` stands between it and the command before
    in the same sentence.
    """

    said: str
    text: str
    masked: str
    values: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    code: str = "en"
    glued: str = field(default="", compare=False)

    @property
    def open(self) -> str:
        """Return the words besides the given values, in lower case."""
        return re.sub(rf"{HIDDEN}+", " ", self.masked)


def clauses(message: str, files: list[str], known: Sequence[str] = ()) -> list[Clause]:
    """Return the commands of `message` in order; a sentence that is one command stays whole.

    `known` are texts of the spec that a person may name as they stand there: `rather than Yellow leaves! put …`.
    """
    code = tongue(message)
    found: list[Clause] = []
    for line in _ENUMERATED.sub("\n", message).splitlines():
        body = re.sub(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", "", line).strip()
        body = re.sub(r"([,;:–—-])(?:\s*[,;:–—-]){2,}", r"\1", body)
        for sentence in _one_text(_whole(sentences(_settled(body)), known)):
            glue = ""
            for piece, before in _pieces(sentence):
                made = _clause(piece, tuple(files), code, before if glue else "")
                glue = piece
                if made.text and not is_courtesy(piece):
                    found.append(made)
    return found


def _one_text(parts: list[str]) -> list[str]:
    """Put the sentences of a given text together: `welcome: Good day. Who is it for?`, up to the next command."""
    out: list[str] = []
    for part in parts:
        before = mask(out[-1])[0] if out else ""
        text = re.search(
            rf"\b(?:welcome|greeting|disclaimer|description|message)[^:{HIDDEN}]{{0,12}}[:=]\s*{HIDDEN}", before
        )
        listed = re.search(
            rf"\b(?:starters|suggestions|questions|prompts)[^:{HIDDEN}]{{0,12}}:\s*{HIDDEN}", before
        ) and (re.match(r"(?:and|or) ", part) or (part.endswith("?") and not begins(part.lower())))
        if listed or (text and not _COMMANDS.match(part)):
            out[-1] = f"{out[-1]} {part}"
        else:
            out.append(part)
    return out


def tongue(text: str) -> str:
    """Return the language of a command, which is often too short for the words that tell languages apart."""
    code = language.of(text)
    known = next((c for c, words in _MARKS.items() if re.search(rf"\b(?:{words})\b", text, ANY_CASE)), "en")
    return code if code != "en" else known if known != "en" else "en"


def _settled(text: str) -> str:
    """Return the text without what the person takes back in it: `twice, no wait, once` -> `once`."""
    back = _TAKEN_BACK.search(text)
    if not back:
        return text
    before = text[: back.start()]
    cut = max(before.rfind(mark) for mark in (",", ";", ". "))
    return f"{before[: cut + 1]} {text[back.end() :]}".strip()


def _whole(parts: list[str], known: Sequence[str] = ()) -> list[str]:
    """Put together what was cut behind the mark inside a quotation: `"Where is it?" and "Who is it?"`."""
    ends = tuple(text.strip().lower() for text in known if text.strip().endswith((".", "!", "?")))
    out: list[str] = []
    for part in parts:
        quoted = out and re.search(r"[\"”»'’“]$", out[-1]) and part[:1] not in '"“«„' and not part[:1].isupper()
        named = out and part[:1].islower() and out[-1].lower().endswith(ends)
        if quoted or named:
            out[-1] = f"{out[-1]} {part}"
        else:
            out.append(part)
    return out


def clause(text: str, files: tuple[str, ...] = (), code: str | None = None) -> Clause:
    """Return `text` as one command, uncut."""
    return _clause(text, files, code or tongue(text), "")


def _clause(piece: str, files: tuple[str, ...], code: str, glued: str) -> Clause:
    said = piece.strip()
    text = re.sub(r"^(?:never |always )?to (?=[a-z]+ )", lambda m: m.group().removesuffix("to "), bare(said))
    masked, values = mask(text)
    return Clause(said.strip(" ,;"), text, masked, values, files, code, glued)


def _pieces(sentence: str) -> list[tuple[str, str]]:
    """Cut a sentence where a new command begins; each piece with what stood between it and the one before."""
    masked, _ = mask(sentence)
    pieces: list[tuple[str, str]] = []
    start, between, at = 0, "", 0
    while len(pieces) < _MOST and (cut := _CUT.search(masked, at)):
        at = cut.end()
        left, right = masked[start : cut.start()][-300:], masked[cut.end() : cut.end() + 150]
        verb = _shared_verb(left, right)
        if verb and _complete(left):
            pieces.append((sentence[start : cut.start()], between))
            rest = _pieces(verb + sentence[cut.end() :])
            return [*pieces, (rest[0][0], cut.group()), *rest[1:]]
        told = not (_TESTED.match(right) and re.search(r"\btests?\b", left))
        if ":" in (cut["comma"] or ""):  # `two things: …` and `we have a new name: …`, not `the rule: …`
            told = told and (is_statement(left) or bool(re.search(r"\b(?:things|changes)$", left)))
        if (
            told
            and _complete(left)
            and (
                cut["semi"]
                or (begins(right) and not _more_of_it(left, right))
                or (cut["comma"] and _tells_why(right))
                or _after_value(left, right)
                or (cut["and"] and is_statement(left) and re.match(r"(?:we|they|our)\b", right))
            )
        ):
            pieces.append((sentence[start : cut.start()], between))
            start, between = cut.end(), cut.group()
        else:
            at = max(cut.start() + 1, cut.end() - 1)
    return [*pieces, (sentence[start:], between)]


def _shared_verb(left: str, right: str) -> str:
    """Return the verb that two things of different kinds share: `remove the second starter and the calendar tool`."""
    verb = re.match(rf"{DROP}\s|(?:add|switch off|turn off|disable)\s", left, ANY_CASE)
    both = re.search(_THINGS, left, ANY_CASE) and re.match(
        rf"(?:the|its|all|any|my)\b[^,;]*?{_THINGS}", right, ANY_CASE
    )
    if verb and both and HIDDEN * 3 not in right:
        return verb.group()
    switched = re.match(rf"{_SWITCHED}\s", left, ANY_CASE)
    if switched and re.search(_ABILITY, left) and re.match(rf"(?:(?:the|its|an?) )?(?:\w+ )?{_ABILITY}(?=\W|$)", right):
        return switched.group()
    made = re.match(rf"(?:make|keep) (?:it|the answers) (?=[\w-]+$|{FREE})", left, ANY_CASE)
    if (
        made
        and re.match(r"[a-z-]+(?:,| and |\W*$)", right)
        and re.search(rf"\b(?:{FREE}|{STEADY})\b", f"{left} {right}")
    ):
        return made.group()  # `make it creative and short`: how freely it answers, and in which way
    set_to = re.match(rf"(?P<verb>change|set|make|update) (?:the|its) {_FIELDS} (?:to|into)\b", left, ANY_CASE)
    return f"{set_to['verb']} " if set_to and re.match(rf"(?:the|its) {_FIELDS} (?:to|into)\b", right) else ""


def is_statement(text: str) -> bool:
    """Say whether these words only tell how things are, so that they may be the reason for a command beside them."""
    words = text.lower().split()
    if len(words) < 2 or _WISH.search(text) or text.rstrip().endswith("?"):
        return False
    return bool(_STATEMENT.match(text)) or (not begins(text.lower()) and bool(_TELLS.match(text)))


def _more_of_it(left: str, right: str) -> bool:
    """Say whether `right` only goes on with what `left` lists: `with size 512x512` and `30 steps`."""
    return (
        bool(re.search(r"\bwith\b", left))
        and bool(re.match(r"(?:\d+|[a-z]+) \w+\W*$", right))
        and not re.match(r"(?:no|drop)", right)
    )


def begins(text: str) -> bool:
    """Say whether a command begins with these words."""
    words = text.split()
    if not words or (len(words) == 1 and is_verb(words[0].strip(".,!"))):
        return False
    first, after = words[0].strip(",.:"), (words[1] if len(words) > 1 else "")
    if first == "to" and len(words) > 2 and (is_verb(after) or after in ("never", "always", "be")):
        return True  # `I want it to be called Nonna, to speak Italian`
    known = (
        bool(_STARTS.match(text))
        or (first in BEHAVING and len(words) > 1)
        or is_verb(first, certain=True)
        or is_joined_verb(first, after)
    )
    return known or (base(first) is not None and first.endswith("s") and after in ("the", "a", "an", "to"))


def _after_value(left: str, right: str) -> bool:
    """Say whether `right` stands behind a given value and adds nothing to it: `greet with "Hi" and wash my car`."""
    more = (
        r"(?:as|to|in|for|with|on|at|when|if|among|into|instead|from|the|its|by|should|must|may|can|has|is|expects?"
        r"|it)\b"
    )
    return left.rstrip().endswith(HIDDEN) and right[:1] != HIDDEN and not re.match(more, right)


def _tells_why(text: str) -> bool:
    """Say whether a statement about people begins here: `…, nobody listens`."""
    return bool(re.match(r"(?:nobody|no one|everyone|everybody|people|they|we|i) \w+", text)) and is_statement(text)


def _complete(left: str) -> bool:
    """Say whether a command may end here: no condition without its consequence, nothing half said."""
    said = bare(left)
    return bool(said) and not _UNFINISHED.match(said) and not _OPEN.search(said)
