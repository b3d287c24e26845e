"""The embedded caption writer: rules of a caption, changes in a conversation, faithfulness where the words are known.

GPTSMITH_TEST_DATA=… python -m benchmarks.upsampler [--weights FOLDER] [--show]

A caption counts only when the decoder wrote it: the grammar's own captions, its safety net, are failures here. Requests
that name nothing in the small world get no caption; they are counted and left out.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from gptsmith.models.pictures import names
from gptsmith.models.pictures.world.requests import parse_request
from gptsmith.tools.drawing.embedded_upsampler import EmbeddedUpsampler, UndrawableError, in_size, is_faithful
from gptsmith.tools.drawing.upsampler import LEAST, MOST, Earlier

CONVERSATIONS = Path(__file__).parents[1] / "tests" / "data" / "picture_conversations.jsonl"


class Score:
    """How many of how many; misses are printed when asked for."""

    def __init__(self, name: str, show: bool) -> None:
        self.name, self.show, self.good, self.all = name, show, 0, 0

    def count(self, good: bool, *about: object) -> None:
        self.good, self.all = self.good + good, self.all + 1
        if self.show and not good:
            print(f"  {self.name}:", *about, sep=" | ")

    def __str__(self) -> str:
        return f"{self.name:48} {self.good}/{self.all} = {self.good / max(self.all, 1):.3f}"


def main() -> None:
    """Print one line per measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    writer = EmbeddedUpsampler(given.weights or names.folder("upsampler"))
    images = Path(os.environ["GPTSMITH_TEST_DATA"]) / "images"
    rules, undrawable = Score("one caption of 15 to 80 words (DrawBench)", given.show), 0
    for prompt in (images / "drawbench.txt").read_text("utf-8").splitlines():
        try:
            caption, by_decoder = _write(writer, prompt)
        except UndrawableError:
            undrawable += 1
            continue
        one = "\n" not in caption and LEAST <= len(caption.split()) <= MOST
        rules.count(by_decoder and one, prompt, caption)
    known = Score("faithful, words known (spatial, DrawBench)", given.show)
    prompts = (images / "t2i_spatial_half.txt").read_text("utf-8").splitlines()
    prompts += (images / "drawbench.txt").read_text("utf-8").splitlines()
    for prompt in prompts:
        wanted, _ = in_size(parse_request(prompt))
        if wanted.groups and not wanted.unknown and len(wanted.groups) <= 3:
            caption, by_decoder = _write(writer, prompt)
            known.count(by_decoder and is_faithful(wanted, caption), prompt, caption)
    print(f"{undrawable} of DrawBench name nothing in the small world")
    print(rules, known, *_conversations(writer, given.show), sep="\n")


def _write(writer: EmbeddedUpsampler, request: str, earlier: list[Earlier] | None = None) -> tuple[str, bool]:
    """Return the caption and whether the decoder wrote it."""
    before = writer.written
    found = writer.upsample(request, earlier or [])
    return found.caption, writer.written > before


def _conversations(writer: EmbeddedUpsampler, show: bool) -> list[Score]:
    scores = {kind: Score(name, show) for kind, name in (("change", "changes (rules 3, 4)"), ("new", "new (rule 5)"))}
    for line in CONVERSATIONS.read_text("utf-8").splitlines():
        talk = json.loads(line)
        first = writer.upsample(talk["first"]).caption
        try:
            caption, by_decoder = _write(writer, talk["then"], [Earlier(talk["first"], first)])
        except UndrawableError:  # a change that the generator cannot draw, such as of things to large ones
            print(f"left out: {talk['first']} | {talk['then']}")
            continue
        anew = talk["then"] in ("again", "try again") or not caption.startswith(first.rstrip(". "))
        fits = len(caption.split()) <= 1.4 * max(len(first.split()), 25)
        good = by_decoder and anew and fits and is_faithful(parse_request(talk["expected"]), caption)
        scores[talk["kind"]].count(good, first, talk["then"], caption)
    return list(scores.values())


if __name__ == "__main__":
    main()
