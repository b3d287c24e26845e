"""What an assistant is told to do, known by the person's own words: orders, wishes, conditions, things forbidden."""

from __future__ import annotations

import re

from gptsmith.assistants.description import Sentence, is_rule
from gptsmith.models.chat.embedded.compose_words import base, is_verb
from gptsmith.models.chat.embedded.edits_clauses import Clause, is_statement
from gptsmith.models.chat.embedded.edits_clauses import clause as read_clause
from gptsmith.models.chat.embedded.edits_words import ANY_CASE, BEHAVING, CAUSED, CONFIGURED, FORMS, IT, has
from gptsmith.models.chat.embedded.words import listed

_WRAPPED = re.compile(
    r"^(?:(?:add|include|put in|insert|give it|introduce|make|there should be|new|another|one more|additional|extra"
    r"|as) )?(?:an? |the |this |this as an? )?"
    r"(?:new |further |additional |extra |another )?(?:rule|instruction|line|point|sentence|guideline|regel|regla"
    r"|regra)s?"
    r"(?: to (?:the|its) (?:instructions|rules|prompt|list))?(?:\s?:|,| is| that(?: says)?| saying| which says|"
    r" to)?\s+",
    ANY_CASE,
)
_TO_RULES = re.compile(
    r"^(?:(?:add|specify|state|note|make it clear) that (?=\w+ (?:should|must|may|has|have|is|are|need)|never|always)"
    r"|(?:add|put|write|include) (?:to|in|into) (?:the|its) (?:rules?|instructions?|prompt|guidelines?)(?:"
    r" that)?[:,]? )(?P<rule>.+)$",
    ANY_CASE,
)
_INTO = re.compile(
    r"^(?:add|put|write|include|insert) (?P<rule>.+?) (?:to|in|into|as|among) (?:an? |the |its )?(?:new"
    r" )?(?:instructions|rules?|prompt|guidelines?)\W*$",
    ANY_CASE,
)
_BUILDING = listed(  # what is done to an assistant, not by it
    "add drop remove delete make set change rename call turn switch put publish merge fix improve rewrite translate"
    " update"
    " edit replace get take cut build create upload download save copy export import deploy share open close run"
    " test train"
    " undo redo restore book buy order move name split convert restructure reorganize optimize upgrade move charge"
    " sell write draw"
    " let turn throw play wait come go"
)
_OF_ME = re.compile(r"\b(?:my|me|myself|i)\b(?! (?:first|before|if))", ANY_CASE)
_VAGUE = re.compile(
    r"\b(?:better|smarter|cheaper|faster|cooler|nicer|magic\w*|beautiful\w*|awesome|perfect\w*|whatever\W*$|somehow"
    r"|pizzazz|pop|spice|improve\w*"
    r"|usual|stuff|intelligent|clever\w*|besser|schöner|mejor|melhor|million)\b",
    ANY_CASE,
)
_SUBJECT = (
    r"(?:it|he|she|they|the (?:assistant|bot|guide|coach|tutor|helper)|users?|visitors?|people|customers?|guests?"
    r"|answers?|replies|each|every"
    r"|all|nobody|no one|there|everything)"
)
OUGHT = re.compile(
    rf"^(?P<who>{_SUBJECT}|(?:the |its |an? )?[\w' -]{{2,40}}?)?\s?(?:should|must|ha(?:s|ve) to|needs? to|ought to"
    rf"|may|can|shall|is to|are to)"
    r"(?P<not>n['’]t| not|not)?(?: only)?\s+(?P<what>.+)$",
    ANY_CASE,
)
_WHEN = re.compile(
    r"^(?:if|when|whenever|once|before|after|at the|in|on|for|unless|as soon as|during|with|wenn|sobald|si|cuando"
    r"|se|quando)\b[^,]+, ?\S",
    ANY_CASE,
)
_PUTTING = listed("use include show put add list write draw give keep hide display set")
_ABLE = listed(
    "know read learn access see search look connect run cost work support understand have email call book win earn"
    " sell remember"
)
_AT = re.compile(r"(?:at|in|on|for|during|after|before) (?:the |each |every |an? )?\w+.*, \w+")
_ORDERED = re.compile(
    r"(?:always|never|only|avoid|do not|don['’]t|make sure|be sure|no \w+|nothing|under no|at most|no more than|at"
    r" least|without)\b"
)
_NO_ORDER = re.compile(
    r"(?:don['’]t|do not|no) (?:do|need|worry|bother|change|know|think|problem|idea|rush|way|thanks|more(?! than))\b"
)
_UNWANTED = re.compile(rf"^(?:i|we) (?:don['’]t|do not|never) want {IT} to \w+", ANY_CASE)
_ALLOWED = re.compile(
    r"\b(?:only|not|never) (?:allowed|permitted|supposed|meant) to\b|\b(?:is|are) (?:strictly )?(?:forbidden"
    r"|prohibited|off[- ]limits|taboo)\b",
    ANY_CASE,
)
_FACT = re.compile(  # something to know, with a number, a day or an address in it: `we are closed on Mondays`
    r"^(?!(?:it|this|that|i|he|she|they|there)\b)(?=.*(?:\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:behind|opposite|next to|near|in front of|upstairs|downstairs)\b"
    r"|@))(?:we|our|the|all|most|some|[a-z]+s)\b"
    r"[^?]{1,80}?\b(?:is|are|was|were|open|opens|close|closes|closed|cost|costs|get|gets|have|has|starts?|ends?"
    r"|takes?|lies|comes?|pay|pays|parks?|meets?|sits?|stands?)\b[^?]*$",
    ANY_CASE,
)
_EVERY = re.compile(
    r"^(?:every|each) [\w' -]{2,40}? (?:needs?|gets?|has|have|is|are|ends?|starts?|begins?|comes?"
    r"|contains?|includes?|gives?|goes|takes?) ",
    ANY_CASE,
)
_DISLIKED = re.compile(
    r"^(?:(?:nobody|no one|none of us) (?:wants?|needs?|likes?|cares? about)|(?:i|we|people|users|visitors"
    r"|customers|they|kids|children|students)"
    r" (?:hates?|dislikes?|don['’]t (?:want|like|need)|do not (?:want|like|need)|can['’]t stand)) (?!(?:it|that"
    r"|this|to)\b|(?:the|its)"
    r" (?:name|welcome|greeting|starters?|description|disclaimer|tone|style|model|tools?|rules?)\b)[\w-]+",
    ANY_CASE,
)
_SIZED = re.compile(
    r"\b(?:max(?:imum)?\.?|at most|no(?:t|) (?:more|longer) than|under|below|within|up to|exactly|limit\w*(?: \w+)* to"
    r"|only|less than|fewer than"
    r"|shorter than|not exceed) (?:\w+ )?(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|a"
    r" hundred|an?) (?:short |long )?"
    r"(?:words?|sentences?|paragraphs?|lines?|bullets?(?: points?)?|points?|items|characters|pages?|steps|questions"
    r"|examples)\b"
    r"|\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten) (?:words?|sentences?|paragraphs?|lines?"
    r"|bullets?(?: points?)?|points?|questions?"
    r"|examples?) (?:max\w*|at most|or less|or fewer|tops|each|per|only|is enough|are enough)\b",
    ANY_CASE,
)
_FORMS = re.compile(
    rf"^(?:(?:use |give |with |add )?(?:more|fewer|less|some|no|lots of)|(?:answers? |replies )?(?:as|in)|use|with"
    rf"|without) (?:\w+ )?(?:{FORMS})\b",
    ANY_CASE,
)
_STRESSED = re.compile(
    r"^(?:it['’]s|it is) (?:very |really |quite |so )?(?:important|essential|crucial|vital|key|a must|necessary)"
    r" (?:that|to) |^(?:remember|note|keep in mind"
    r"|bear in mind|be aware|mind|ensure|see to it)(?: that)? ",
    ANY_CASE,
)
_HANDLED = r"start|stop|switch|turn|open|close|lock|unlock|charge|control|connect|sync|feed|water|drive|clean"
_ADVERB = r"(?:also|always|never|not|only|then|first|still|please|really|just|ever|rather|sometimes|usually|instead)"
_ALONE = listed("apologise apologize swear lie guess joke sing rhyme smile wait")


def spoken_rule(clause: Clause) -> str:
    """Return the rule that the command states, in the person's words; empty when it states none."""
    text = clause.text
    wrapped = _WRAPPED.match(text)
    if (
        wrapped
        and (clause.values or len(text) > wrapped.end())
        and has("rule|instruction|line|point|sentence|guideline|regel|regla|regra", text[: wrapped.end()])
    ):
        return unquoted(
            clause.values[-1] if clause.values and not text[wrapped.end() :].strip(" \"“”'") else text[wrapped.end() :]
        )
    into = _INTO.match(text) or _TO_RULES.match(text)
    if into:
        return unquoted(into["rule"])
    if text.endswith("?") or len(text.split()) < 2:
        return ""
    caused = CAUSED.match(text)
    if caused and caused.end() < len(text) and not re.match(r"(?:more|less|a |an |the |\w+er\b)", text[caused.end() :]):
        inner = _clause_of(_present(text[caused.end() :]), clause)
        if _is_behaviour(inner):
            return inner.text
    return text if _is_behaviour(clause) else ""


def _present(words: str) -> str:
    """Return a wish in the past tense as an order: `asked about allergies` -> `ask about allergies`."""
    verb, _, rest = words.partition(" ")
    forms = [verb.removesuffix("ed"), verb.removesuffix("d")] if verb.endswith("ed") else []
    order = next((form for form in forms if is_verb(form)), "")
    return f"{order} {rest}" if order else words


def _clause_of(text: str, like: Clause) -> Clause:
    return read_clause(text, like.files, like.code)


def _is_behaviour(clause: Clause) -> bool:
    """Say whether the words tell what the assistant does or never does."""
    text = clause.open.strip()
    if _VAGUE.search(text) or re.match(r"(?:add|drop|remove|delete|undo|use my|show me|tell me|write me)\b", text):
        return False
    words = re.findall(r"[\w'’-]+", text)
    if _ORDERED.match(text):
        return not _NO_ORDER.match(text)
    if _is_beyond_doubt(text, len(words)):
        return True
    if is_statement(text) and not re.search(r"\b(?:never|always|must|only)\b", text):
        return False
    return _is_order(text, words) if _order_fits(text, words) else _is_wish(clause, text, words)


def _is_beyond_doubt(text: str, count: int) -> bool:
    """Say whether the words can be nothing but a rule: a condition, a bound, something unwanted or stressed."""
    if any(pattern.match(text) for pattern in (_WHEN, _AT, _UNWANTED, _DISLIKED, _FORMS)) or _ALLOWED.search(text):
        return True
    then = re.match(
        r"(?:if|when|whenever) (?:[\w'’-]+ ){2,8}?(?P<verb>[a-z]+) (?=(?:in|with|by|that|the|them|only|as)\b)", text
    )
    if then and then["verb"] in BEHAVING and not text.endswith("?"):
        return True
    if _SIZED.search(text) and not re.match(r"(?:what|how|why)\b", text):
        return True
    if count > 3 and (_STRESSED.match(text) or _FACT.match(text)):
        return True
    if _EVERY.match(text) and not has(CONFIGURED, text):
        return True
    does = re.match(r"(?:it|he|she|the (?:assistant|bot)) (?P<verb>[a-z]+s) ", text)
    usual = does and (base(does["verb"]) or "") in BEHAVING and has("every|each|first|before|by name|when\\w*|if", text)
    return bool(usual) and not has("too|so|very|rather|a bit|a little|just", text)


def _order_fits(text: str, words: list[str]) -> bool:
    return bool(words) and words[0] in BEHAVING and len(words) > (2 if words[0] == "use" else 1)


def _is_order(text: str, words: list[str]) -> bool:
    """Say whether an order is one to the assistant: not about what it is made of, not for the person alone."""
    if _is_made_of(text) and words[0] in _PUTTING:
        return False
    if re.match(r"\w+ (?:it|him|her|this|that|everything|the (?:assistant|bot|thing))\b", text):
        return False  # said of the assistant, not to it
    if re.match(r"(?:ask|tell|call|address) (?:me|people)\b", text):
        return True
    return not _OF_ME.search(text) and not re.match(r"\w+ them\W*$", text)


def _is_wish(clause: Clause, text: str, words: list[str]) -> bool:
    """Say whether a wish is one for what it does: `it should greet each child`."""
    if _is_made_of(text):
        return False
    first = words[0] if words else ""
    ought = OUGHT.match(text)
    if ought and first not in _BUILDING and not re.match(r"(?:forget|skip|scrap|ditch|lose|kill|ignore)\b", text):
        if re.match(rf"(?:{_HANDLED}) (?:on |off |up )?(?:my|our)\b", ought["what"], ANY_CASE):
            return False  # something in the world, that no answer moves
        of_it = not ought["who"] or bool(re.match(rf"{IT}$", ought["who"].strip(), ANY_CASE))
        return _does(ought["what"], free=not of_it or bool(ought["not"] or has("never|always", ought["what"])))
    if clause.code != "en":
        return is_rule(Sentence(clause.text))
    return bool(re.search(r"\b(?:never|always|must)\b", text)) and first not in _BUILDING and len(words) > 3


def _is_made_of(text: str) -> bool:
    return has(CONFIGURED, text) and not re.search(r"\b(?:never|always)\b", text)


def _does(what: str, *, free: bool) -> bool:
    """Say whether what it should do is something that a person could be told to do, in so many words.

    `free`: any verb will do, because it is forbidden, or said of others than the assistant.
    """
    what = re.sub(rf"^(?:{_ADVERB} )+", "", what.strip())
    first = re.match(r"[\w'’-]+", what)
    if first is None:
        return False
    if first.group() == "be":
        return not re.match(r"be (?:able|a lot|much|more|less|\w+er|called|named)\b", what)
    if len(what.split()) < 2:
        return free or first.group() in _ALONE
    return free or (first.group() not in _ABLE and (is_verb(first.group()) or first.group() in BEHAVING))


def is_order_verb(text: str, verb: str) -> bool:
    """Say whether an order with this verb may be one to the assistant, and is not about the person who gives it."""
    return is_verb(verb) and verb not in _BUILDING and not _OF_ME.search(text) and not _VAGUE.search(text)


def is_bound(clause: Clause) -> bool:
    """Say whether the words bound how long an answer is: `two lines at most`."""
    return bool(_SIZED.search(clause.open))


def unquoted(text: str) -> str:
    return text.strip().strip('"“”„«»').strip() if re.match(r"^[\"“„«].*[\"”“»][.!]?$", text.strip()) else text.strip()
