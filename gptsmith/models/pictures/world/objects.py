"""The objects and colours of the small world: what it can draw, and every word that means it.

Glyphs are those of the font Noto Color Emoji (SIL OFL 1.1); shapes are computed. The font is read to train and to test,
never to draw a person's picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

# One line per object: glyph, singular, plural where it is irregular, then other words that mean it.
_TABLE = {
    "animal": """
🐈 cat | kitten, kitty
🐕 dog | puppy, doggy, hound
🐎 horse | pony, stallion
🐄 cow | cattle
🐖 pig | hog, swine
🐑 sheep/sheep | ewe, lamb
🐐 goat
🐘 elephant
🐻 bear | grizzly, grizzly bear
🐼 panda | panda bear
🐨 koala
🐯 tiger
🦁 lion
🦓 zebra
🦒 giraffe
🦏 rhinoceros/rhinoceroses | rhino
🦛 hippopotamus/hippopotamuses | hippo
🐪 camel | dromedary
🦘 kangaroo
🐒 monkey
🦊 fox/foxes
🐺 wolf/wolves
🦝 raccoon | racoon
🐇 rabbit | bunny, hare
🐁 mouse/mice
🐿 squirrel | chipmunk
🦔 hedgehog
🦇 bat
🦥 sloth
🐓 chicken | rooster, hen
🐦 bird
🐧 penguin
🦉 owl
🦅 eagle | hawk
🦆 duck
🦢 swan
🦜 parrot
🦩 flamingo/flamingos
🦚 peacock
🦃 turkey
🐸 frog | toad
🐢 turtle | tortoise
🐊 crocodile | alligator
🐍 snake
🦖 dinosaur | t-rex, tyrannosaurus
🐉 dragon
🦄 unicorn
🐳 whale
🐟 fish/fish
🦈 shark
🐙 octopus/octopuses
🦀 crab
🦞 lobster
🐌 snail
🦋 butterfly/butterflies
🐝 bee | honeybee, bumblebee
🐜 ant
🐞 ladybug | ladybird
🕷 spider
""",
    "person": """
🧑 person/people | adult, human
👨 man/men | guy
👩 woman/women | lady
👧 girl
👦 boy
👶 baby/babies | infant
👴 old man/old men | grandfather
👵 old woman/old women | grandmother
👮 police officer | policeman, policewoman, cop
👷 construction worker | builder
👸 princess/princesses | queen
🎅 santa | santa claus
🤡 clown
👻 ghost
👽 alien | extraterrestrial
🤖 robot | android
🧙 wizard | mage, magician
⛄ snowman/snowmen
""",
    "food": """
🍎 apple
🍐 pear
🍊 orange | tangerine, mandarin
🍋 lemon
🍌 banana
🍉 watermelon | melon
🍇 grapes/grapes | bunch of grapes
🍓 strawberry/strawberries
🍒 cherry/cherries | cherries
🍑 peach/peaches
🍍 pineapple
🥥 coconut
🍅 tomato/tomatoes
🍆 eggplant | aubergine
🥑 avocado/avocados
🥦 broccoli/broccoli
🥕 carrot
🌽 corn/corn cobs | corn cob, maize, ear of corn
🌶 chili/chilies | chili pepper, hot pepper
🥒 cucumber
🍄 mushroom | toadstool
🍞 bread/loaves of bread | loaf of bread, loaf
🥐 croissant
🥨 pretzel
🧀 cheese/pieces of cheese | piece of cheese
🥚 egg
🍔 hamburger | burger, cheeseburger
🍟 fries/fries | french fries, chips
🍕 pizza | slice of pizza
🌭 hot dog | hotdog
🥪 sandwich/sandwiches
🌮 taco
🍩 donut | doughnut
🍪 cookie | biscuit
🎂 cake | birthday cake
🧁 cupcake | muffin
🥧 pie
🍫 chocolate/bars of chocolate | chocolate bar
🍭 lollipop
🍦 ice cream/ice creams | ice cream cone
""",
    "kitchen": """
☕ cup | mug, coffee cup, cup of coffee, teacup, cup of tea
🍷 wine glass/wine glasses | glass of wine, goblet
🍺 beer | beer mug, glass of beer
🍾 bottle | bottle of wine, champagne bottle
🥛 glass/glasses | glass of milk, milk
🥣 bowl | bowl of soup, soup
🍽 plate | dish, dinner plate
🔪 knife/knives | kitchen knife
🥄 spoon
🏺 vase | amphora, jar, urn
🫖 teapot | kettle
""",
    "vehicle": """
🚗 car | automobile, sedan
🚕 taxi | cab
🏎 racing car | race car, sports car
🚌 bus/buses | coach
🚐 van | minibus
🚒 fire truck | fire engine
🚚 truck | lorry
🚜 tractor
🚲 bicycle | bike, cycle
🛵 scooter | moped
🏍 motorcycle | motorbike
🛹 skateboard
🚂 train | locomotive, steam engine
✈ airplane | plane, aeroplane, jet
🚁 helicopter
🚀 rocket | spaceship
🛸 ufo | flying saucer
⛵ boat | sailboat, sailing boat
🚢 ship | cruise ship
🚤 speedboat | motorboat
🛶 canoe | kayak
⚓ anchor
""",
    "home": """
🛋 couch/couches | sofa, settee
🪑 chair
🛏 bed
🚪 door
🪟 window
🪞 mirror
🚽 toilet
🖼 painting | picture frame, framed picture
🕯 candle
💡 light bulb | bulb, lamp
🏮 lantern | paper lantern
🕰 clock | mantel clock
⏰ alarm clock
🧸 teddy bear | teddy, stuffed bear
🪴 potted plant | houseplant, plant
🧹 broom
🧺 basket
🪣 bucket | pail
🪥 toothbrush/toothbrushes
🔑 key
🔒 lock | padlock
🔨 hammer
🧯 fire extinguisher
✂ scissors/scissors | pair of scissors
📺 tv | television, tv set
💻 laptop | notebook computer, computer
🖱 computer mouse/computer mice
⌨ computer keyboard | keyboard
📱 phone | cell phone, mobile phone, smartphone, mobile
☎ telephone
📷 camera
📻 radio
🔦 flashlight | torch
📕 book
✏ pencil
✉ envelope | letter
📦 box/boxes | package, parcel
🧳 suitcase | luggage
👜 handbag | bag
🎒 backpack | rucksack
👛 wallet | purse
🛒 shopping cart | trolley
""",
    "clothing": """
👕 shirt | t-shirt, tee shirt
👔 tie | necktie, shirt and tie
👖 jeans/jeans | trousers, pants
👗 dress/dresses | gown
🎩 top hat
👒 hat | sun hat
👑 crown
👟 shoe | sneaker
👢 boot
👓 eyeglasses/eyeglasses | spectacles
☂ umbrella
💍 ring
""",
    "play": """
⚽ soccer ball | football, sports ball
🏀 basketball
⚾ baseball
🎾 tennis racket | racket
🏐 volleyball
🥏 frisbee
🎿 skis/skis
🪁 kite
🎈 balloon
🎁 gift | present
🎲 die/dice
🎸 guitar
🎻 violin | fiddle
🎺 trumpet
🎷 saxophone
🥁 drum
🎹 piano | piano keys
🎧 headphones/headphones
🏆 trophy/trophies
🎨 paint palette | palette
⛺ tent
🚦 traffic light | traffic signal
🛑 stop sign
🔔 bell
🔭 telescope
🔬 microscope
💎 diamond | gem
""",
    "nature": """
🌳 tree
🌲 pine tree | fir tree, fir, pine
🌴 palm tree | palm
🎄 christmas tree
🌵 cactus/cacti
🌷 tulip | flower
🌹 rose
🌻 sunflower
💐 bouquet
🌈 rainbow
⭐ star
❤ heart
🔥 fire | flame, campfire
🌍 globe | earth
⛲ fountain
🏠 house | cottage, home
🏰 castle
⛪ church/churches
🌋 volcano/volcanoes
🎡 ferris wheel
🗿 statue | moai
""",
}

SHAPES = ("cube", "ball", "cone", "cylinder", "pyramid")
_SHAPE_WORDS = {"cube": ("block",), "ball": ("sphere", "orb"), "cone": (), "cylinder": ("tube",), "pyramid": ()}

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "orange": (242, 130, 30),
    "yellow": (248, 208, 48),
    "green": (56, 158, 66),
    "blue": (48, 98, 214),
    "purple": (132, 66, 178),
    "pink": (246, 132, 180),
    "brown": (126, 80, 46),
    "black": (38, 38, 42),
    "white": (240, 240, 240),
    "gray": (140, 142, 146),
}
COLOR_WORDS = {
    "grey": "gray", "silver": "gray", "violet": "purple", "lilac": "purple", "crimson": "red", "scarlet": "red",
    "navy": "blue", "turquoise": "blue", "golden": "yellow", "gold": "yellow", "lime": "green", "emerald": "green",
    "magenta": "pink", "rose-coloured": "pink", "tan": "brown", "beige": "brown",
}  # fmt: skip


@dataclass(frozen=True)
class WorldObject:
    """One thing that the world can draw. `glyph` is empty for a computed shape."""

    name: str
    plural: str
    kind: str
    glyph: str = ""
    synonyms: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Every singular that means this object, its name first."""
        return (self.name, *self.synonyms)


@cache
def objects() -> dict[str, WorldObject]:
    """Return every object by its name, shapes included."""
    found = {
        o.name: o for kind, text in _TABLE.items() for o in (_read(line, kind) for line in text.split("\n") if line)
    }
    shapes = {s: WorldObject(s, plural(s), "shape", synonyms=_SHAPE_WORDS[s]) for s in SHAPES}
    return found | shapes


def plural(word: str) -> str:
    """Return the regular English plural of a noun or of a phrase's last word."""
    if word.endswith(("s", "x", "sh", "ch")):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _read(line: str, kind: str) -> WorldObject:
    glyph, rest = line.split(" ", 1)
    names, _, synonyms = rest.partition(" | ")
    name, _, many = names.partition("/")
    words = tuple(word.strip() for word in synonyms.split(",") if word.strip())
    return WorldObject(name, many or plural(name), kind, glyph, words)


# The nearest thing that the world can draw, for a word that it does not know.

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
SAME = 0.72  # cosine from which a thing is drawn for a word: `python -m benchmarks.likeness`
_SHARED = 4  # letters in a row by which two words are alike in spelling
_ENDINGS = ("s", "es", "ess", "ling", "let", "y", "ie")


@dataclass(frozen=True)
class NearestThing:
    """What comes nearest to an unknown word: a thing or a colour of the world."""

    word: str
    known: str
    cosine: float


def nearest(word: str, encode: Encode, least: float = SAME) -> NearestThing | None:
    """Return the thing or colour that may be drawn for `word`; None when nothing reaches the cosine `least`.

    An encoder takes words for alike that are only spelled alike (dragonfly and dragon, hairbrush and toothbrush), and
    a thing for what it is made for (sun and sun hat): those do not count.
    """
    words, names, rows = _known(encode)
    cosines = rows @ encode([word])[0]
    best = int(cosines.argmax())
    if cosines[best] < least or _only_spelled_alike(word.lower(), words[best]):
        return None
    return NearestThing(word, names[best], float(cosines[best]))


def _only_spelled_alike(word: str, known: str) -> bool:
    *before, head = known.split()
    if any(part.startswith(word) or word.startswith(part) for part in before):
        return True
    if word.endswith(head) or head.endswith(word) or any(word == head + ending for ending in _ENDINGS):
        return False
    pieces = {head[i : i + _SHARED] for i in range(len(head) - _SHARED + 1)}
    return any(piece in word for piece in pieces)


@lru_cache(maxsize=2)
def _known(encode: Encode) -> tuple[list[str], list[str], NDArray[np.float32]]:
    names = {word: thing.name for thing in objects().values() for word in (thing.name, *thing.synonyms)}
    names |= {color: color for color in COLORS if color not in names}
    return list(names), list(names.values()), encode(list(names))
