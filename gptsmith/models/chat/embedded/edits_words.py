"""The words of commands: what is to be done, with what, in English and the commonest of other languages."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.words import listed

ANY_CASE = re.IGNORECASE

DROP = (
    r"(?:drop|remov\w+|delet\w+|take (?:\S+ ){0,6}?(?:out|away|off)|get rid of|rid|cut|scrap|ditch|lose|strip|erase"
    r"|clear"
    r"|forget|kill|skip|(?:bin|axe|chuck|dump|nix|zap)(?= (?:the|that|it|this|its|all|those|these)\b)"
    r"|throw (?:\S+ ){0,4}?(?:out|away)|leave (?:\S+ ){0,4}?out"
    r"|(?:can|must|should|has to) go(?! (?:into|on|in|for|to|with|back|deeper|through|over)\b)"
    r"|not? (?:longer |more )?need(?:ed|s)?|no more(?! than)|no longer|any ?more|without|do(?:es)? not need"
    r"|don['’]t need"
    r"|doesn['’]t need|don['’]t want|do not want"
    r"|entfern\w*|streich\w*|lösch\w*|(?:raus|weg)(?=\W*$)|brauch\w* (?:\S+ )?(?:nicht|kein\w*)"
    r"|quita\w*|elimin\w+|borra\w*|sin|remove\w*|apag\w+|tira\w*|retira\w*|supprim\w+|enl[èe]ve\w*|togli\w*)"
)
ADD = (
    r"(?:add\w*|another|one more|new|extra|additional|includ\w+|also (?:have|offer|show|use)|append|insert|put in"
    r"|ergänz\w*|hinzu\w*|weitere[rsn]?|noch ein\w*|neue[rsn]?|añad\w+|agreg\w+|otr[ao]|adicion\w+|acrescent\w+"
    r"|ajout\w+|aggiung\w+)"
)
FREE = r"(?:creative|random|imaginative|inventive|original|adventurous|experimental|surprising|wild)"
STEADY = r"(?:deterministic|predictable|consistent|reproducible|repeatable)"
SWAP = (
    r"(?:replac\w+|chang\w+|swap\w*|turn|instead|rather than|should (?:read|say|become|be(?! able))|becomes?"
    r"|rewrite|reword"
    r"|edit|modify|update|ersetz\w*|änder\w*|cambi\w+|substitu\w+|troc\w+|remplac\w+|sostitu\w+|mud[ae]\w*)"
)
ON = (
    r"(?:let|allow|enable\w*|activat\w+|turn\w* (?:\S+ ){0,4}?on|switch\w* (?:\S+ ){0,4}?on|able to|can|give|add\w*|may"
    r"|start|should|include|wants? it to|needs? to|also|schalt\w* (?:\S+ ){0,4}?(?:ein|an)|soll\w*|kann|aktivier\w*)"
)
OFF = (
    rf"(?:disabl\w+|deactivat\w+|turn\w* (?:\S+ ){{0,4}}?off|switch\w* (?:\S+ ){{0,4}}?off|stop|no|not|never|cannot"
    rf"|can['’]t|don['’]t|doesn['’]t|shouldn['’]t|mustn['’]t|schalt\w* (?:\S+ ){{0,4}}?(?:aus|ab)|kein\w*|{DROP})"
)
ORDINALS = {
    "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4,
    "sixth": 5, "last": -1, "final": -1, "bottom": -1, "top": 0, "erste": 0, "ersten": 0, "zweite": 1, "zweiten": 1,
    "dritte": 2, "dritten": 2, "letzte": -1, "letzten": -1, "primera": 0, "segunda": 1, "tercera": 2, "última": -1,
    "primeira": 0, "terceira": 2, "primer": 0, "segundo": 1, "tercer": 2, "último": -1, "primeiro": 0, "terceiro": 2,
}  # fmt: skip
ALL = re.compile(
    r"\b(?:all(?: of)?(?: the| its| my)?|every|each|alle|todas?|todos?|tous|toutes|tutti|both)\b", ANY_CASE
)
IT = (
    r"(?:it|this (?:assistant|bot|one|thing)|this|him|her|he|she|the (?:assistant|bot|gpt|thing|chatbot|helper|agent"
    r"|ai)|that)"
)
_POLITE = re.compile(
    r"^(?:\W*(?:please|pls|plz|kindly|hey|hi|hello|hm+|um+|erm|yo|alright|right then|tbh|honestly|ok(?:ay)?|so|now"
    r"|also|then|and|but|oh|well|actually|additionally"
    r"|finally|next|furthermore|one more thing|another thing|by the way|btw|maybe|perhaps|just|first of all|lastly"
    r"|bitte|und|dann|außerdem|auch|por favor|y|e|também|además|et|aussi|s'il (?:te|vous) plaît)\b[\s,:!–-]*"
    r"|(?:can|could|would|will) (?:you|we|i)(?: please)?(?: (?:make sure|see to it)(?= it))? "
    r"|(?:i|we)(?:['’]d| would)? (?:like|want|need|prefer|love|rather)(?: you)? to (?=\w)"
    r"|(?:i|we)(?:['’]d| would)? (?:like|want|need|prefer|love)(?: to have| to see)? (?=(?:an? |the )?(?:\w+"
    r" )?(?:shorter|longer|more|less|fewer|warmer|friendlier|[a-z]+er|no)\b)|you (?:can|could|should|might|may)"
    r" (?:also |just )?(?=\w)|let['’]?s (?:also |just )?|(?:i|we) think (?:that )?"
    r"|would you mind |(?:what|how) about |why not |why don['’]t (?:you|we) |is it possible to |(?:kannst|könntest)"
    r" du (?:bitte )?|puedes |podrías |pode(?:s|rias|ria)? )+",
    ANY_CASE,
)
_TRAILING = re.compile(
    r"(?:(?<! is)(?<! are)(?<!['’]s)[\s,–-]+(?:please|pls|plz|thanks|thank you|thx|bitte|danke|por favor|gracias"
    r"|obrigad[oa]|merci|ok|okay"
    r"|tbh|imo|imho|lol|haha|(?<=, )mate|cheers|ta|tho|though|honestly|innit"
    r"|(?:if|when(?:ever)?) you (?:can|could|please"
    r"|like|would"
    r"|don['’]?t mind"
    r"|get (?:a|the) chance|have (?:a|the) (?:time|moment))|would you|will you|if (?:possible|that['’]s (?:ok|okay"
    r"|possible))"
    r"|to be (?:honest|frank)|frankly|(?<=, )i (?:find|think|suppose|guess|reckon)|i(?:['’]m| am) afraid"
    r"|if i may(?: say so)?"
    r"|if (?:that|it)(?:['’]s| is) not too much (?:trouble|bother|work|to ask)|you (?:know|see)"
    r"|(?<=, )(?:do(?:n['’]t)? you|is(?:n['’]t)? it|are(?:n['’]t)? they|right)(?=\?)"
    r"|for me|(?:from )?now(?: on)?|instead of that|as well"
    r"|too))+"
    r"[\s.!?]*$",
    ANY_CASE,
)
_SMILE = re.compile(r"(?:\s+(?:[:;]['’]?-?[()DPp]|<3|[\U0001F300-\U0001FAFF\u2600-\u27BF]+))+\s*$")
_GIVEN_QUESTION = re.compile(r":\s*\S[^:]*\?\s*$")  # `add a starter: My chain slips, what now?`: all of it is the text
_FROM_NOW = re.compile(r"^(?:from now on|in future|in the future|ab jetzt|a partir de ahora)\W+", ANY_CASE)


BEHAVING = listed(
    "be act ask tell say mention explain greet warn name cite quote answer reply respond give offer suggest"
    " recommend show list"
    " start begin end finish speak refer point direct invite encourage remind thank praise apologise apologize"
    " admit describe"
    " summarize summarise repeat confirm check compare use include keep address treat stick focus talk prefer"
    " assume introduce"
    " sign send pretend avoid always never insist prioritize prioritise convert round format put write draw"
    " consider follow"
    " provide state ensure help sing joke refuse decline redirect leave stay remain remember try wish close open"
    " congratulate"
    " propose translate add link translate label number bold highlight end-with spell skip hold limit stop sound"
    " behave seem promise lie swear guess"
)
CONFIGURED = (  # what an assistant is made of
    r"starters?|welcome message|greeting|disclaimer|description|version|temperature|tokens?|variables?|tests?"
    r"|tools?|knowledge|passages?|memory"
    r"|avatar|logo|icon|(?:the|its) (?:name|title|model)|fonts?|colou?rs?|page|screen|website|buttons?|database"
    r"|server|api"
)
CAUSED = re.compile(
    rf"^(?:have|make|let|get|teach|tell|instruct|train|program|force|ask|remind|want|i want|we want|i need|we need"
    rf"|i['’]d like|i would like"
    rf"|it would be (?:nice|good|great|better) if|(?:i|we)(?:['’]d| would) (?:appreciate|like|love"
    rf"|prefer) it if) {IT} (?:to )?"
    r"(?=[a-z])",
    ANY_CASE,
)


FORMS = (  # what an answer may be made of
    r"examples?|lists?|bullets?|bullet points|tables?|emojis?|emoticons?|quotes|numbers|facts|links|anecdotes"
    r"|headings?|bold|steps|summar(?:y|ies)"
    r"|analog(?:y|ies)|metaphors|comparisons|exclamation marks?|jargon|slang|abbreviations|code|markdown|footers?"
    r"|follow-up questions"
    r"|numbered lists?|rhymes?|verse|capital letters|paragraphs|full sentences|definitions"
)


def has(pattern: str, text: str) -> bool:
    """Say whether the words of `pattern` stand in `text`."""
    return bool(re.search(rf"(?<!\w)(?:{pattern})(?!\w)", text, ANY_CASE))


def bare(text: str) -> str:
    """Return a command without what is only courtesy: `could you please drop it, thanks` -> `drop it`."""
    text = _SMILE.sub("", text)
    before = ""
    while before != text:
        before = text
        text = _FROM_NOW.sub("", _POLITE.sub("", text)).strip()
        if not _GIVEN_QUESTION.search(text):
            text = _TRAILING.sub("", text).strip() or before
    return text.strip(" ,;–-")


def is_courtesy(text: str) -> bool:
    """Say whether the words are nothing but courtesy: `if you please`."""
    return bool(_TRAILING.fullmatch(f" {text.strip()}"))


def ordinal(text: str) -> int | None:
    """Return the position that an ordinal in `text` names, from 0, -1 for the last; None without one."""
    for word in re.findall(r"\w+", text.lower()):
        if word in ORDINALS:
            return ORDINALS[word]
    numbered = re.search(
        rf"(?:number|no\.|nr\.?|#|starter|test|rule) ?(\d{{1,2}}"
        rf"|{'|'.join(NUMBER_WORDS)})\b",
        text,
        ANY_CASE,
    )
    if not numbered:
        return None
    number = int(numbered[1]) if numbered[1].isdigit() else NUMBER_WORDS[numbered[1].lower()]
    return number - 1 if number > 0 else None


COMMAND_WORDS = listed(
    "starter starters conversation description disclaimer welcome message greeting version temperature tokens model"
    " citations"
    " knowledge passages pictures images drawing drawings captions variable variables default required test tests"
    " rename remove"
    " delete replace change answers answer reply replies shorter longer detailed formal informal friendly"
    " friendlier warmer"
    " creative random second third first fourth language english german spanish portuguese french italian dutch"
    " always never"
    " mention approval please before maximum minutes seconds messages tool tools memory rule rules instruction"
    " instructions"
    " called name shorten brief concise humour funny polite professional casual playful calm"
)


_CONTRACTED = {
    **{f"{verb}nt": f"{verb}n't" for verb in ("do", "does", "did", "is", "are", "was", "should", "could", "would",
                                             "must", "have", "has", "need")},
    "cant": "can't", "wont": "won't", "im": "I'm", "ive": "I've", "lets": "let's", "thats": "that's",
    "theres": "there's", "theyre": "they're", "youre": "you're", "whats": "what's",
}  # fmt: skip
_UNMARKED = re.compile(rf"\b(?:{'|'.join(_CONTRACTED)})\b", ANY_CASE)


def with_apostrophes(text: str) -> str:
    """Return `text` with the apostrophes of its short forms: `dont` -> `don't`."""
    return _UNMARKED.sub(lambda m: _CONTRACTED[m.group().lower()], text)
