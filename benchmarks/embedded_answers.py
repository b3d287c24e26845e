"""Measure the embedded model's answers from passages: `GPTSMITH_TEST_DATA=… python benchmarks/embedded_answers.py`.

XQuAD: each question with its own paragraph and the three nearest others (answerable), and with four near paragraphs of
which none is its own (unanswerable). CLAPnq: its answerable and its unanswerable questions with their passages. Only
the half that the weights were not fitted on is used (odd articles, odd questions). Right: one of the quoted sentences
holds the answer (XQuAD), or is one of the marked sentences (CLAPnq). Precision: right among all answers given,
those to unanswerable questions included. False answers: share of the unanswerable questions that got an answer.
"""

from __future__ import annotations

import json
import os
import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gptsmith.models.chat.embedded.answer import THRESHOLD, choose, rank
from gptsmith.models.chat.messages import Passage
from gptsmith.models.embedding import load_embedder

SAMPLE = 0.25


@dataclass
class Case:
    """A question with its passages; no `gold` when it cannot be answered from them."""

    data: str
    question: str
    passages: list[str]
    gold: list[str]


def xquad(folder: Path, rng: random.Random) -> list[Case]:
    """Return the cases of the odd articles."""
    articles = json.loads((folder / "xquad.en.half.json").read_text())["data"]
    texts = [p["context"] for a in articles for p in a["paragraphs"]]
    encode = load_embedder("embedded").encode
    rows = encode(texts)
    cases = []
    for article in articles[1::2]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                if rng.random() > SAMPLE:
                    continue
                order = np.argsort(-(rows @ encode([qa["question"]])[0]))
                others = [texts[i] for i in order if texts[i] != paragraph["context"]]
                gold = [a["text"] for a in qa["answers"]]
                cases.append(Case("xquad", qa["question"], [paragraph["context"], *others[:3]], gold))
                cases.append(Case("xquad", qa["question"], others[:4], []))
    return cases


def clapnq(folder: Path, rng: random.Random) -> list[Case]:
    """Return the odd questions, answerable and not."""
    cases = []
    for name in ("clapnq_answerable_half.jsonl", "clapnq_unanswerable_half.jsonl"):
        for line in (folder / name).read_text().splitlines()[1::2]:
            if rng.random() > 2 * SAMPLE:
                continue
            row = json.loads(line)
            gold = [s for o in row["output"] for s in o.get("selected_sentences") or []]
            cases.append(Case("clapnq", row["input"], [p["text"] for p in row["passages"]], gold))
    return cases


def right(case: Case, quotes: list[str]) -> bool:
    """Tell whether one of the quotes holds the answer."""
    said = [_plain(q) for q in quotes]
    return any(_plain(g) in s or (case.data == "clapnq" and s in _plain(g)) for g in case.gold for s in said)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def main() -> None:
    """Print a line per data set and threshold."""
    folder = Path(os.environ["GPTSMITH_TEST_DATA"]) / "knowledge"
    rng = random.Random(1)
    encode = load_embedder("embedded").encode
    cases = xquad(folder, rng) + clapnq(folder, rng)
    ranked = []
    for c in cases:
        passages = [Passage(id=i, source="file", text=t) for i, t in enumerate(c.passages, start=1)]
        ranked.append(rank(c.question, passages, encode))
    for data in ("xquad", "clapnq"):
        for least in (THRESHOLD, 0.35, 0.5):
            some = [
                (c, choose(c.question, r, least=least)) for c, r in zip(cases, ranked, strict=True) if c.data == data
            ]
            asked = [(c, q) for c, q in some if c.gold]
            answered = [(c, q) for c, q in some if q]
            good = sum(right(c, [x.text for x in q]) for c, q in answered)
            false = sum(1 for c, q in answered if not c.gold)
            print(
                f"{data} least={least}: questions {len(asked)} + {len(some) - len(asked)} unanswerable; right"
                f" {good / len(asked):.2f}, precision {good / max(1, len(answered)):.2f}, right when answered"
                f" {good / max(1, len(answered) - false):.2f}, false answers {false / (len(some) - len(asked)):.2f}"
            )


if __name__ == "__main__":
    main()
