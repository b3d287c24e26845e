"""Questions about the world at large, with which the assistant's files have nothing to do.

The sentence encoder compares a question with what the search tools and the system message say of their subject, and
with fields of general knowledge. A search is left out only when a field is clearly nearer; where nothing says what the
files are about, or the question speaks of the person or of the files themselves, the files are searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gptsmith.models.chat.embedded.asks import Ask
from gptsmith.models.chat.embedded.toolbox import Tool
from gptsmith.models.chat.embedded.words import content_stems, listed, stem, tokens

_FIELDS = [
    "geography: countries, capitals, cities, continents",
    "geography: mountains, rivers, oceans, deserts",
    "astronomy: planets, stars, the moon, the sun, space travel",
    "history: wars, kings, empires, presidents, inventions",
    "politics: governments, prime ministers, elections",
    "art: famous painters and paintings",
    "music: songs, singers, bands, composers",
    "films: movies, actors, directors",
    "literature: novels, writers, poets",
    "sport: football, world cups, championships, the Olympics",
    "biology: animals, plants, cells, evolution",
    "physics: light, gravity, atoms, energy",
    "chemistry: elements, molecules, reactions",
    "medicine: diseases, viruses, vaccines",
    "weather: rain, rainbows, clouds, the sky",
    "mathematics: numbers, equations, geometry",
    "economy: inflation, money, stock markets",
    "computers: the internet, software, programming",
    "languages: words, grammar, translations",
    "religion, philosophy and the meaning of life",
    "celebrities and famous people",
    "food: fruit, calories, nutrition",
    "measures: pounds, kilograms, miles, kilometres",
]
_CLEARLY = 0.25  # cosine by which a field is nearer than the subject of the files; .24 is the nearest of 400 lookups
_BARE = frozenset(  # words that say that there are files, not what is in them
    stem(w)
    for w in listed(
        """search searches look looks find finds lookup query question word words thing things few something anything
        file files document documents doc docs note notes page pages source sources folder folders knowledge base
        text texts record records archive data upload uploaded added attached own person person's user user's people
        assistant assistant's assistants answer answers passage passages content contents manual handbook guide wiki
        book leaflet leaflets handout material materials information info pdf readme helper helpful friendly kind"""
    )
)
_WIDE = frozenset(  # whoever teaches or quizzes may be asked anything
    stem(w)
    for w in listed(
        """tutor teacher teach lesson learn learning course syllabus study student school homework exam quiz trivia
        encyclopedia encyclopaedia wikipedia general world science research lecture university"""
    )
)
_UNTOLD = re.compile(r"\bthe source [\w-]+|\b[\w-]+\.\w{2,4}\b")  # only the name of a source, only names of files
_NEAR_US = re.compile(
    r"\b(?:i|we|my|our|ours|mine|me|us|you|your|here|this|these|files?|documents?|notes?|handbook|manual|pages?|guide"
    r"|allowed|permitted|supposed|policy|rules?|according)\b",
    re.IGNORECASE,
)


def is_worldly(ask: Ask, tools: list[Tool], role: str, similarity: Callable[[str, list[str]], list[float]]) -> bool:
    """Tell whether `ask` has nothing to do with what `tools` search; `role` is the assistant's name and description."""
    subjects = [t.description for t in tools]
    if not tools or _NEAR_US.search(ask.core) or not all(_says_what(s) for s in subjects):
        return False
    if any(stem(w) in _WIDE for s in [*subjects, role] for w in tokens(s)):
        return False
    about = [*subjects, role] if _says_what(role) else subjects
    fields = similarity(ask.core, _FIELDS)
    mine = max(similarity(ask.core, about))
    taken = [max(near) for near in zip(*(similarity(s, _FIELDS) for s in about), strict=True)]
    return any(field - max(mine, own) >= _CLEARLY for field, own in zip(fields, taken, strict=True))


def _says_what(description: str) -> bool:
    """Tell whether a description names a subject: two words beside those that every search tool has."""
    return len(set(content_stems(_UNTOLD.sub(" ", description))) - _BARE) > 1
