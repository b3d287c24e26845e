"""How well the embedded captioner names what it sees, and whether it says so where it guesses.

python -m benchmarks.captioner [--scenes 300] [--seed TEXT] [--strange FOLDER]

Unseen scenes of the small world, whose truth is known; a picture takes some 0.3 s of one core. `--strange` is a folder
of pictures of anything else: of them it should say that it is unsure, of those of the world it should not.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from gptsmith.models.pictures import names
from gptsmith.models.pictures.captioners import DETAILS, load_captioner
from gptsmith.models.pictures.world.scene import sample_scene
from training.captioner import measure
from training.world.render import render


def world(scenes: int) -> Iterator[Image.Image]:
    rng = random.Random("unsure of the world")
    for _ in range(scenes):
        yield Image.fromarray(render(sample_scene(rng), rng).pixels)


def strange(folder: Path) -> Iterator[Image.Image]:
    for file in sorted(folder.rglob("*")):
        try:
            with Image.open(file) as picture:
                yield picture.convert("RGB")
        except OSError:
            continue


def unsure(images: Iterator[Image.Image]) -> str:
    captioner = load_captioner("embedded")
    said = [captioner.caption(image, "short").unsure for image in images]
    return f"{sum(said) / max(1, len(said)):.2f} (n {len(said)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--seed", default="unseen captions", help="of the scenes")
    parser.add_argument("--strange", type=Path)
    given = parser.parse_args()
    for detail in DETAILS:
        print(measure(names.folder("captioner"), given.scenes, detail, given.seed))
    print("unsure of the world", unsure(world(given.scenes)))
    if given.strange:
        print("unsure of others", unsure(strange(given.strange)))


if __name__ == "__main__":
    main()
