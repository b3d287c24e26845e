"""What the caption upsampler learns from: a request, the caption before it, if any, and the caption to write."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world import scene as words
from gptsmith.models.pictures.world.changes import read_change, reads_as_change
from gptsmith.models.pictures.world.objects import COLORS, objects
from gptsmith.models.pictures.world.requests import missing, parse_request
from gptsmith.models.pictures.world.scene import (
    PLACES,
    PLAIN,
    RELATION_KINDS,
    TIMES,
    Group,
    Relation,
    Scene,
    sample_scene,
)

LEAST, MOST = 15, 80  # words of a caption
_ASKS = (
    "{}", "{}", "{}", "{}", "{}", "draw {}", "please draw {}", "paint {}", "show me {}", "a picture of {}", "{} please",
    "an image of {}", "can you draw {}?", "i would like {}", "make a picture of {}", "now draw {}", "create {}",
)  # fmt: skip


@dataclass(frozen=True)
class CaptionPair:
    """`caption` is what to write for `request`; `earlier` the caption that the conversation has, empty without one."""

    earlier: str
    request: str
    caption: str


def sample_pair(rng: random.Random) -> CaptionPair:
    """Draw a first request, a change of the picture before, or a new request after it, with a faithful caption."""
    while True:
        pair = _draw(rng)
        wanted = parse_request(pair.request)
        if pair.earlier and reads_as_change(parse_request(pair.earlier), pair.request):
            wanted = read_change(parse_request(pair.earlier), pair.request)
        if LEAST <= len(pair.caption.split()) <= MOST and not missing(wanted, parse_request(pair.caption)):
            return pair


def _draw(rng: random.Random) -> CaptionPair:
    roll = rng.random()
    if roll < 0.45:
        request, scene = first_request(rng)
        return CaptionPair("", request, captions.descriptive(scene, rng))
    before = sample_scene(rng)
    if roll < 0.58:
        request, scene = first_request(rng)
        taken = {g.name for g in before.groups}
        if not taken & {g.name for g in scene.groups}:
            return CaptionPair(captions.descriptive(before, rng), request, captions.descriptive(scene, rng))
    change, after = sample_change(before, rng)
    seed = rng.random()  # the same choices of words before and after: only what changes is said anew
    old, new = (captions.descriptive(s, random.Random(seed)) for s in (before, after))
    return CaptionPair(old, change, new)


def first_request(rng: random.Random) -> tuple[str, Scene]:
    """Return a request and a scene that it may mean: what the request leaves open the scene has chosen."""
    scene = sample_scene(rng)
    said = captions.subject(_partial(scene, rng), rng)
    if rng.random() < 0.5:
        said += f" {captions.where(scene, rng)}"
        if scene.time == "day" or scene.setting.startswith("plain") or _names_time(said, scene.time):
            return rng.choice(_ASKS).format(said), scene
        scene = replace(scene, time="day")  # a place without an hour is meant by day
    elif scene.time != "day" and rng.random() < 0.3 and not scene.setting.startswith("plain"):
        said += f" {rng.choice(words.TIME_PHRASES[scene.time])}"
    return rng.choice(_ASKS).format(said), scene


def _names_time(said: str, time: str) -> bool:
    return any(phrase in said for phrase in words.TIME_PHRASES[time])


def _partial(scene: Scene, rng: random.Random) -> Scene:
    """Leave out what a person may leave out: the colour of a shape, how two things stand."""
    groups = tuple(
        replace(g, color=None) if objects()[g.name].kind == "shape" and rng.random() < 0.25 else g for g in scene.groups
    )
    relations = () if len(groups) == 2 and rng.random() < 0.3 else scene.relations
    return replace(scene, groups=groups, relations=relations)


def sample_change(scene: Scene, rng: random.Random) -> tuple[str, Scene]:
    """Return a change in words and the scene that it makes of `scene`."""
    kinds: list[Callable[[Scene, random.Random], tuple[str, Scene] | None]] = [
        _time, _time, _place, _place, _color, _color, _count, _count, _add, _add, _remove, _swap, _size, _relation,
        _again,
    ]  # fmt: skip
    while True:
        found = rng.choice(kinds)(scene, rng)
        if found is not None:
            return found


def _time(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    time = rng.choice([t for t in TIMES if t != scene.time])
    word = rng.choice(words.TIME_WORDS[time])
    bare = word.removeprefix("by ")
    forms = ("make it {}", "now make it {}", "{} please", "change it to {}", "let it be {}", "it should be {}",
             "make it {} instead", "what about {}?", "set it at {}", "at {}")  # fmt: skip
    setting = rng.choice(PLACES) if scene.setting.startswith("plain") else scene.setting
    return rng.choice(forms).format(bare), replace(scene, setting=setting, time=time)


def _place(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    if rng.random() < 0.3:
        color = rng.choice([c for c in PLAIN if scene.setting != f"plain {c}"])
        backgrounds = ("make the background {}", "on a {} background", "with a plain {} background",
                       "{} background please", "change the background to {}")  # fmt: skip
        return rng.choice(backgrounds).format(color), replace(scene, setting=f"plain {color}", time="day")
    place = rng.choice([p for p in PLACES if p != scene.setting])
    it = "them" if len(scene.groups) > 1 or scene.groups[0].count > 1 else "it"
    phrase = rng.choice(words.PLACE_PHRASES[place])
    forms = ("put {it} {where}", "{where} instead", "now {where}", "move {it}: {where}", "{where} please",
             "make it {where}", "the same but {where}", "show {it} {where}", "{where}")  # fmt: skip
    return rng.choice(forms).format(it=it, where=phrase), replace(scene, setting=place)


def _color(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    index = rng.randrange(len(scene.groups))
    group = scene.groups[index]
    color = rng.choice([c for c in COLORS if c != group.color])
    after = _with_group(scene, index, replace(group, color=color))
    if after is None:
        return None
    what = _definite(group, rng)
    forms = ["make {what} {color}", "{what} should be {color}", "paint {what} {color}", "change {what} to {color}",
             "i want {what} to be {color}", "{what} in {color} please"]  # fmt: skip
    if len(scene.groups) == 1:
        forms += ["make it {color}", "now in {color}", "in {color}", "{color} please", "{color} instead"]
    return rng.choice(forms).format(what=what, color=color), after


def _count(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    index = rng.randrange(len(scene.groups))
    group = scene.groups[index]
    if len(scene.groups) > 2 or sum(g.count for g in scene.groups) - group.count > 2:
        return None
    top = 4 if len(scene.groups) == 1 else 3
    count = rng.choice([n for n in range(1, top + 1) if n != group.count])
    after = _with_group(scene, index, replace(group, count=count))
    if after is None:
        return None
    number, plural = words.NUMBERS[count], objects()[group.name].plural if count > 1 else objects()[group.name].name
    forms = [f"make it {number} {plural}", f"{number} {plural} instead", f"there should be {number} {plural}",
             f"i want {number} {plural}", f"with {number} {plural}"]  # fmt: skip
    if len(scene.groups) == 1:
        forms += [f"{number} of them", f"{number} of them please", f"make it {number}", f"now {number} of them",
                  f"{number} instead"]  # fmt: skip
    if len(scene.groups) == 2 and scene.relations and scene.relations[0].kind not in ("left", "beside"):
        after = replace(after, relations=(Relation("left", 0, 1),))
    return rng.choice(forms), after


def _add(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    if len(scene.groups) > 1:
        return None
    new = next(g for g in iter(lambda: sample_scene(rng).groups[0], None) if g.name != scene.groups[0].name)
    new = replace(new, count=1, size="")
    kind = rng.choice(RELATION_KINDS) if scene.groups[0].count == 1 else "left"
    phrase, changed = rng.choice(words.RELATION_SAYINGS[kind])
    it = rng.choice(("it", _definite(scene.groups[0], rng)) if scene.groups[0].count == 1 else ("them",))
    what = captions.noun_phrase(new, rng)
    relation = Relation(kind, 0, 1) if changed else Relation(kind, 1, 0)
    forms = [f"add {what} {phrase} {it}", f"put {what} {phrase} {it}", f"with {what} {phrase} {it}",
             f"and {what} {phrase} {it}", f"i also want {what} {phrase} {it}"]  # fmt: skip
    if rng.random() < 0.4:
        forms, relation = [f"add {what}", f"with {what} too", f"and {what}", f"also {what}"], Relation("left", 0, 1)
    return rng.choice(forms), replace(scene, groups=(scene.groups[0], new), relations=(relation,))


def _remove(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    if len(scene.groups) < 2:
        return None
    index = rng.randrange(len(scene.groups))
    what = _definite(scene.groups[index], rng)
    forms = ("remove {}", "without {}", "take {} away", "take out {}", "leave out {}", "delete {}", "no {}")
    form = rng.choice(forms)
    kept = tuple(g for i, g in enumerate(scene.groups) if i != index)
    relations = (Relation("left", 0, 1),) if len(kept) == 2 else ()
    return form.format(what.removeprefix("the ") if form == "no {}" else what), replace(
        scene, groups=kept, relations=relations
    )


def _swap(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    index = rng.randrange(len(scene.groups))
    group = scene.groups[index]
    other = replace(rng.choice(sample_scene(rng).groups), count=group.count, size="")
    after = _with_group(scene, index, other)
    if after is None or other.name in {g.name for g in scene.groups}:
        return None
    new, old = captions.noun_phrase(other, rng), _definite(group, rng)
    forms = [f"replace {old} with {new}", f"{new} instead of {old}", f"change {old} to {new}", f"turn {old} into {new}"]
    if len(scene.groups) == 1:
        forms += [f"make it {new}", f"{new} instead", f"make that {new}", f"no, {new}"]
    return rng.choice(forms), after


def _size(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    single = len(scene.groups) == 1 and scene.groups[0].count == 1
    if not single:
        return None
    group = scene.groups[0]
    size = rng.choice([s for s in ("small", "large") if s != group.size])
    more = {"small": ("smaller", "small", "tiny"), "large": ("bigger", "large", "huge", "larger")}[size]
    what = rng.choice(("it", _definite(group, rng)))
    forms = (f"make {what} {rng.choice(more)}", f"{what} should be {rng.choice(more)}", f"{rng.choice(more)} please")
    return rng.choice(forms), replace(scene, groups=(replace(group, size=size),))


def _relation(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    if len(scene.groups) != 2 or any(g.count > 1 for g in scene.groups):
        return None
    kind = rng.choice(RELATION_KINDS)
    first = rng.randrange(2)
    relation = Relation(kind, first, 1 - first)
    if relation in scene.relations:
        return None
    phrase, changed = rng.choice(words.RELATION_SAYINGS[kind])
    pair = [_definite(g, rng) for g in (scene.groups[relation.first], scene.groups[relation.second])]
    a, b = pair[::-1] if changed else pair
    forms = (f"put {a} {phrase} {b}", f"{a} should be {phrase} {b}", f"move {a} {phrase} {b}", f"{a} {phrase} {b}")
    return rng.choice(forms), replace(scene, relations=(relation,))


def _again(scene: Scene, rng: random.Random) -> tuple[str, Scene] | None:
    return rng.choice(("again", "another one", "try again", "once more", "the same again", "a different one")), scene


def _with_group(scene: Scene, index: int, group: Group) -> Scene | None:
    """Return the scene with one group exchanged; None when two of its groups could not be told apart."""
    groups = [*scene.groups]
    groups[index] = group
    if len({(g.name, g.color) for g in groups}) < len(groups):
        return None
    return replace(scene, groups=tuple(groups))


def _definite(group: Group, rng: random.Random) -> str:
    color = group.color if rng.random() < 0.3 else None
    return captions.noun_phrase(Group(group.name, color, group.count), article="the")
