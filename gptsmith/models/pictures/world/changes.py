"""A change of a picture in words, read against the caption of that picture: what the new one has to show."""

from __future__ import annotations

import re
from dataclasses import replace

from gptsmith.models.pictures.world.requests import WORD, Meaning, Named, lexicon, parse_request
from gptsmith.models.pictures.world.scene import MOST, PLAIN, Group, Relation

_OUT = re.compile(r"\b(?:without|remove|delete|erase|get rid of|leave out|take (?:out|away)|drop|minus)\b|\bno\b(?!,)")
_AWAY = re.compile(r"\btake\b.*\baway\b")
_TURN = re.compile(
    r"\b(?:replace|turn|change|swap|make)\b\s+(?P<old>.+?)\s+\b(?:with|into|to|for|by|a|an)\b\s*(?P<new>.*)"
)
_INSTEAD = re.compile(r"(?P<new>.+?)\s+(?:instead of|rather than)\s+(?P<old>.+)")
_ADD = re.compile(r"\b(?:add|also|too|as well|plus|put in|another)\b|^(?:and|with)\b")
_REFERS = re.compile(
    r"\b(?:it|its|them|they|this|that|these|those|instead|same|again|once more|another (?:one|try)|try again|"
    r"different one|the background|bigger|smaller|larger|more|less|fewer|there should be|what about|also)\b"
    r"|^no,|^(?:now|and|with|add|remove|replace|at|in|on)\b(?!,? (?:draw|paint|show))"
)
_BACKGROUND = re.compile(r"\b(?:background|backdrop)\b(?: should be| to be| is| to| in)? (?P<color>\w+)")
_ORANGE = re.compile(r"(?<!\ban )(?<!\ba )(?<!\bthe )\borange$")  # at the end it is a colour, not a fruit
_RECOLORS = re.compile(r"\b(?:make|paint|change|turn|should be|to be|in|color|colour|recolor)\b")
_DARKER = re.compile(r"\b(?:darker|dimmer)\b(?! (?:red|blue|green|yellow|orange|purple|pink|brown|gr[ae]y|colou?r))")
_BRIGHTER = re.compile(
    r"\b(?:brighter|lighter|sunnier)\b(?! (?:red|blue|green|yellow|orange|purple|pink|brown|colou?r))"
)
_ONE = re.compile(
    r"\b(?:the )?(?P<which>top|upper|bottom|lower|left|right|front|back|first|second|last)(?:most|-hand)? "
    r"(?:one|thing)\b"
)
_COLORED_ONE = re.compile(r"\bthe (?P<which>\w+) one\b")
_SIDE = re.compile(r"\b(?:to|on|at) the (?P<side>left|right)(?: side)?\b(?! of\b)")
_ROLES: dict[str, tuple[tuple[str, ...], int]] = {  # of which relation it is the first (0) or the second thing (1)
    "top": (("on", "above"), 0), "upper": (("on", "above"), 0), "bottom": (("on", "above"), 1),
    "lower": (("on", "above"), 1), "left": (("left",), 0), "right": (("left",), 1), "front": (("front",), 0),
    "back": (("front",), 1),
}  # fmt: skip
_MORE = {"bigger": "large", "larger": "large", "smaller": "small"}


def reads_as_change(earlier: Named, text: str) -> bool:
    """Tell whether a request speaks of the picture before: by a pronoun, of its things, or of no thing at all."""
    said = text.lower()
    asked = parse_request(said)
    if (not asked.groups and not asked.unknown) or _ONE.search(said) or _DARKER.search(said) or _BRIGHTER.search(said):
        return True
    names = {g.name for g in earlier.groups}
    if (
        {g.name for g in asked.groups} == names
        and not asked.relations
        and any(g.count > 1 or g.color for g in asked.groups)
    ):
        return True  # "two ducks" where there is one
    definite = any(re.search(rf"\bthe (?:\w+ )?{re.escape(w)}", said) for name in names for w in _words_of(name))
    return bool(_REFERS.search(said) or _OUT.search(said) or definite)


def read_change(earlier: Named, text: str) -> Named:
    """Return what the picture has to show after the change `text`; what the change does not touch stays."""
    said = _ORANGE.sub("orange colored", text.lower().strip(" .!?").removesuffix(" please"))
    said = _named_ones(earlier, said)
    asked = parse_request(said)
    if not asked.time and not asked.groups and (_DARKER.search(said) or _BRIGHTER.search(said)):
        asked = replace(asked, time=_hour(earlier, darker=bool(_DARKER.search(said))))
    background = _BACKGROUND.search(said)
    if background and (color := next((e.value for e in _entries(background["color"], "color")), "")) in PLAIN:
        asked = replace(asked, setting=f"plain {color}")
    # of three things in a row only the order was chosen, which nobody asked for
    row = len(earlier.groups) > 2 and not any(r.kind in ("on", "above") for r in earlier.relations)
    after = replace(earlier, unknown=asked.unknown, relations=() if row else earlier.relations)
    if asked.setting:
        after = replace(after, setting=asked.setting)
        if asked.setting.startswith("plain"):
            after = replace(after, time=None)
    if asked.time:
        after = replace(after, time=asked.time)
        if (after.setting or "plain").startswith("plain"):
            after = replace(after, setting=None)  # an hour needs a place, which is free to choose
    exchanged = _INSTEAD.search(said) or _TURN.search(said)
    if exchanged:
        old, new = parse_request(exchanged["old"]), parse_request(exchanged["new"])
        index = _find(after, old.groups[0]) if len(old.groups) == 1 and len(new.groups) == 1 else None
        if index is not None:
            return _exchanged(after, index, new.groups[0], said)
    if _OUT.search(said) or _AWAY.search(said):
        return _without(after, asked)
    return _with(after, asked, said)


def _hour(earlier: Named, *, darker: bool) -> str:
    """Return the hour that is darker, or brighter, than that of a picture."""
    hours = ("day", "sunset", "night")
    place = hours.index(earlier.time or "day") + (1 if darker else -1)
    return hours[max(0, min(place, len(hours) - 1))]


def _named_ones(earlier: Named, said: str) -> str:
    """Put the thing that is meant for `the top one`, `the left one`, `the red one`."""

    def by_place(match: re.Match[str]) -> str:
        index = _place_of(earlier, match["which"])
        return match.group() if index is None else f"the {_told(earlier.groups[index])}"

    def by_color(match: re.Match[str]) -> str:
        color = next((e.value for e in _entries(match["which"], "color")), "")
        same = [g for g in earlier.groups if color and g.color == color]
        return f"the {_told(same[0])}" if len(same) == 1 else match.group()

    return _COLORED_ONE.sub(by_color, _ONE.sub(by_place, said))


def _told(group: Group) -> str:
    return f"{group.color} {group.name}" if group.color else group.name


def _place_of(earlier: Named, which: str) -> int | None:
    """Return the number of the thing at the top, left, front and so on; None where nothing says so."""
    if which in ("first", "second", "last"):
        index = {"first": 0, "second": 1, "last": len(earlier.groups) - 1}[which]
        return index if 0 <= index < len(earlier.groups) else None
    kinds, role = _ROLES.get(which, ((), 0))
    found = [(r.first, r.second)[role] for r in earlier.relations if r.kind in kinds]
    if kinds == ("left",) and len(found) > 1:  # of three in a row
        return found[0] if role == 0 else found[-1]
    return found[0] if found else None


def _exchanged(request: Named, index: int, new: Group, said: str) -> Named:
    one = new.count == 1 and not re.search(r"\b(?:one|single)\b", said)
    count = (
        request.groups[index].count if one and request.groups[index].count > 1 and "with a" not in said else new.count
    )
    groups = list(request.groups)
    groups[index] = replace(new, count=count)
    return replace(request, groups=tuple(groups), loose=tuple(i for i in request.loose if i != index))


def _without(request: Named, asked: Named) -> Named:
    gone = {i for g in asked.groups if (i := _find(request, g)) is not None}
    if len(gone) == len(request.groups):
        return request
    place = {old: new for new, old in enumerate(i for i in range(len(request.groups)) if i not in gone)}
    relations = tuple(
        Relation(r.kind, place[r.first], place[r.second])
        for r in request.relations
        if r.first in place and r.second in place
    )
    groups = tuple(g for i, g in enumerate(request.groups) if i in place)
    return replace(request, groups=groups, relations=relations, loose=())


def _with(request: Named, asked: Named, said: str) -> Named:
    """Read what is said of things that are there, of `it`, and of things that come new."""
    groups = list(request.groups)
    place: dict[int, int] = {}
    comes = bool(_ADD.search(said) or asked.relations or _beside_it(said, 1))
    for j, group in enumerate(asked.groups):
        index = _find(request, group) if not re.search(r"\banother\b", said) else None
        if index is None and len(groups) == 1 and not comes:
            groups[0] = replace(group, count=group.count if group.count > 1 else groups[0].count)
            place[j] = 0
        elif index is None:
            groups.append(group)
            place[j] = len(groups) - 1
        else:
            groups[index] = _touched(groups[index], group, said, counted=j not in asked.loose)
            place[j] = index
    if not asked.groups and len(groups) == 1:
        groups[0] = _of_it(groups[0], said)
    elif not asked.groups and (number := _number(said)):  # of several things, of each
        groups = [replace(g, count=number) for g in groups]
    relations = _relations(request, asked, place, len(groups), said)
    if any(g.count > 1 for g in groups) and not asked.relations:  # several things do not stand on one
        relations = tuple(r for r in relations if r.kind in ("left", "beside"))
    side = _SIDE.search(said)
    if side and side["side"] == "left" and len(request.groups) == 2 and len(groups) == 3 and not asked.relations:
        groups, relations = [groups[2], *groups[:2]], ()  # the first of a row
    return replace(request, groups=tuple(groups), relations=relations, loose=())


def added(earlier: Named, after: Named, text: str) -> tuple[Group, str] | None:
    """Return what a change puts beside two things of which one is on the other, and on which side; None if it does not.

    The side is empty where something stands beside the two already, the last of three, and it alone is changed.
    The world has no such three: a part of the picture has to be drawn anew, or the two are taken apart.
    """
    stacked = any(r.kind in ("on", "above") for r in earlier.relations)
    side = _SIDE.search(text.lower())
    if stacked and len(earlier.groups) == 3 and _else_alike(earlier, after):
        return after.groups[2], ""
    if not stacked or len(earlier.groups) != 2 or len(after.groups) != 3 or any(g.count > 1 for g in after.groups):
        return None
    new = [g for g in after.groups if g not in earlier.groups]
    if len(new) != 1 or any(r for r in after.relations if new[0] in (after.groups[r.first], after.groups[r.second])):
        return None
    return new[0], side["side"] if side else "right"


def _else_alike(earlier: Named, after: Named) -> bool:
    """Tell whether nothing but the last of three things is changed, and that one not in number."""
    alike = (earlier.groups[:2], earlier.setting, earlier.time) == (after.groups[:2], after.setting, after.time)
    return alike and len(after.groups) == 3 and after.groups[2].count == 1 and after.groups != earlier.groups


def _relations(request: Named, asked: Named, place: dict[int, int], many: int, said: str) -> tuple[Relation, ...]:
    told = [Relation(r.kind, place[r.first], place[r.second]) for r in asked.relations]
    new = [i for i in place.values() if i >= len(request.groups)]
    if not told and len(new) == 1 and many == 2:  # "add a dog to the left of it", "add a dog to the left"
        told = _beside_it(said, new[0])
        if not told and (side := _SIDE.search(said)):
            pair = (new[0], 1 - new[0]) if side["side"] == "left" else (1 - new[0], new[0])
            told = [Relation("left", *pair)]
    if not told:
        return request.relations
    pairs = [{r.first, r.second} for r in told]
    return tuple(r for r in request.relations if {r.first, r.second} not in pairs) + tuple(told)


def _beside_it(said: str, new: int) -> list[Relation]:
    tokens = WORD.findall(said)
    for i, token in enumerate(tokens):
        for key, entry in lexicon().get(token, ()):
            after = tokens[i + len(key) : i + len(key) + 1]
            if entry.kind == "relation" and tuple(tokens[i : i + len(key)]) == key and after in (["it"], ["them"]):
                first, second = (1 - new, new) if entry.changed else (new, 1 - new)
                return [Relation(entry.value, first, second)]  # type: ignore[arg-type]
    return []


def _touched(there: Group, said_of: Group, said: str, *, counted: bool) -> Group:
    """Return the thing that is there with the colour, number and size that a change gives it."""
    last = _color_after(said) if _RECOLORS.search(said) else None
    color = last or said_of.color or there.color
    count = said_of.count if (counted and said_of.count > 1) or re.search(r"\b(?:one|single)\b", said) else there.count
    return replace(there, color=color, count=count, size=said_of.size or _size(said) or there.size)


def _of_it(group: Group, said: str) -> Group:
    """Read a change of the only thing there: `make it green`, `two of them`, `bigger`."""
    return replace(
        group,
        count=_number(said) or group.count,
        color=_color_after(said) or group.color,
        size=_size(said) or group.size,
    )


def _number(said: str) -> int | None:
    if re.search(r"\b(?:again|another|different)\b", said):
        return None
    number = next((int(e.value) for e in _entries(said, "number") if e.value.isdigit()), None)
    return number if number is None else min(number, MOST)


def _color_after(said: str) -> str | None:
    if re.search(r"\b(?:background|backdrop|golden hour)\b", said):
        return None
    colors = [e.value for e in _entries(said, "color")]
    return colors[-1] if colors else None


def _size(said: str) -> str:
    for word, size in _MORE.items():
        if re.search(rf"\b{word}\b", said):
            return size
    return next((e.value for e in _entries(said, "size")), "")


def _entries(said: str, kind: str) -> list[Meaning]:
    tokens = WORD.findall(said)
    found = []
    for token in tokens:
        for key, entry in lexicon().get(token, ()):
            if key == (token,) and entry.kind == kind and token not in ("a", "an"):
                found.append(entry)
    return found


def _find(request: Named, group: Group) -> int | None:
    """Return the thing that is meant: by name, and by colour where several have the name."""
    same = [i for i, g in enumerate(request.groups) if g.name == group.name]
    exact = [i for i in same if group.color and request.groups[i].color == group.color]
    return next(iter(exact or same), None)


def _words_of(name: str) -> list[str]:
    from gptsmith.models.pictures.world.objects import objects

    thing = objects()[name]
    return [name, thing.plural, *thing.synonyms]
