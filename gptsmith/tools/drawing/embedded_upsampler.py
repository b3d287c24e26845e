"""The embedded caption writer: a small GPT-2-form decoder, and the form in which it is asked."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from gptsmith.errors import GptsmithError
from gptsmith.models.chat.embedded.words import stem, word_set
from gptsmith.models.pictures.weights import quiet
from gptsmith.models.pictures.world import captions
from gptsmith.models.pictures.world.changes import added, read_change, reads_as_change
from gptsmith.models.pictures.world.objects import NearestThing, nearest
from gptsmith.models.pictures.world.requests import Named, missing, parse_request, to_scene
from gptsmith.models.pictures.world.scene import MOST as MOST_THINGS
from gptsmith.models.pictures.world.scene import TIME_PHRASES, Group, Relation
from gptsmith.tools.drawing.changed import PictureChange
from gptsmith.tools.drawing.faithful import is_order
from gptsmith.tools.drawing.upsampler import LEAST, MOST, Earlier, PicturePart, Upsampled, Upsampler

EARLIER, REQUEST, CAPTION, END, PADDING = "<|earlier|>", "<|request|>", "<|caption|>", "<|end|>", "<|padding|>"
CONTEXT = 256  # tokens, the caption before and the one to write included


def prompt(earlier: str, request: str) -> str:
    """Return what stands before a caption. Requests are read in lower case."""
    return f"{EARLIER}{earlier}{REQUEST}{request.lower()}{CAPTION}"


@dataclass(frozen=True)
class Sampling:
    """How the decoder chooses words: temperature 0 takes the likeliest; `top_k` before `top_p`, both after it."""

    temperature: float = 0.6
    top_k: int = 0
    top_p: float = 0.95


class Decoder:
    """The trained decoder: from a caption before, if any, and a request to a new caption."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        with quiet():
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            ).eval()

    def write(self, before: str, request: str, sampling: Sampling, many: int, seed: int = 0) -> list[str]:
        """Return `many` captions; the same seed gives the same ones. At temperature 0 there is one, the likeliest."""
        import torch

        ids = self._tokenizer.encode(prompt(before, request), add_special_tokens=False)[-CONTEXT // 2 :]
        how: dict[str, Any] = {"do_sample": False, "num_return_sequences": 1}
        if sampling.temperature > 0:
            how = {
                "do_sample": True,
                "num_return_sequences": many,
                "temperature": sampling.temperature,
                "top_k": sampling.top_k,
                "top_p": sampling.top_p,
            }
        with torch.random.fork_rng(devices=[]), torch.inference_mode(), quiet():
            torch.manual_seed(seed)
            given = torch.tensor([ids])
            out = self._model.generate(
                given, attention_mask=torch.ones_like(given), max_new_tokens=CONTEXT - len(ids), **how
            )
        return [
            str(text).strip() for text in self._tokenizer.batch_decode(out[:, len(ids) :], skip_special_tokens=True)
        ]


# The caption upsampler that needs nothing: a small decoder trained on the world's grammar, which also checks it.

TRIES = 6  # captions written at once, of which the first faithful one is taken
RESTATED = 6  # times that a request is said plainly, in other words, before the grammar writes its caption
LONGER, USUAL = 1.4, 25  # how much longer a caption may be than the one before; words of a usual one
MOST_KINDS = 3  # kinds of things in one picture
_ROW = f"Of {MOST_KINDS} kinds of things I draw one each, side by side."
_QUOTED = 80  # characters of a request that are said again
_MOST_TOLD = 4  # words that one note names


class EmbeddedUpsampler(Upsampler):
    """Writes captions of what the embedded generator can draw; says what it cannot draw and what is drawn instead."""

    def __init__(self, folder: Path, sampling: Sampling | None = None) -> None:
        self._folder = folder
        self._sampling = sampling or Sampling()
        self.written = self.by_grammar = 0  # how often the decoder's caption was taken, how often the grammar's

    def upsample(self, request: str, earlier: Sequence[Earlier] = (), *, changes: str = "") -> Upsampled:
        words, stand_ins, notes = _in_known_words(request)
        before = changes or _changed(words, earlier)
        there = parse_request(before) if before else Named()
        if there.groups:
            wanted, sizes = in_size(read_change(there, words))
            if _as_before(wanted, there) and not _AGAIN.search(words):
                raise UndrawableError(request, change=True)
        else:
            before = earlier[-1].caption if earlier else ""
            wanted, sizes = in_size(parse_request(words))
        put = added(there, wanted, words) if there.groups else None
        if put and not (put[1] or _BESIDE.search(before)):
            put = None
        apart = len(wanted.groups) > 2 and any(r.kind != "left" for r in there.relations)
        wanted, more = _drawable(wanted)
        if not wanted.groups:
            raise UndrawableError(request)
        if apart and not more:
            more = [_ROW]
        caption = self._written(before, words, wanted)
        notes = [*_said(stand_ins, wanted), *notes, *sizes]
        found = Upsampled(caption, notes=[*notes, *more])
        if there.groups and not _as_before(wanted, there):
            found = replace(found, change=change_of(_drawable(there)[0], wanted))
        return replace(found, part=replace(_beside(before, there, *put), notes=notes)) if put else found

    def part(self, request: str, whole: str = "") -> Upsampled:
        words, stand_ins, notes = _in_known_words(request)
        wanted, more = _drawable(in_size(parse_request(words))[0])
        if not wanted.groups:
            raise UndrawableError(request)
        around = parse_request(whole)
        wanted = replace(wanted, setting=wanted.setting or around.setting, time=wanted.time or around.time)
        said = plain_caption(wanted, random.Random(words))  # noqa: S311
        return Upsampled(f"{said[0].upper()}{said[1:]}.", notes=[*_said(stand_ins, wanted), *notes, *more])

    def _written(self, before: str, words: str, wanted: Named) -> str:
        """Write captions until one is faithful: of the request as it stands, then of what it comes to, said plainly."""
        rng = random.Random(words)  # noqa: S311
        most = min(MOST, round(LONGER * max(len(before.split()), USUAL))) if before else MOST
        asked = [(before, words, TRIES), *(("", plain_caption(wanted, rng), 2 * TRIES) for _ in range(RESTATED))]
        for earlier, request, tries in asked:
            for caption in _decoder(self._folder).write(earlier, request, self._sampling, tries):
                if is_faithful(wanted, caption) and len(caption.split()) <= most:
                    self.written += 1
                    return caption
        self.by_grammar += 1
        while True:
            caption = captions.descriptive(to_scene(wanted, rng), rng)
            if LEAST <= len(caption.split()) <= MOST:
                return caption


_THING_ITSELF = re.compile(r"The ([\w ]+?) stands? [\w ]+? the \1\.")
_BESIDE = re.compile(r"\. [^.]+ stands on the (?P<side>left|right)\.$")
_NO_THINGS = word_set(
    """now then please add put make remove delete replace change turn move take leave swap instead without also too plus
    minus more less darker dimmer brighter lighter sunnier bigger smaller larger again different try once let should be
    keep same get rid but while because until who whose"""
)
_DOING = re.compile(r"^[a-z]{2,}(?:ing|ed|(?<!f)ly)$")  # what is done, and how: left out, never taken for a thing
_DID = word_set(
    """ate began bit blew broke brought built bought came caught chose crept cried cut danced did drank drew drove dug
    fed fell felt flew forgot fought found froze gave got grew had heard held hid hit hopped hurt kept knew laid laugh
    lay leapt led left lit lost made met paid put ran rang read rode rose sang sat saw sent shone shook slept slid
    smiled sold spoke spent stole stood swam swept swung taught thought threw told took understood went won woke wore
    wrote eats drinks sits stands runs sleeps flies swims plays chases looks jumps walks sings reads holds drink eat
    run fly swim play chase jump walk sing sleep"""
)
_NO_PLACE = re.compile(r"\b(?:on|in|into|to|at|above|through) ((?:the |a )?(?:moon|sun|sky|clouds?|wall))\b", re.I)


_AGAIN = re.compile(r"\b(?:again|once more|another|different|variations?|versions?|retry|redo|redraw|try|anew)\b", re.I)


class UndrawableError(GptsmithError):
    """Nothing that was asked for is in the small world, or can change there; nothing else is drawn in its place."""

    def __init__(self, request: str, *, change: bool = False) -> None:
        asked = request if len(request) <= _QUOTED else f"{request[: _QUOTED - 1]}…"
        told = f"the embedded model draws small scenes of some 250 things, and “{asked}” names none of them"
        if change:
            told = (
                "the embedded model changes the things of a picture, their colours and numbers, the place and the "
                f"hour, and makes one thing alone smaller, none larger; “{asked}” asks for nothing new of these"
            )
        super().__init__(
            told,
            code="undrawable",
            hint="for anything else set the tool's model to a picture model, such as local:sd-turbo (on the "
            "command line: --model)",
        )


def is_faithful(wanted: Named, caption: str) -> bool:
    """Tell whether a caption has the right length, says all that is wanted, no other things and nothing against it."""
    said = parse_request(caption)
    if {group.size for group in said.groups} - {group.size for group in wanted.groups}:
        return False
    if not LEAST <= len(caption.split()) <= MOST or len(said.groups) != len(wanted.groups) or missing(wanted, said):
        return False
    kinds = [relation.kind for relation in said.relations if relation.kind != "beside"]
    return len(kinds) == len(set(kinds)) and not _THING_ITSELF.search(caption)  # said twice, it was turned around


def _as_before(wanted: Named, there: Named) -> bool:
    """Tell whether a change asks for nothing that was not there."""
    return not missing(wanted, there) and not missing(there, wanted) and len(wanted.groups) == len(there.groups)


def _briefly(wanted: Named) -> str:
    """Return what is wanted in one plain form, so that two of them differ in what is different alone."""
    return plain_caption(wanted, random.Random(0))  # noqa: S311


def change_of(there: Named, wanted: Named) -> PictureChange:
    """Return by what a changed picture is told from the one before it."""

    def seen(request: Named) -> str:
        things = tuple(replace(group, size="") for group in request.groups)
        return _briefly(replace(request, groups=things, time=None))

    old, new = there.time or "day", wanted.time or "day"
    hours = (old, new) if old != new and wanted.setting != "space" and wanted.setting == there.setting else None
    elsewhere = bool(there.setting and wanted.setting and there.setting != wanted.setting)
    return PictureChange(seen(wanted), seen(there), hours, _briefly(wanted), _size_of(there, wanted), elsewhere)


def _size_of(there: Named, wanted: Named) -> Literal["", "smaller", "larger"]:
    """Return what a thing becomes that stands alone in both pictures, in the same place."""
    if any(len(seen.groups) != 1 or seen.groups[0].count != 1 for seen in (there, wanted)):
        return ""
    old, new = there.groups[0], wanted.groups[0]
    if old.name != new.name or there.setting != wanted.setting:
        return ""
    order = ["small", "", "large"]
    grows = order.index(new.size) - order.index(old.size)
    return "larger" if grows > 0 else "smaller" if grows < 0 else ""


def _beside(before: str, there: Named, thing: Group, side: str) -> PicturePart:
    """Return the part of a picture in which a thing is put beside those that are there."""
    alone = _briefly(Named((thing,), setting=there.setting, time=there.time))
    said = _briefly(Named((thing,)))
    if stood := _BESIDE.search(before):  # it takes the place of what stood there
        before, side = before[: stood.start() + 1], side or stood["side"]
    whole = f"{before.rstrip(' .')}. {said[0].upper()}{said[1:]} stands on the {side}."
    return PicturePart(f"{alone[0].upper()}{alone[1:]}.", side, " ".join(whole.split()[:MOST]))


def plain_caption(wanted: Named, rng: random.Random) -> str:
    """Return what is wanted in the grammar's own words."""
    scene = to_scene(wanted, rng)
    said = captions.subject(replace(scene, relations=wanted.relations), rng, full=True)
    if wanted.setting is None:
        return said if wanted.time is None else f"{said} {rng.choice(TIME_PHRASES[wanted.time])}"
    return f"{said} {captions.where(scene, rng, full=wanted.time is not None)}"


def _changed(words: str, earlier: Sequence[Earlier]) -> str:
    """Return the caption that a request changes: the last one, when it speaks of it; else nothing."""
    last = earlier[-1].caption if earlier else ""
    if not last:
        return ""
    order = is_order(words) and not parse_request(words).groups
    return last if order or reads_as_change(parse_request(last), words) else ""


def _in_known_words(request: str) -> tuple[str, dict[str, str], list[str]]:
    """Put a known word for each unknown one that means the same: the words, which stand for which, what is left out."""
    words, asked = request.strip(), parse_request(request)
    done = [word for word in asked.unknown if word not in _NO_THINGS and (_DOING.match(word) or word in _DID)]
    notes, stand_ins = [], dict[str, str]()
    if done:
        quoted = ", ".join(f"“{word}”" for word in done[:6])
        notes.append(f"I draw things, not what they do; the picture leaves out {quoted}.")
    left_out = []
    for unknown in asked.unknown:
        if unknown in _NO_THINGS or unknown in done or unknown[0].isdigit():  # "9 cats" is said elsewhere
            continue
        if found := _nearest(unknown):
            words = re.sub(rf"\b{re.escape(unknown)}\b", found.known, words, flags=re.IGNORECASE)
            stand_ins[unknown] = found.known
        else:
            left_out.append(f"“{unknown}”")
    if left_out:
        notes.append(f"I cannot draw {', '.join(left_out[:_MOST_TOLD])}; the picture leaves it out.")
    notes += [f"I know no place like “{place}”; the picture leaves it out." for place in _NO_PLACE.findall(request)]
    return words, stand_ins, notes


def _said(stand_ins: Mapping[str, str], drawn: Named) -> list[str]:
    """Say what stands for what, where it is in the picture."""
    there = {name for group in drawn.groups for name in (group.name, group.color)}
    named = ((word, known) for word, known in stand_ins.items() if known in there and stem(word) != stem(known))
    return [f"For “{word}” I draw “{known}”." for word, known in named]


def _once(wanted: Named) -> Named:
    """Take a thing that is named twice, as descriptions do, for one, and things that are counted first and then told
    one by one in their colours ("three cubes: a red one, ...") for these."""
    tinted = {group.name for group in wanted.groups if group.color}
    place: dict[int, int] = {}
    groups: list[Group] = []
    for i, group in enumerate(wanted.groups):
        if group.name in tinted and not group.color and group.count > 1:
            continue
        same = [j for j, g in enumerate(groups) if (g.name, g.color) == (group.name, group.color)]
        if not same:
            groups.append(group)
        place[i] = same[0] if same else len(groups) - 1
    stated = [r for r in wanted.relations if r.first in place and r.second in place]
    relations = {Relation(r.kind, place[r.first], place[r.second]): None for r in stated}
    told = tuple(r for r in relations if r.first != r.second)
    loose = tuple(dict.fromkeys(place[i] for i in wanted.loose if i in place))
    return replace(wanted, groups=tuple(groups), relations=told, loose=loose)


@lru_cache(maxsize=1024)
def _nearest(word: str) -> NearestThing | None:
    from gptsmith.models.embedding import load_embedder

    return nearest(word, load_embedder("embedded").encode)


def _drawable(wanted: Named) -> tuple[Named, list[str]]:
    """Keep what fits one picture: one or two kinds of things, up to four of each, or one each of three kinds, side by
    side: that is what the world has."""
    wanted = _once(wanted)
    kept = wanted.groups[:MOST_KINDS]
    notes = []
    if left := ", ".join(group.name for group in wanted.groups[MOST_KINDS:]):
        notes.append(f"I draw up to {MOST_KINDS} kinds of things in one picture; left out: {left}.")
    relations = tuple(r for r in wanted.relations if max(r.first, r.second) < MOST_KINDS)
    loose = tuple(i for i in wanted.loose if i < MOST_KINDS)
    if len(kept) == MOST_KINDS:
        single = tuple(replace(group, count=1, size="") for group in kept)
        if single != kept or any(r.kind not in ("left", "beside") for r in relations):
            notes.append(_ROW)
        kept, loose = single, ()
        relations = tuple(r for r in relations if r == Relation("left", r.first, r.first + 1))
    elif any(wanted.groups[i].count == MOST_THINGS for i in loose):
        notes.append(f"I draw up to {MOST_THINGS} things of a kind.")
    return replace(wanted, groups=kept, relations=relations, unknown=(), loose=loose), notes


def in_size(wanted: Named) -> tuple[Named, list[str]]:
    """Leave out the sizes that the generator cannot draw: large things come out as mush, small ones well when alone."""
    alone = len(wanted.groups) == 1 and wanted.groups[0].count == 1
    groups = tuple(g if alone and g.size == "small" else replace(g, size="") for g in wanted.groups)
    if groups == wanted.groups:
        return wanted, []
    return replace(wanted, groups=groups), ["I draw one thing alone smaller than usual, and none larger."]


@cache
def _decoder(folder: Path) -> Decoder:
    return Decoder(folder)
