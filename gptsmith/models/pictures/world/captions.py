"""Captions of a scene, true by construction: short, descriptive, or noisy as alt text is."""

from __future__ import annotations

import random

from gptsmith.models.pictures.world import scene as words
from gptsmith.models.pictures.world.objects import objects
from gptsmith.models.pictures.world.scene import Group, Relation, Scene

INDOORS = ("room", "table")


def short(scene: Scene, rng: random.Random) -> str:
    """Say the main things, in some ten words; where and when only at times."""
    said = rng.choice(words.OPENINGS) + subject(scene, rng)
    if rng.random() < (0.75 if len(scene.groups) == 1 else 0.6):
        said += f" {where(scene, rng)}"
    return said


def descriptive(scene: Scene, rng: random.Random, *, plain: bool = False) -> str:
    """Say everything: things, colours, counts, relations, place, hour, surroundings and look; 20 to 80 words.

    `plain` leaves out openings such as "a photo of" and says nothing twice.
    """
    opening = "" if plain else rng.choice(words.OPENINGS)
    first = f"{opening}{subject(scene, rng, full=True)} {where(scene, rng, full=True)}."
    place = scene.setting.split()[0]
    parts = [rng.choice(words.SURROUNDINGS[place])]
    if place not in ("plain", "space"):
        parts.append(rng.choice(words.LIGHTS[scene.time] if place in INDOORS else words.SKIES[scene.time]))
    second = f"{', and '.join(parts)}."
    sentences = [first, *([] if plain else _about(scene, rng)), second]
    if rng.random() < 0.6:
        sentences.append(f"{rng.choice(words.STYLES)}.")
    return " ".join(s[0].upper() + s[1:] for s in sentences)


def stated(scene: Scene, rng: random.Random, *, plain: bool = False) -> str:
    """Say the main things with their relation, never leaving it out, and nothing else."""
    return ("" if plain else rng.choice(words.OPENINGS)) + subject(scene, rng, full=True)


def alt_text(scene: Scene, rng: random.Random) -> str:
    """Say it as the alt text of web pictures does: partial, jumbled, often beside the point."""
    names = [objects()[g.name].words[rng.randrange(len(objects()[g.name].words))] for g in scene.groups]
    where_words = [scene.setting.split()[-1], scene.time]
    roll = rng.random()
    if roll < 0.3:
        return f"{rng.choice(('IMG', 'DSC', 'pic', 'image'))}_{rng.randrange(10_000):04d} {rng.choice(names)}"
    if roll < 0.6:
        tags = (
            names
            + rng.sample(where_words, rng.randint(0, 2))
            + rng.sample(["stock", "free download", "hd", "wallpaper", "clipart"], 2)
        )
        rng.shuffle(tags)
        return ", ".join(tags)
    if roll < 0.8:
        before, after = (
            rng.choice(("buy", "best", "vintage", "cheap")),
            rng.choice(("online", "for sale", "2019", "ideas")),
        )
        return f"{before} {rng.choice(names)} {after}"
    return " ".join(names)


def noun_phrase(group: Group, rng: random.Random | None = None, article: str = "") -> str:
    """Return `two small red cubes`, `an apple`; with `rng` also by a synonym. `article` replaces `a`."""
    thing = objects()[group.name]
    noun = thing.name if group.count == 1 else thing.plural
    if rng and group.count == 1 and thing.synonyms and rng.random() < 0.25:
        noun = rng.choice(thing.synonyms)
    rest = " ".join(w for w in (group.size, group.color or "", noun) if w)
    if group.count > 1:
        return f"{article} {rest}".strip() if article else f"{words.NUMBERS[group.count]} {rest}"
    return f"{article or indefinite(rest, mass=thing.name == thing.plural and noun.endswith('s'))} {rest}".strip()


def indefinite(phrase: str, *, mass: bool = False) -> str:
    """Return the article for a phrase; none for a pair such as scissors."""
    if mass:
        return ""
    unvowelled = phrase.startswith(("uni", "uf", "euro", "one"))
    return "an" if phrase[0] in "aeiou" and not unvowelled else "a"


def where(scene: Scene, rng: random.Random, *, full: bool = False) -> str:
    """Return the place and the hour: `on a beach at sunset`, `on a plain blue background`."""
    if scene.setting.startswith("plain "):
        color = scene.setting.removeprefix("plain ")
        return f"on a {rng.choice(('plain ', ''))}{color} background"
    phrase = rng.choice(words.PLACE_PHRASES[scene.setting])
    if scene.time == "day" and not (full or rng.random() < 0.2):
        return phrase
    return f"{phrase} {rng.choice(words.TIME_PHRASES[scene.time])}"


def subject(scene: Scene, rng: random.Random, *, full: bool = False) -> str:
    """Say the things of a scene and how they stand to one another."""
    phrases = [noun_phrase(g, rng) for g in scene.groups]
    if len(phrases) == 1:
        return phrases[0]
    plain = all(g.count == 1 for g in scene.groups)
    if len(phrases) == 2 and plain and scene.relations and (full or rng.random() < 0.8):
        return say(scene.relations[0], phrases, rng)
    if len(phrases) == 2:
        return f"{phrases[0]} and {phrases[1]}"
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def say(relation: Relation, phrases: list[str], rng: random.Random) -> str:
    """Return a relation between two phrases in one of its forms: `b to the right of a`."""
    phrase, changed = rng.choice(words.RELATION_SAYINGS[relation.kind])
    first, second = phrases[relation.first], phrases[relation.second]
    if changed:
        first, second = second, first
    return f"{first} {phrase} {second}"


def _about(scene: Scene, rng: random.Random) -> list[str]:
    """Return a sentence that says a relation again in other words, or how the things of one kind look; or none."""
    definite = [noun_phrase(Group(g.name, g.color, g.count), article="the") for g in scene.groups]
    verb = ["stand" if g.count > 1 or objects()[g.name].plural == g.name else "stands" for g in scene.groups]
    if scene.relations and rng.random() < 0.7:
        relation = scene.relations[0]
        phrase, changed = rng.choice(words.RELATION_SAYINGS[relation.kind])
        a, b = (relation.second, relation.first) if changed else (relation.first, relation.second)
        return [f"{definite[a]} {verb[a]} {phrase} {definite[b]}."]
    if len(scene.groups) > 1:
        return []
    if scene.groups[0].count > 1 and rng.random() < 0.6:
        return [f"{definite[0]} {rng.choice(words.ALIKE)}."]
    if scene.groups[0].count == 1 and rng.random() < 0.4:
        return [f"{definite[0]} {verb[0]} {rng.choice(words.ALONE)}."]
    return []
