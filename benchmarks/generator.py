"""How often a generator draws what is asked for, judged by the exact checker.

GPTSMITH_TEST_DATA=… python -m benchmarks.generator [--model FOLDER] [--steps 20] [--guidance G] [--seed 0]
    [--pictures 4] [--limit N] [--own-words] [--grid grid.png]

The prompts are those of `$GPTSMITH_TEST_DATA/images` all of whose words the world knows; each counts in one row.
`--limit` takes that many of each row, evenly spread. `--model` is a folder in the embedded generator's form, without it
the embedded one. Captions are written by the embedded caption writer unless `--own-words` is given. The grid shows the
first picture of each prompt, the right ones first. The checker takes two to five seconds of one core for each picture.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures import names
from gptsmith.models.pictures.generators import Generator, Job, Settings, Stop
from gptsmith.models.pictures.local import LocalGenerator
from gptsmith.models.pictures.names import ModelName
from gptsmith.models.pictures.world.requests import Named, parse_request
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler
from training.world.checker import Verdict, check

ROWS = ("one object", "two objects", "count", "colour", "position", "colour binding")
SIDE, ACROSS = 128, 10


def row_of(request: Named) -> str | None:
    """Return the row in which a request counts; None when it is of no kind that is scored."""
    groups = request.groups
    if request.unknown or not 1 <= len(groups) <= 2:
        return None
    if len(groups) == 2 and all(g.color for g in groups):
        return "colour binding"
    if request.relations:
        return "position"
    if request.loose or any(g.count > 1 for g in groups):
        return "count" if len(groups) == 1 else None
    if any(g.color for g in groups):
        return "colour" if len(groups) == 1 else None
    return "two objects" if len(groups) == 2 else "one object"


def right(row: str, verdict: Verdict) -> bool:
    """Tell whether a picture shows what its row is about."""
    part = {"count": verdict.counts, "colour": verdict.colors, "colour binding": verdict.colors}
    part["position"] = verdict.relations
    return verdict.objects and part.get(row, True) is not False


def draw(model: Generator, caption: str, seed: int, settings: Settings) -> Image.Image:
    """Return one picture."""
    return model.draw(Job(caption, seed, settings), lambda _step: None, Stop()).image.convert("RGB")


def judge(row: str, prompt: str, picture: Image.Image) -> bool:
    """Tell by the checker whether a picture shows what its row is about."""
    return right(row, check(np.asarray(picture.resize((SIDE, SIDE))), parse_request(prompt)))


def prompts(folder: Path, limit: int) -> list[tuple[str, str]]:
    """Return the rows and prompts of the known kind, at most `limit` of each row, evenly spread; 0 is all."""
    texts = [json.loads(line)["prompt"] for line in (folder / "geneval_half.jsonl").read_text("utf-8").splitlines()]
    for name in ("t2i_spatial_half.txt", "drawbench.txt"):
        texts += (folder / name).read_text("utf-8").splitlines()
    rows: dict[str, list[str]] = {row: [] for row in ROWS}
    for text in dict.fromkeys(texts):
        if row := row_of(parse_request(text)):
            rows[row].append(text)
    some = {row: of[:: max(1, len(of) // limit)][:limit] if limit else of for row, of in rows.items()}
    return [(row, text) for row, of in some.items() for text in of]


def grid(pictures: list[Image.Image], file: Path) -> None:
    """Save pictures side by side, ten in a row."""
    sheet = Image.new("RGB", (ACROSS * SIDE, -(-len(pictures) // ACROSS) * SIDE), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(picture.resize((SIDE, SIDE)), (i % ACROSS * SIDE, i // ACROSS * SIDE))
    sheet.save(file)


def generator(folder: Path | None) -> Generator:
    """Return the embedded generator, with the weights of `folder` when one is given."""
    return LocalGenerator(ModelName("embedded", "embedded"), folder or names.folder("generator"))


def main() -> None:
    """Draw, judge, print one line for each row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--own-words", action="store_true")
    parser.add_argument("--grid", type=Path)
    given = parser.parse_args()
    try:
        model = generator(given.model)
    except NotReadyError as error:
        raise SystemExit(f"nothing is measured: {error}") from None
    writer = None if given.own_words else EmbeddedUpsampler(names.folder("upsampler"))
    wanted = prompts(Path(os.environ["GPTSMITH_TEST_DATA"]) / "images", given.limit)
    score = {row: [0, 0] for row in ROWS}
    good: list[Image.Image] = []
    bad: list[Image.Image] = []
    begun = time.monotonic()
    for row, prompt in wanted:
        caption = writer.upsample(prompt, []).caption if writer else prompt
        for number in range(given.pictures):
            picture = draw(model, caption, given.seed + number, Settings(steps=given.steps, guidance=given.guidance))
            judged = judge(row, prompt, picture)
            score[row][0] += judged
            score[row][1] += 1
            if number == 0:
                (good if judged else bad).append(picture)
    for row, (hits, n) in score.items():
        print(f"{row:16} n {n:4}  {hits / n:.3f}" if n else f"{row:16} n    0")
    print(f"{len(wanted)} prompts, {time.monotonic() - begun:.0f} s")
    if given.grid:
        grid(good + bad, given.grid)


if __name__ == "__main__":
    main()
