"""The experiment on captions (DALL-E 3, Betker et al. 2023): generators that differ in nothing but their captions.

GPTSMITH_TEST_DATA=… python -m benchmarks.experiment draw FOLDER ARM… [--words prompt caption both] [--steps 20]
    [--guidance 1.5] [--limit 5] [--seeds 3]
python -m benchmarks.experiment show FOLDER [--plots DIR] [--grid grid.jpg]
    [--gallery gallery.jpg [--wrong docs/images/hundred.txt]]

`draw` takes the U-Nets of `runs/captions.sh` from FOLDER/ARM/unet, or the shipped one as arm `shipped`, and draws the
prompts of `benchmarks.generator`, at most `--limit` of each row: from the prompt as it is, from the caption that the
embedded caption writer makes of it, or from both, the prompt in front. `--steps` and `--guidance` take several values.
Each picture is judged by the exact checker, and by the embedded CLIP: whether of all the prompts the picture's own
fits it best (R-precision, Xu et al. 2018, https://arxiv.org/abs/1711.10485). It goes to FOLDER/drawn, its verdict as a
line into FOLDER/ARM.jsonl; what is there is not drawn again. `show` prints tables of what is there; its plots need the
extra `plots` (matplotlib). `--wrong` names the numbers of the gallery's pictures that are wrong by a person's eye.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from textwrap import fill
from typing import Any

from PIL import Image, ImageDraw

from benchmarks.generator import ROWS, SIDE, draw, generator, judge, prompts
from gptsmith.models.pictures import names
from gptsmith.models.pictures.generators import Generator, Settings
from gptsmith.models.pictures.plan import EMBEDDED_GUIDANCE, EMBEDDED_STEPS
from gptsmith.models.pictures.recognizers import load_recognizer
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler
from training.generator import ARMS

WORDS = ("prompt", "caption", "both")
SHIPPED = "shipped"
STEPS, GUIDANCE, SEEDS = EMBEDDED_STEPS, EMBEDDED_GUIDANCE, 3
HEAD, LABEL = 34, 17  # pixels of words above a grid, and above each of its rows
Line = dict[str, Any]


def with_unet(unet: Path, folder: Path) -> Generator:
    """Return the embedded generator with another U-Net; `folder` is where the two are put together."""
    for part in names.folder("generator").iterdir():
        if part.name not in ("unet", names.HASHES):
            (folder / part.name).symlink_to(part)
    (folder / "unet").symlink_to(unet.resolve())
    return generator(folder)


def key(line: Line) -> tuple[Any, ...]:
    """Return what makes a picture the one it is."""
    return tuple(line[name] for name in ("words", "steps", "guidance", "prompt", "seed"))


def lines(folder: Path, arm: str) -> list[Line]:
    """Return what is known of an arm's pictures."""
    file = folder / f"{arm}.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def wanted(given: argparse.Namespace) -> Iterator[Line]:
    """Yield the pictures to draw, without their verdicts."""
    some = prompts(Path(os.environ["GPTSMITH_TEST_DATA"]) / "images", given.limit)
    for words, steps, guidance in product(given.words, given.steps, given.guidance):
        for (row, prompt), seed in product(some, range(given.seeds)):
            yield {
                "words": words, "steps": steps, "guidance": guidance, "row": row, "prompt": prompt, "seed": seed
            }  # fmt: skip


def draw_all(given: argparse.Namespace) -> None:
    """Draw, judge and keep what is not there yet."""
    writer, clip = EmbeddedUpsampler(names.folder("upsampler")), load_recognizer("embedded")
    todo = list(wanted(given))
    rivals = list(dict.fromkeys(line["prompt"] for line in todo))
    (given.folder / "drawn").mkdir(parents=True, exist_ok=True)
    for arm in given.arms:
        known = {key(line) for line in lines(given.folder, arm)}
        with tempfile.TemporaryDirectory() as parts, (given.folder / f"{arm}.jsonl").open("a", encoding="utf-8") as out:
            model = generator(None) if arm == SHIPPED else with_unet(given.folder / arm / "unet", Path(parts))
            for line in todo:
                if key(line) in known:
                    continue
                prompt = line["prompt"]
                caption = writer.upsample(prompt, []).caption
                text = {"prompt": prompt, "caption": caption, "both": f"{prompt.rstrip('.')}. {caption}"}[line["words"]]
                settings = Settings(steps=line["steps"], guidance=line["guidance"])
                picture = draw(model, text, line["seed"], settings)
                found = {
                    "right": judge(line["row"], prompt, picture),
                    "first": clip.recognize(picture, rivals)[0].label == prompt,
                    "logit": round(clip.scores([picture], prompt)[0], 3),
                    "file": f"drawn/{arm}-{hashlib.sha1(repr(key(line)).encode()).hexdigest()[:12]}.png",
                }
                picture.save(given.folder / found["file"])
                print(json.dumps({**line, **found}), file=out, flush=True)
                known.add(key(line))


def is_usual(line: Line) -> bool:
    """Tell whether a picture was drawn with the experiment's steps and guidance, and with a seed that all arms have."""
    return (line["steps"], line["guidance"]) == (STEPS, GUIDANCE) and line["seed"] < SEEDS


def figures(some: list[Line]) -> tuple[int, float, float, float, float]:
    """Return n, the part that is right, its deviation from seed to seed, R-precision, and CLIP's mean logit."""
    seeds: dict[int, list[bool]] = defaultdict(list)
    for line in some:
        seeds[line["seed"]].append(line["right"])
    parts = [mean(of) for of in seeds.values()]
    spread = stdev(parts) if len(parts) > 1 else 0.0
    first, logit = (mean(float(line[name]) for line in some) for name in ("first", "logit"))
    return len(some), mean(line["right"] for line in some), spread, first, logit


def table(title: str, names: list[str], groups: dict[tuple[Any, ...], list[Line]]) -> None:
    """Print one line of figures for each group of pictures."""
    print(f"\n| {' | '.join(names)} | n | {title} | from seed to seed | CLIP R-precision | CLIP logit |")
    print("|" + "---|" * (len(names) + 5))
    for group, some in groups.items():
        n, hits, spread, first, logit = figures(some)
        print(f"| {' | '.join(map(str, group))} | {n} | {hits:.2f} | {spread:.2f} | {first:.2f} | {logit:.1f} |")


def grouped(some: list[Line], by: Callable[[Line], tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Line]]:
    """Return the lines by what `by` says of them, in order."""
    groups: dict[tuple[Any, ...], list[Line]] = defaultdict(list)
    for line in some:
        groups[by(line)].append(line)
    return dict(groups)


def show(folder: Path, plots: Path | None, grid: Path | None) -> None:
    """Print the tables; save the plots and the grid."""
    arms = {arm: lines(folder, arm) for arm in (*ARMS, SHIPPED)}
    usual = [{**line, "arm": arm} for arm, of in arms.items() for line in of if is_usual(line)]
    by_words = grouped(usual, lambda line: (line["arm"], line["words"]))
    table("right", ["captions", "drawn from"], by_words)
    for group, some in by_words.items():
        of_row = [[line["right"] for line in some if line["row"] == row] for row in ROWS]
        print(" ".join(group).ljust(20), *(f"{row} {mean(of):.2f}" for row, of in zip(ROWS, of_row, strict=True) if of))
    curves = {}
    for name, other, value in (("guidance", "steps", STEPS), ("steps", "guidance", GUIDANCE)):
        some = [one for one in arms[SHIPPED] if (one[other], one["words"], one["seed"]) == (value, "caption", 0)]
        curves[name] = grouped(sorted(some, key=lambda line: line[name]), lambda line, name=name: (line[name],))
        print(f"\n{SHIPPED}, {other} {value}")
        table("right", [name], curves[name])
    if plots:
        plot(by_words, curves, plots)
    if grid:
        sheet(folder, by_words, grid)


def plot(by_words: dict[tuple[Any, ...], list[Line]], curves: dict[str, Any], folder: Path) -> None:
    """Save the arms as bars and guidance and steps as curves, in SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "gptsmith", "svg.fonttype": "none"}
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for number, words in enumerate(("prompt", "caption")):
        of_arm = {arm: figures(some) for (arm, said), some in by_words.items() if said == words and arm != SHIPPED}
        places = [place + 0.4 * number for place in range(len(of_arm))]
        left.bar(places, [f[1] for f in of_arm.values()], 0.38, yerr=[f[2] for f in of_arm.values()], label=words)
        right.bar(places, [f[3] for f in of_arm.values()], 0.38, label=words)
        for axes in (left, right):
            axes.set_xticks([place + 0.2 for place in range(len(of_arm))], list(of_arm))
            axes.set_ylim(0, 1)
    left.set_title("right by the checker")
    right.set_title("CLIP R-precision")
    left.legend(title="drawn from the", frameon=False)
    figure.savefig(folder / "captions.svg", metadata={"Date": None})
    figure, both = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
    for axes, (name, groups) in zip(both, curves.items(), strict=True):
        values = [group[0] for group in groups]
        axes.plot(values, [figures(some)[1] for some in groups.values()], "o-", label="right by the checker")
        axes.plot(values, [figures(some)[3] for some in groups.values()], "s--", label="CLIP R-precision")
        axes.set_xscale("log")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.minorticks_off()
        axes.set_xlabel(name)
    both[0].legend(frameon=False)
    figure.savefig(folder / "curves.svg", metadata={"Date": None})


def paste(page: Image.Image, folder: Path, line: Line, left: int, top: int) -> None:
    """Put a picture on a page, framed in red when it is wrong by the checker, in orange when by eye alone."""
    page.paste(Image.open(folder / line["file"]), (left, top))
    if not line["right"] or line.get("wrong"):
        color = "orange" if line["right"] else "red"
        ImageDraw.Draw(page).rectangle((left, top, left + SIDE - 1, top + SIDE - 1), outline=color, width=2)


def sheet(folder: Path, by_words: dict[tuple[Any, ...], list[Line]], file: Path) -> None:
    """Save the first seed of one prompt in three: a column for each arm and its words, what is wrong framed."""
    shown = {group: {line["prompt"]: line for line in some if line["seed"] == 0} for group, some in by_words.items()}
    texts = list(next(iter(shown.values())))[::3]
    page = Image.new("RGB", (len(shown) * SIDE, HEAD + len(texts) * (SIDE + LABEL)), "white")
    pen = ImageDraw.Draw(page)
    for column, (group, of) in enumerate(shown.items()):
        pen.text((column * SIDE + 2, 2), "\n".join(group), fill="black")
        for row, text in enumerate(texts):
            top = HEAD + row * (SIDE + LABEL) + LABEL
            paste(page, folder, of[text], column * SIDE, top)
            pen.text((2, top - LABEL + 2), text, fill="black")
    page.save(file, quality=85)


def gallery(folder: Path, some: list[Line], file: Path, labels: Path | None) -> None:
    """Save the first seed of every prompt, ten in a row with the prompts below, what is wrong framed and counted."""
    bad = {int(number) for number in labels.read_text("utf-8").split()} if labels else set()
    shown = [{**line, "wrong": number in bad} for number, line in enumerate(one for one in some if one["seed"] == 0)]
    for row, of in grouped(shown, lambda line: (line["row"],)).items():
        eye = f"  by eye {sum(not line['wrong'] for line in of)}" if labels else ""
        print(f"{row[0]:16} n {len(of)}  by the checker {sum(line['right'] for line in of)}{eye}")
    page = Image.new("RGB", (10 * SIDE, -(-len(shown) // 10) * (SIDE + HEAD)), "white")
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(shown):
        left, top = number % 10 * SIDE, number // 10 * (SIDE + HEAD)
        paste(page, folder, line, left, top)
        pen.text((left + 2, top + SIDE + 2), fill(f"{number} {line['prompt']}", 21), fill="black")
    page.save(file, quality=85)


def main() -> None:
    """Read the command line; draw or show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("folder", type=Path)
    drawing.add_argument("arms", nargs="+", choices=[*ARMS, SHIPPED])
    drawing.add_argument("--words", nargs="+", choices=WORDS, default=["prompt", "caption"])
    drawing.add_argument("--steps", nargs="+", type=int, default=[STEPS])
    drawing.add_argument("--guidance", nargs="+", type=float, default=[GUIDANCE])
    drawing.add_argument("--limit", type=int, default=5)
    drawing.add_argument("--seeds", type=int, default=SEEDS)
    showing = commands.add_parser("show")
    showing.add_argument("folder", type=Path)
    showing.add_argument("--plots", type=Path)
    showing.add_argument("--grid", type=Path, help="of the arms")
    showing.add_argument("--gallery", type=Path, help="of the shipped generator")
    showing.add_argument("--wrong", type=Path, help="numbers in the gallery that are wrong by eye")
    given = parser.parse_args()
    if given.command == "draw":
        draw_all(given)
    else:
        show(given.folder, given.plots, given.grid)
        if given.gallery:
            usual = [line for line in lines(given.folder, SHIPPED) if is_usual(line)]
            gallery(given.folder, usual, given.gallery, given.wrong)


if __name__ == "__main__":
    main()
