"""The best of several pictures: ranked by the prompt, or by what the CLIP's prior expects of it (DALL-E 2's way).

python -m benchmarks.ranking FOLDER ARM… [--clip FOLDER]

FOLDER and ARM are those of `python -m benchmarks.experiment draw`, which has drawn and judged the pictures; those of
its captions count. Prints how often the chosen one is right: of one picture, of every two and of all (four when drawn
with `--seeds 4`), chosen by prompt, by prior, and by a choice that never errs.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path
from statistics import mean

import numpy as np
from PIL import Image

from benchmarks.experiment import GUIDANCE, STEPS, Line, grouped, lines
from gptsmith.models.pictures import names
from gptsmith.models.pictures.prior import FILE
from gptsmith.models.pictures.recognizers import load_recognizer


def main() -> None:
    """Rank in each way, print one table for each arm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("arms", nargs="+")
    parser.add_argument("--clip", type=Path)
    given = parser.parse_args()
    clip = given.clip or names.folder("clip")
    if not (clip / FILE).is_file():
        raise SystemExit(f"nothing is measured: {clip} has no prior; runs/prior.sh trains it")
    recognizer = load_recognizer(str(clip.resolve()))

    def usual(line: Line) -> bool:
        return (line["words"], line["steps"], line["guidance"]) == ("caption", STEPS, GUIDANCE)

    for arm in given.arms:
        tries = grouped([line for line in lines(given.folder, arm) if usual(line)], lambda line: (line["prompt"],))
        hits: dict[tuple[int, str], list[bool]] = {}
        for (prompt,), of in tries.items():
            pictures = [Image.open(given.folder / line["file"]).convert("RGB") for line in of]
            right = np.array([line["right"] for line in of])
            by = {way: np.array(recognizer.scores(pictures, prompt, by=way)) for way in ("prompt", "prior")}
            by["never errs"] = right.astype(float)
            for many in sorted({1, 2, len(of)}):
                for some in combinations(range(len(of)), many):
                    for way, scores in by.items():
                        chosen = some[int(scores[list(some)].argmax())]
                        hits.setdefault((many, way), []).append(bool(right[chosen]))
        print(f"{arm}: {len(tries)} prompts")
        for (many, way), of_all in hits.items():
            print(f"best of {many} by {way:10} {mean(of_all):.3f}  n {len(of_all)}")


if __name__ == "__main__":
    main()
