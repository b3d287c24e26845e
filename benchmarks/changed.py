"""Whether the look at a changed picture tells right: pairs of scenes of the world, changed and deliberately not.

python -m benchmarks.changed [--pairs 20] [--show]

For each kind of change: how many of the pictures that show it are seen to, and how many of the same scene drawn anew
are told from them. The pictures are the renderer's, so the truth is known; the emoji font is needed. What each of three
looks says by itself stands beside it: the embedded CLIP's logits, the share of pixels that differ, and, with
`--checker` (some seconds a picture), the exact checker.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.pictures.world.requests import Named
from gptsmith.models.pictures.world.scene import Scene, sample_scene
from gptsmith.tools.drawing.changed import clearness
from gptsmith.tools.drawing.embedded_upsampler import change_of
from training.world.checker import check
from training.world.pairs import sample_change
from training.world.render import render

KINDS = ("hour", "place", "colour", "number", "smaller", "another thing", "more", "less", "where")
_DIFFERENT = 0.1  # of full range, the mean over all pixels: the threshold that does best on these pairs


@dataclass(frozen=True)
class Pair:
    """A picture, a change of it in words, a picture that shows it and one that does not."""

    kind: str
    words: str
    scenes: tuple[Scene, Scene]
    before: Image.Image
    changed: Image.Image
    unchanged: Image.Image


def kind_of(old: Scene, new: Scene) -> str:
    """Return what kind of change leads from one scene to another; empty for one that the product does not make."""
    if old.time != new.time and old.setting == new.setting:
        return "hour" if old.setting != "space" and old.groups == new.groups else ""
    if old.setting != new.setting:
        return "place" if old.groups == new.groups else ""
    if len(old.groups) != len(new.groups):
        return "more" if len(old.groups) < len(new.groups) else "less"
    differ = [(a, b) for a, b in zip(old.groups, new.groups, strict=True) if a != b]
    if not differ:
        turned = old.relations and new.relations and new.relations[0].kind != "beside"
        return "where" if turned and old.relations != new.relations else ""
    a, b = differ[0]
    if a.name != b.name:
        return "another thing"
    if a.count != b.count:
        return "number"
    if a.size != b.size:
        return "smaller" if b.size == "small" else ""
    return "colour"


def pairs(count: int, seed: int = 0) -> list[Pair]:
    """Return `count` pairs of each kind."""
    rng = random.Random(seed)
    found: dict[str, list[Pair]] = {kind: [] for kind in KINDS}
    while any(len(some) < count for some in found.values()):
        old = sample_scene(rng)
        said, new = sample_change(old, rng)
        kind = kind_of(old, new)
        if kind not in found or len(found[kind]) >= count:
            continue
        place, kept = rng.randrange(2**32), rng.random() < 0.5
        made = [_drawn(scene, at) for scene, at in ((old, place), (new, place + (not kept)), (old, place + 2))]
        found[kind].append(Pair(kind, said, (old, new), *made))
    return [pair for some in found.values() for pair in some]


def _drawn(scene: Scene, seed: int) -> Image.Image:
    if scene.relations and scene.relations[0].first == 1:  # the renderer places the first group first
        turned = (replace(scene.relations[0], first=0, second=1),)
        scene = replace(scene, groups=scene.groups[::-1], relations=turned)
    return Image.fromarray(render(scene, random.Random(seed)).pixels)


def named(scene: Scene) -> Named:
    """Return what a caption of the scene names."""
    return Named(scene.groups, scene.relations, scene.setting, scene.time)


def looks(checker: bool) -> dict[str, Callable[[Pair, Image.Image], bool]]:
    """Return the looks that are compared: each tells whether a picture shows the change of a pair."""
    clip = load_recognizer("embedded")

    def ours(pair: Pair, picture: Image.Image) -> bool:
        return clearness(clip, picture, pair.before, change_of(*map(named, pair.scenes))) > 0

    def clip_alone(pair: Pair, picture: Image.Image) -> bool:
        change = replace(change_of(*map(named, pair.scenes)), hours=None, size="", place=False)
        return change.shows != change.showed and clearness(clip, picture, None, change) > 0

    def pixels(pair: Pair, picture: Image.Image) -> bool:
        one, other = (np.asarray(p, np.float32) / 255 for p in (pair.before, picture))
        return float(np.abs(one - other).mean()) > _DIFFERENT

    def exact(pair: Pair, picture: Image.Image) -> bool:
        return check(np.asarray(picture), named(pair.scenes[1])).right

    return {"the look": ours, "CLIP alone": clip_alone, "pixels": pixels, **({"checker": exact} if checker else {})}


def main() -> None:
    """Print one line per kind of change: of the changed and of the unchanged pictures, how many are told right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=20, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checker", action="store_true")
    parser.add_argument("--show", action="store_true", help="print what the look tells wrong")
    given = parser.parse_args()
    made, compared = pairs(given.pairs, given.seed), looks(given.checker)
    print("| change |", " | ".join(f"{name}: seen, told" for name in compared), "|", flush=True)
    for kind in KINDS:
        of_kind = [pair for pair in made if pair.kind == kind]
        cells = []
        for name, sees in compared.items():
            seen, told = [[p for p in of_kind if sees(p, p.changed)], [p for p in of_kind if not sees(p, p.unchanged)]]
            cells.append(f"{len(seen)}, {len(told)}")
            if given.show and name == "the look":
                print(*(f"  {p.words}: {p.scenes}" for p in of_kind if p not in seen or p not in told), sep="\n")
        print(f"| {kind} |", " | ".join(cells), f"| of {given.pairs}", flush=True)


if __name__ == "__main__":
    main()
