"""What to draw when only a thing is named, "a fox in a snowy forest", to an assistant that is there to draw."""

from __future__ import annotations

import re

from gptsmith.models.chat.embedded.asks import Ask
from gptsmith.models.chat.embedded.conversation import Conversation, Role
from gptsmith.models.chat.embedded.drawing import Wanted, finish
from gptsmith.models.chat.embedded.lookups import is_free_writing
from gptsmith.models.chat.embedded.quantities import NUMBER_WORDS
from gptsmith.models.chat.embedded.toolbox import Tool
from gptsmith.models.chat.embedded.words import content_stems, listed, tokens

_DRAWS = re.compile(
    r"\b(?:draw|paint|sketch|illustrat|pictures?\b|images?\b|artwork|artist|posters?\b|logos?\b|cartoon|comic|doodle)",
    re.IGNORECASE,
)
_ANY_ONE = re.compile(rf"^(?:an?|some|several|many|{'|'.join(NUMBER_WORDS)}|\d{{1,2}}) \w", re.IGNORECASE)
_NOT_SEEN = listed(  # what is said, asked or reckoned, not seen
    """joke jokes poem poems rhyme riddle question questions answer answers idea ideas price prices cost costs number
    name names problem reason meaning definition summary translation list word words sentence text letter advice tip
    tips help capital population weather news time date way one ones thing things something anything nothing
    everything mistake error"""
)
_ORDERS = listed(  # what one who gives no order to draw tells the assistant to do
    """again continue repeat undo redo delete erase remove clear save export download open close send show tell explain
    describe write translate summarise summarize say try go come start stop cancel wait help think look search find
    check choose pick guess surprise use change give take keep let put set zoom restart reset begin forget remember
    back next exit quit test testing read play sing count calculate not no never without"""
)
_TO_US = listed("i me we us you")
_LEANS = listed("it that this them those these one")


def scene_of(asks: list[Ask], tool: Tool, talk: Conversation) -> Wanted | None:
    """Return what to draw when the message does no more than to name it."""
    if not (_is_there_to_draw(talk.role) and asks and all(_names_a_thing(ask) for ask in asks)):
        return None
    wanted = finish(". ".join(ask.core for ask in asks), tool)
    return wanted if wanted.request else None


def _is_there_to_draw(role: Role) -> bool:
    about = f"{role.name}. {role.description}" if role.description else role.instructions
    return bool(_DRAWS.search(about))


def _names_a_thing(ask: Ask) -> bool:
    said = tokens(ask.core)
    named = ask.form == "fragment" or (ask.form == "statement" and bool(_ANY_ONE.match(ask.core)))
    if not named or ask.negated or is_free_writing(ask) or not content_stems(ask.core):
        return False
    head = re.split(r"\b(?:of|about|for|in|on|at|with|to|from)\b|[,;:]", ask.core.lower(), maxsplit=1)[0]
    to_us = bool(set(said) & _TO_US) or (len(said) < 4 and said[-1] in _LEANS)
    told = said[0] in _ORDERS or bool(set(tokens(head)[-1:]) & _NOT_SEEN)
    return not (told or to_us) and any(len(word) > 2 and word.isalpha() for word in said)
