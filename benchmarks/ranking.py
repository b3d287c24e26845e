"""The best of several pictures: ranked by the prompt, or by what the CLIP's prior expects of it (DALL-E 2's way).

GPTSMITH_TEST_DATA=… python -m benchmarks.ranking [--model FOLDER] [--clip FOLDER] [--pictures 4] [--limit 10]
    [--steps N] [--guidance G] [--seed 0]

Prints for each row of `benchmarks.generator` how often the chosen picture is right by the checker: the first one drawn,
the best by prompt, the best by prior, and a choice that never errs.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from benchmarks.generator import ROWS, SIDE, generator, prompts, right
from gptsmith.errors import NotReadyError
from gptsmith.models.pictures import embedded
from gptsmith.models.pictures.generators import Stop
from gptsmith.models.pictures.prior import FILE
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.models.pictures.upsampling.embedded import EmbeddedUpsampler
from gptsmith.models.pictures.wishes import Job, Settings
from gptsmith.models.world.checker import check
from gptsmith.models.world.requests import parse_request

WAYS = ("first", "prompt", "prior", "never errs")


def main() -> None:
    """Draw, rank in each way, print one line for each row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--limit", type=int, default=10)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        model, clip = generator(given.model), given.clip or embedded.folder("clip")
    except NotReadyError as error:
        raise SystemExit(f"nothing is measured: {error}") from None
    if not (clip / FILE).is_file():
        raise SystemExit(f"nothing is measured: {clip} has no prior; runs/prior.sh trains it")
    recognizer, writer = load_recognizer(str(clip.resolve())), EmbeddedUpsampler(embedded.folder("upsampler"))
    score = {row: np.zeros(len(WAYS) + 1) for row in ROWS}
    for row, prompt in prompts(Path(os.environ["GPTSMITH_TEST_DATA"]) / "images", given.limit):
        caption, settings = writer.upsample(prompt, []).caption, Settings(steps=given.steps, guidance=given.guidance)
        jobs = [Job(caption, given.seed + number, settings) for number in range(given.pictures)]
        drawn = [model.draw(job, lambda _step: None, Stop()).image.convert("RGB") for job in jobs]
        wanted = parse_request(prompt)
        judged = [right(row, check(np.asarray(picture.resize((SIDE, SIDE))), wanted)) for picture in drawn]
        by_prompt, by_prior = (int(np.argmax(recognizer.scores(drawn, prompt, by=way))) for way in ("prompt", "prior"))
        score[row] += (judged[0], judged[by_prompt], judged[by_prior], any(judged), 1)
    print(" " * 16, "   n", *(f"{way:>10}" for way in WAYS))
    for row, sums in score.items():
        print(f"{row:16} {sums[-1]:4.0f}", *(f"{hits / max(1, sums[-1]):10.3f}" for hits in sums[:-1]))


if __name__ == "__main__":
    main()
