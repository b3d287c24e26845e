"""The checker against the eye: what it says of generated pictures, and what a person sees in them.

GPTSMITH_TEST_DATA=… python -m benchmarks.eye draw FOLDER [--model MODEL] [--limit 9] [--pictures 4] [--seed 0]
python -m benchmarks.eye compare FOLDER

`draw` draws the prompts of `benchmarks.generator`, at most `--limit` of each row, and puts sheets of pictures with
their number and prompt into FOLDER, the checker's verdicts apart from them in `verdicts.jsonl`. A person who has not
read those writes `labels.txt`: the numbers of the pictures that are right, in any order. `compare` prints how often the
two agree.
"""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.generator import SIDE, generator, judge, prompts
from benchmarks.generator import draw as generated
from gptsmith.models.pictures import names
from gptsmith.models.pictures.generators import Settings
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler

ACROSS, DOWN, LABEL = 8, 4, 36  # pictures on a sheet; pixels of the words below each


def sheet(shown: list[tuple[int, str, Image.Image]], file: Path) -> None:
    """Save pictures with their numbers and prompts."""
    page = Image.new("RGB", (ACROSS * (SIDE + 4), DOWN * (SIDE + LABEL)), "white")
    pen = ImageDraw.Draw(page)
    for place, (number, prompt, picture) in enumerate(shown):
        left, top = place % ACROSS * (SIDE + 4), place // ACROSS * (SIDE + LABEL)
        page.paste(picture.resize((SIDE, SIDE)), (left, top))
        pen.text((left, top + SIDE), textwrap.fill(f"{number} {prompt}", 21), fill="black")
    page.save(file)


def draw(folder: Path, model: Path | None, limit: int, pictures: int, seed: int) -> None:
    """Draw, judge and lay out."""
    folder.mkdir(parents=True, exist_ok=True)
    drawer, writer = generator(model), EmbeddedUpsampler(names.folder("upsampler"))
    shown: list[tuple[int, str, Image.Image]] = []
    with (folder / "verdicts.jsonl").open("w", encoding="utf-8") as file:
        for row, prompt in prompts(Path(os.environ["GPTSMITH_TEST_DATA"]) / "images", limit):
            caption = writer.upsample(prompt, []).caption
            for one in range(pictures):
                picture = generated(drawer, caption, seed + one, Settings())
                verdict = {"row": row, "prompt": prompt, "right": judge(row, prompt, picture)}
                print(json.dumps(verdict), file=file, flush=True)
                shown.append((len(shown), prompt, picture))
    some = ACROSS * DOWN
    for first in range(0, len(shown), some):
        sheet(shown[first : first + some], folder / f"sheet-{first // some:02d}.png")
    print(f"{len(shown)} pictures in {folder}")


def compare(folder: Path) -> None:
    """Print for each row, and in all, n, what is right by eye and by checker, and how often they agree."""
    seen = {int(number) for number in (folder / "labels.txt").read_text("utf-8").split()}
    verdicts = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text("utf-8").splitlines()]
    pairs = [(v["row"], number in seen, v["right"]) for number, v in enumerate(verdicts)]
    print(f"{'':16}    n  eye   checker  agree  checker says right, eye wrong  checker says wrong, eye right")
    for row in [*dict.fromkeys(row for row, _, _ in pairs), "all"]:
        both = [(eye, told) for one, eye, told in pairs if row in (one, "all")]
        eye, told, same, lenient, strict = np.mean([(e, t, e == t, t and not e, e and not t) for e, t in both], axis=0)
        print(f"{row:16} {len(both):4}  {eye:.3f} {told:.3f}    {same:.3f}  {lenient:.3f}  {strict:.3f}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, dest="command")
    for name in ("draw", "compare"):
        commands.add_parser(name).add_argument("folder", type=Path)
    drawing = commands.choices["draw"]
    drawing.add_argument("--model", type=Path)
    for option, usual in (("--limit", 9), ("--pictures", 4), ("--seed", 0)):
        drawing.add_argument(option, type=int, default=usual)
    given = vars(parser.parse_args())
    {"draw": draw, "compare": compare}[given.pop("command")](**given)


if __name__ == "__main__":
    main()
