"""Whether a caption says all that a request says: its things, numbers, colours and relations; synonyms count.

The caption is looked at by itself. Things are compared by stem, then by meaning (MiniLM); numbers, colours and
relations by lists, because a sentence encoder takes red for blue and left for right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gptsmith.models.chat.embedded import words as language
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.routing import is_change
from gptsmith.models.chat.embedded.words import STOP, stem, tokens, word_set

# An order about a picture ("make it darker", "zoom out"): which of its words a caption has to say, and which not.
#
# What an order does with a picture is not what the picture shows: of "zoom out a bit and make the sky more dramatic" a
# caption has to name the sky; how it is dramatic is the caption's to say.

_DOING = re.compile(
    r"\b(?:make|turn|change|set|let|have|get|give|keep|put|move|bring|take|shift|push|pull|place|zoom|pan|tilt|crop|rotate|"
    "flip|mirror|brighten|darken|lighten|dim|enlarge|shrink|widen|extend|expand|blur|sharpen|soften|smooth|simplify|"
    "adjust|edit|modify|tweak|fix|improve|redo|redraw|repaint|recolou?r|render|restyle|reimagine|transform|convert|"
    "swap|exchange|replace|add|insert|include|increase|decrease|reduce|raise|lower|boost|intensify|enhance|emphasi[sz]e|"
    "try|use|switch|center|centre|focus|frame|step|fill|draw|paint|show|look|looks|looking|feel|feels|feeling|seem|"
    r"appear|become|go|tone|crank|dial|amp|ramp|fade|stretch|straighten|colou?ri[sz]e|stylize|stylise)\b",
    re.IGNORECASE,
)
_IN_ORDERS = word_set(
    """bit little lot touch tad slightly somewhat rather quite much way far even more less most least further closer
    nearer away back around out off down forward wider tighter again once another different same different version
    everything whole thing things entire overall general generally total totally completely entirely fully kind sort
    mood vibe vibes atmosphere feel feeling look looks tone style styled scene image picture shot frame framing camera
    angle view viewpoint perspective composition focus lens crop zoom effect filter quality instead rather like
    as if though real really actually maybe perhaps okay please thanks hey good nice better best worse nicer
    hour time era lighting setting place sides middle centre center level degrees degree percent times half double
    twice enough too only else left right top bottom up"""
)
_QUALITIES = word_set(
    """dark light bright warm cool cold hot soft sharp simple tall wide bold old young happy big large small
    short long thin thick close near far high low deep clear calm quiet busy rich pale loud strong weak clean
    dirty fresh sad mad nice pretty fine great grand tiny huge fat slim cute cozy cosy moody gloomy spooky
    scary creepy eerie fluffy shiny dusty rusty foggy misty hazy cloudy rainy snowy sunny windy stormy wet dry
    lush wild tame fancy plain smooth rough tight loose full empty new fun funny silly lively sleepy crazy
    weird strange odd lonely friendly angry neat messy blurry crisp mellow faint dim vivid bleak stark harsh
    gentle subtle heavy lovely ugly elegant"""
)
_MOODS = word_set(
    """dramatic cinematic epic romantic mysterious mystical magical dreamy dreamlike whimsical playful cheerful joyful
    festive peaceful serene tranquil relaxed relaxing ominous sinister menacing melancholic melancholy nostalgic vintage
    retro antique modern futuristic minimal minimalist minimalistic realistic photorealistic lifelike natural abstract
    surreal colorful colourful vibrant saturated desaturated muted dull intense powerful dynamic static professional
    artistic beautiful gorgeous stunning amazing interesting exciting boring impressive majestic elegant luxurious
    expensive cheap rustic urban rural tropical exotic ethereal ghostly haunting horrific horror gothic grungy gritty
    polished detailed crowded sparse spacious airy compact moodier cosier cozier homely homey inviting welcoming
    comfortable intimate atmospheric painterly cartoonish childish childlike mature heroic evil kind bouncy energetic
    sleek glossy matte textured shadowy luminous radiant glowing hopeful hopeless tragic comic comical goofy"""
)
_COMPARED = frozenset(
    form
    for word in _QUALITIES
    for base in {word, word.removesuffix("e"), word + word[-1], re.sub("y$", "i", word)}
    for form in (f"{base}er", f"{base}est")
)
_QUALITY = re.compile(r"^[\w-]{2,}(?:ful|ous|ish|less|esque|punk|core|like|istic|atic)$")
_BARE = re.compile(  # "make it cosy and warm": how it is to be, never a thing, which would have an article
    r"\b(?:(?:make|keep|turn|get|have|let|want|prefer)\s(?:it|them|this|that|everything|(?:the|this) "
    r"(?:picture|image|scene|whole thing|mood|atmosphere|light|lighting))|(?:it|this|they|everything) "
    r"(?:should|could|must) be|looks?|feels?|seems?)"
    r"(?: (?:to |all |really |very |quite |super |extra |a bit |a little |more |less |much |even |way |so |too )*"
    r"(?:look|feel|be|seem)?)?"
    r"(?P<how>(?:(?:,? (?:and|but|or|yet))?,? (?!(?:an?|the|in|on|at|with|of|to|for|like|from|than|and|but|or|yet)\b)"
    r"[\w-]+){1,4}?)(?=$|[.,;!?]| (?:and|but|or|yet|please|now|again|instead|for|than|with|in|on|at|here|overall)\b)",
    re.IGNORECASE,
)
SEEN_FROM = re.compile(
    r"\b(?:seen |viewed |shown |shot |taken |(?:a )?view )*from (?:further |farther |far |right |directly )*"
    r"(?:above|below|behind|the (?:front|side|back|left|right|top)|(?:further|farther|far) (?:away|back|off)|afar"
    r"|up close)\b",
    re.IGNORECASE,
)
_OPENS_ABROAD = word_set(
    """jetzt nun mach mache macht füge fuege entferne ersetze ändere aber ohne statt noch etwas dunkler heller lass bei
    maintenant rends rend ajoute ajoutez enlève enleve enlevez remplace mets mais sans plutôt plus moins fais
    ahora haz hazlo hazla añade quita pon ponle cambia pero sin con más menos
    ora adesso fallo falla rendilo rendila aggiungi togli cambia senza più meno
    agora faça faz deixa adicione tire troque sem mais menos nu maak voeg verwijder vervang zonder
    meer minder teraz dodaj"""
)
_OURS = word_set(
    """the a an it its this that with without and to in on at of now make add more less like look some same but my
    your please for as but put take zoom darker brighter night sunset winter no"""
)
_NEW = re.compile(
    r"^(?:please |now |then |ok(?:ay)?,? |and )*(?:draw|paint|sketch|show|render)\b(?! (?:it|them|that|this)\b)", re.I
)
_NAMED = re.compile(r"^(?:an?|the|some|two|three|four|five|six|my|our)\b", re.I)  # a thing to draw, no order
_ANEW = re.compile(r"\b(?:again|once more|another (?:version|try|one|go)|(?:new|other) versions?|try)\b", re.I)
_ORDERS = re.compile(
    r"^(?:(?:please|now|then|and|but|also|just|ok(?:ay)?|can you|could you|would you)[,\s]+)*(?:zoom|pan|tilt|crop"
    r"|rotate|flip|mirror|brighten|darken|lighten|enlarge|shrink|move|remove|add|replace|swap|recolou?r|restyle|redraw"
    r"|repaint)\b",
    re.IGNORECASE,
)
_LIKE = re.compile(
    r"^(?:it should |should |let it )?(?:look|feel)s? (?:more |a bit |rather )*like\b"
    r"|^(?:an? )?(?:(?:extreme )?close[- ]?up|wide(?:r)? (?:shot|angle)|golden hour)\W*$|\bbring .+ (?:closer|nearer)\b"
    r"|^(?:can we |let's |let me )?see it\b",
    re.IGNORECASE,
)


def is_order(request: str) -> bool:
    """Tell whether a request says what to do with the picture before it."""
    if _NEW.match(request):
        return False
    named = _NAMED.match(request)
    first = next(iter(tokens(request)), "")
    return bool(
        _ORDERS.match(request)
        or (not named and (_ANEW.search(request) or is_change(request)))
        or _LIKE.search(request)
        or first in _COMPARED
        or (first in _OPENS_ABROAD and is_foreign(request))
    )


def is_foreign(request: str) -> bool:
    """Tell whether a request is in another language than English, whose words an English caption does not repeat."""
    if language.language_of(request) != "en":
        return True
    words = tokens(request)
    return any(word in _OPENS_ABROAD for word in words[:2]) and not any(word in _OURS for word in words)


def named(order: str, checked: Callable[[str], bool]) -> str:
    """Return an order without the words that say what is done, how much and how it is to look.

    Of how it is to look those stay that are `checked`: hours, seasons, colours, numbers.
    """

    def without_qualities(match: re.Match[str]) -> str:
        return f" {' '.join(word for word in tokens(match['how']) if checked(word))} "

    text = _BARE.sub(without_qualities, SEEN_FROM.sub(" ", order))
    text = _DOING.sub(" ", text)

    def kept(match: re.Match[str]) -> str:
        return " " if _says_how(match.group().lower()) else match.group()

    return " ".join(re.sub(r"[^\W_]+(?:['’-][^\W_]+)*", kept, text).split())


def _says_how(word: str) -> bool:
    """Tell whether a word says how something is to be, or is no more than a part of the order."""
    if word in _IN_ORDERS or word in _COMPARED:
        return True
    return word in _MOODS or word in _QUALITIES or bool(_QUALITY.match(word))


Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SIMILAR = 0.7  # cosine from which two words mean the same; docs/pictures.md has the measurement
_COLOURS = [
    "red crimson scarlet ruby maroon vermilion cherry burgundy",
    "orange amber tangerine apricot",
    "yellow golden gold lemon mustard",
    "green emerald olive lime jade mint",
    "blue azure navy cobalt indigo sapphire cerulean turquoise teal cyan",
    "purple violet lilac lavender mauve plum magenta",
    "pink rose rosy fuchsia magenta salmon coral",
    "brown chestnut tan bronze beige sepia chocolate",
    "black ebony jet raven",
    "white ivory snowy cream",
    "grey gray silver silvery ash slate",
    "rainbow multicolored multicoloured colorful colourful",
]
COLOUR_GROUPS = {word: n for n, line in enumerate(_COLOURS) for word in line.split()}
_HOURS = [
    "night nights nighttime midnight moonlit moonlight starlit starlight starry nocturnal stars",
    "dawn sunrise daybreak morning sunup",
    "sunset dusk sundown twilight evening nightfall",
    "noon midday daylight daytime afternoon",
]
HOUR_GROUPS = {word: n for n, line in enumerate(_HOURS) for word in line.split()}
_SEASONS = word_set(
    "winter summer spring autumn snow snowy rain rainy fog foggy storm stormy christmas halloween easter"
)
_SAME_SPELLING = {  # what no rule of spelling brings together
    "cosy": "cozy", "cosier": "cozier", "cosiest": "coziest", "pyjamas": "pajamas", "moustache": "mustache",
    "tyre": "tire", "tyres": "tires", "aeroplane": "airplane", "aeroplanes": "airplanes", "jewellery": "jewelry",
    "doughnut": "donut", "doughnuts": "donuts", "plough": "plow", "kerb": "curb", "mould": "mold", "gray": "grey",
    "sceptre": "scepter", "sabre": "saber", "grandma": "grandmother", "grandpa": "grandfather", "granny": "grandmother",
    "eighties": "80s", "nineties": "90s", "seventies": "70s", "sixties": "60s", "fifties": "50s", "twenties": "20s",
    "thirties": "30s", "forties": "40s", "woollen": "wool", "woolen": "wool", "sulphur": "sulfur", "storey": "story",
}  # fmt: skip
_DECADE = re.compile(r"^(?:19|20)(?=\d0s$)")
_NUMBERS = {**NUMBER_WORDS, "pair": 2, "couple": 2, "both": 2, "twin": 2, "twins": 2, "trio": 3, "quartet": 4}
_RELATIONS = {
    "left": r"(?:to|on|at) (?:the|its) (?:far |very )?left|left (?:of|side)|leftmost|left-hand",
    "right": r"(?:to|on|at) (?:the|its) (?:far |very )?right|right (?:of|side)|rightmost|right-hand",
    "above": r"on top of|atop|above|over|on|upon|resting on|balanced on|perched on|stacked",
    "below": r"below|under|underneath|beneath",
    "behind": r"behind|in back of|in the background",
    "front": r"in front of|before|in the foreground|ahead of",
    "beside": r"beside|next to|near|by|alongside|close to|adjacent to|side by side|against|left of|right of",
    "inside": r"inside|within|in|into|filled with|containing",
    "between": r"between|in the middle of|flanked by",
}
_ASKED = {
    "left": r"(?:to|on) the left|left of",
    "right": r"(?:to|on) the right|right of",
    "above": r"on top of|above|atop",
    "below": r"below|under|underneath|beneath",
    "behind": r"behind",
    "front": r"in front of",
    "beside": r"beside|next to|alongside|side by side",
    "inside": r"inside",
    "between": r"between",
}
_OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above", "behind": "front", "front": "behind"}
_ASKING = word_set(
    """draw paint sketch render create generate make show picture pictures image images pic drawing illustration please
    want like need can could would you me us something thing things colored coloured color colour colors colours new
    now add put change turn replace instead version also still more less bit little very much keep give let side top
    left right front middle above below under underneath beneath behind beside next inside between atop alongside near
    photo photograph photography view art style scene background foreground type kind sort shape texture single other
    device used set number group collection high highly large small big kept real realistic certain particular
    going see seen many written over"""
)
_NOT_A_THING = re.compile(r"^[a-z]{3,}(?:ing|ed|ly)$")
_THINGS_ANYWAY = word_set(
    """building painting ring king wedding string ceiling clothing earring evening morning lightning spring wing swing
    pudding railing bed sled shed seed weed steed butterfly family jelly fly lily belly bully dumpling duckling
    sibling frosting icing lightbulb red"""
)
_WITHOUT = re.compile(
    r"\b(?:without|no|not|remove|delete|erase|minus|take (?:away|out|off)|get rid of|leave out|instead of|rather than)"
    r"\s+(?:(?:any|the|a|an|its|his|her|their)\s+)*[\w'-]+|\breplace\s+(?:the\s+|a\s+|an\s+)?[\w'-]+(?=\s+(?:with|by)\b)",
    re.IGNORECASE,
)


def missing(request: str, caption: str, encode: Encode, *, order: bool = False) -> list[str]:
    """Return the words and relations of `request` that `caption` does not say; empty when it is faithful.

    What a request takes away ("without a hat", "remove the tree") need not be said, nor what an order does with the
    picture ("zoom out", "make it darker"); `order` says that it is one, else its words tell. Of a request in another
    language code checks the digits alone.
    """
    wanted = _WITHOUT.sub(" ", re.sub(r"\bgolden hour\b", "sunset", request, flags=re.IGNORECASE))
    if is_foreign(request):
        return [word for word in _numbers(wanted) if word.isdigit() and not _has_number(int(word), tokens(caption))]
    placed = wanted
    if order or is_order(request):
        wanted = named(wanted, _is_checked)
    said = [_spelled(word) for word in tokens(caption)]
    found = [word for word in _numbers(wanted) if not _has_number(_NUMBERS[word], said)]
    found += [word for word in _colours(wanted) if not _has_colour(word, said)]
    found += [word for word in tokens(wanted) if word in HOUR_GROUPS and not _has_hour(word, said)]
    found += _missing_things(_things(wanted), said, encode)
    return list(dict.fromkeys([*found, *_missing_relations(placed, caption)]))


def _is_checked(word: str) -> bool:
    """Tell whether lists know what `word` says, so that it can be held against any caption."""
    return word in HOUR_GROUPS or word in _SEASONS or word in COLOUR_GROUPS or word in _NUMBERS


def _spelled(word: str) -> str:
    """Return one form of words that are spelled in two ways, and of decades."""
    return _DECADE.sub("", _SAME_SPELLING.get(word, word))


def _has_hour(word: str, said: list[str]) -> bool:
    return any(HOUR_GROUPS.get(w) == HOUR_GROUPS[word] for w in said)


def _numbers(text: str) -> list[str]:
    words = [word for word in tokens(text) if word in _NUMBERS and _NUMBERS[word] > 1]
    return words + [word for word in tokens(text) if word.isdigit() and _remember(word)]


def _remember(word: str) -> bool:
    """Take a numeral in digits as a number word of its own."""
    return 1 < int(word) < 1000 and bool(_NUMBERS.setdefault(word, int(word)))


def _has_number(value: int, said: list[str]) -> bool:
    return any((_NUMBERS.get(w) == value) or (w.isdigit() and int(w) == value) for w in said)


def _colours(text: str) -> list[str]:
    return [word for word in tokens(text) if word in COLOUR_GROUPS]


def _has_colour(word: str, said: list[str]) -> bool:
    parts = {part for w in said for part in w.split("-")}
    return any(COLOUR_GROUPS.get(part) == COLOUR_GROUPS[word] for part in parts) or word in parts


def _things(text: str) -> list[str]:
    """Return the words that name things; verbs and adverbs, told by their endings, may be said in another way."""
    skipped = STOP | _ASKING | _NUMBERS.keys() | COLOUR_GROUPS.keys()
    skipped |= HOUR_GROUPS.keys()
    words = [
        w for w in dict.fromkeys(map(_spelled, tokens(text))) if w not in skipped and len(w) > 1 and not w.isdigit()
    ]
    return [w for w in words if w in _THINGS_ANYWAY or not _NOT_A_THING.match(w)]


def _missing_things(things: list[str], said: list[str], encode: Encode) -> list[str]:
    stems = {stem(w) for w in said}
    left = [w for w in things if stem(w) not in stems]
    others = [w for w in dict.fromkeys(said) if w not in STOP and len(w) > 2]
    if not left or not others:
        return left
    pairs = [f"{a} {b}" for a, b in pairwise(said) if a not in STOP and b not in STOP]
    rows = encode([_singular(word) for word in [*left, *others]] + list(dict.fromkeys(pairs)))
    near = (rows[: len(left)] @ rows[len(left) :].T).max(axis=1)
    return [word for word, value in zip(left, near, strict=True) if value < SIMILAR]


def _singular(word: str) -> str:
    """Return a plural as the encoder knows the word best; a guess, good enough to compare two words."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def _missing_relations(request: str, caption: str) -> list[str]:
    low, said = SEEN_FROM.sub(" ", request.lower()), caption.lower()
    found = []
    for name, pattern in _ASKED.items():
        for match in re.finditer(rf"\b(?:{pattern})\b", low):
            if not _relation_holds(name, low, match, said):
                found.append(match.group())
    return found


def _relation_holds(name: str, request: str, match: re.Match[str], said: str) -> bool:
    """Tell whether the caption has the relation, between the same two things where both are named in it."""
    before = [w for w in tokens(request[: match.start()]) if w not in STOP | _ASKING]
    after = [w for w in tokens(request[match.end() :]) if w not in STOP | _ASKING | COLOUR_GROUPS.keys()]
    first, second = (before[-1] if before else ""), (after[0] if after else "")
    places = {word: _places(word, said) for word in (first, second) if word}
    same = list(re.finditer(rf"\b(?:{_RELATIONS[name]})\b", said))
    turned = list(re.finditer(rf"\b(?:{_RELATIONS[_OPPOSITE[name]]})\b", said)) if name in _OPPOSITE else []
    if not (first and second and places[first] and places[second]):
        return bool(same or turned)
    around = [(m, first, second) for m in same] + [(m, second, first) for m in turned]
    if any(_between(m, places[a], places[b]) for m, a, b in around):
        return True
    return bool(around) and not any(_between(m, places[b], places[a]) for m, a, b in around)


def _between(match: re.Match[str], before: list[int], after: list[int]) -> bool:
    """Tell whether a relation follows one thing; the other then follows it."""
    return any(place < match.start() for place in before) and any(place > match.start() for place in after)


def _places(word: str, text: str) -> list[int]:
    wanted = stem(word)
    return [m.start() for m in re.finditer(r"[^\W_]+(?:['’][^\W_]+)*", text) if stem(m.group().lower()) == wanted]
