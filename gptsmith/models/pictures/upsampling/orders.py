"""An order about a picture ("make it darker", "zoom out"): which of its words a caption has to say, and which not.

What an order does with a picture is not what the picture shows: of "zoom out a bit and make the sky more dramatic" a
caption has to name the sky; how it is dramatic is the caption's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.models.chat.embedded import language
from gptsmith.models.chat.embedded.asks import read_asks
from gptsmith.models.chat.embedded.changing import wants_change
from gptsmith.models.chat.embedded.words import listed, tokens

_DOING = re.compile(
    r"\b(?:make|turn|change|set|let|have|get|give|keep|put|move|bring|take|shift|push|pull|place|zoom|pan|tilt|crop|rotate|"
    "flip|mirror|brighten|darken|lighten|dim|enlarge|shrink|widen|extend|expand|blur|sharpen|soften|smooth|simplify|"
    "adjust|edit|modify|tweak|fix|improve|redo|redraw|repaint|recolou?r|render|restyle|reimagine|transform|convert|"
    "swap|exchange|replace|add|insert|include|increase|decrease|reduce|raise|lower|boost|intensify|enhance|emphasi[sz]e|"
    "try|use|switch|center|centre|focus|frame|step|fill|draw|paint|show|look|looks|looking|feel|feels|feeling|seem|"
    r"appear|become|go|tone|crank|dial|amp|ramp|fade|stretch|straighten|colou?ri[sz]e|stylize|stylise)\b",
    re.IGNORECASE,
)
_IN_ORDERS = listed(
    """bit little lot touch tad slightly somewhat rather quite much way far even more less most least further closer
    nearer away back around out off down forward wider tighter again once another different same different version
    everything whole thing things entire overall general generally total totally completely entirely fully kind sort
    mood vibe vibes atmosphere feel feeling look looks tone style styled scene image picture shot frame framing camera
    angle view viewpoint perspective composition focus lens crop zoom effect filter quality instead rather like
    as if though real really actually maybe perhaps okay please thanks hey good nice better best worse nicer
    hour time era lighting setting place sides middle centre center level degrees degree percent times half double
    twice enough too only else left right top bottom up"""
)
_QUALITIES = listed(
    """dark light bright warm cool cold hot soft sharp simple tall wide bold old young happy big large small
    short long thin thick close near far high low deep clear calm quiet busy rich pale loud strong weak clean
    dirty fresh sad mad nice pretty fine great grand tiny huge fat slim cute cozy cosy moody gloomy spooky
    scary creepy eerie fluffy shiny dusty rusty foggy misty hazy cloudy rainy snowy sunny windy stormy wet dry
    lush wild tame fancy plain smooth rough tight loose full empty new fun funny silly lively sleepy crazy
    weird strange odd lonely friendly angry neat messy blurry crisp mellow faint dim vivid bleak stark harsh
    gentle subtle heavy lovely ugly elegant"""
)
_MOODS = listed(
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
_OPENS_ABROAD = listed(
    """jetzt nun mach mache macht füge fuege entferne ersetze ändere aber ohne statt noch etwas dunkler heller lass bei
    maintenant rends rend ajoute ajoutez enlève enleve enlevez remplace mets mais sans plutôt plus moins fais
    ahora haz hazlo hazla añade quita pon ponle cambia pero sin con más menos
    ora adesso fallo falla rendilo rendila aggiungi togli cambia senza più meno
    agora faça faz deixa adicione tire troque sem mais menos nu maak voeg verwijder vervang zonder
    meer minder teraz dodaj"""
)
_OURS = listed(
    """the a an it its this that with without and to in on at of now make add more less like look some same but my
    your please for as but put take zoom darker brighter night sunset winter no"""
)
_NEW = re.compile(
    r"^(?:please |now |then |ok(?:ay)?,? |and )*(?:draw|paint|sketch|show|render)\b(?! (?:it|them|that|this)\b)", re.I
)
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
    first = next(iter(tokens(request)), "")
    return bool(
        _ORDERS.match(request)
        or wants_change(read_asks(request), fresh=True)
        or _LIKE.search(request)
        or first in _COMPARED
        or (first in _OPENS_ABROAD and is_foreign(request))
    )


def is_foreign(request: str) -> bool:
    """Tell whether a request is in another language than English, whose words an English caption does not repeat."""
    if language.of(request) != "en":
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
