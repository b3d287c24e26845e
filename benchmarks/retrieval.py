"""How well the knowledge search finds: documentation questions, and questions on long texts within a budget.

    GPTSMITH_TEST_DATA=<folder> python benchmarks/retrieval.py [--only docs|chunking|xquad]

Everything goes through `KnowledgeBase`, as in the product: files, parsing, chunking, both legs, the budget.
`docs`: 232 sections as files, 100 questions; a section's rank is that of its first passage.
`chunking`: five long texts, 472 questions with the exact characters that answer them; recall is the share of those
characters among the passages of one search of 4,000 characters, precision the share of the found ones that is asked.
`xquad`: paragraphs as files, nDCG@10 of the one that a question was asked of.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gptsmith.assistants.format.spec import Chunking, Knowledge, Retrieval
from gptsmith.rag.knowledge import KnowledgeBase

STRATEGIES = ("dense", "keyword", "hybrid", "reranked")  # the last: hybrid, and the best passages read once more
SIZES = (500, 900, 1500)


def main() -> None:
    """Print one table row per set and strategy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=("docs", "chunking", "xquad"))
    only = parser.parse_args().only
    data = Path(os.environ["GPTSMITH_TEST_DATA"]) / "knowledge"
    if only in (None, "docs"):
        documentation(data / "docs")
    if only in (None, "xquad"):
        paragraphs(data / "xquad.en.half.json")
    if only in (None, "chunking"):
        long_texts(data / "chunking")


def with_index(files: dict[str, str], chunking: Chunking, use: Callable[[str, KnowledgeBase], str]) -> None:
    """Index `files` once and call `use` with a knowledge base per strategy."""
    with tempfile.TemporaryDirectory() as place:
        base = Path(place) / "files"
        base.mkdir()
        for name, text in files.items():
            (base / name).write_bytes(text.encode())
        for strategy in STRATEGIES:
            found = (
                Retrieval(strategy="hybrid", rerank=True) if strategy == "reranked" else Retrieval(strategy=strategy)
            )
            source = Knowledge(name="k", paths=["."], chunking=chunking, retrieval=found)
            with KnowledgeBase([source], base, Path(place) / "index") as kb:
                if kb.stale():
                    started = time.perf_counter()
                    receipts = kb.sync()
                    took = time.perf_counter() - started
                    proofs = [proof.found for receipt in receipts for proof in receipt.proofs]
                    passages = sum(r.chunks for r in receipts)
                    print(f"  {len(receipts)} files, {passages} passages, {took:.1f} s", end=", ")
                    print(f"{sum(proofs)} of {len(proofs)} questions of the receipts found their passage")
                print(use(strategy, kb))


def documentation(folder: Path) -> None:
    """Rank the sections for each question."""
    sections = json.loads((folder / "docs.json").read_text())
    questions = json.loads((folder / "questions.json").read_text())
    links = [section["chunk_link"] for section in sections]
    print("documentation: strategy, nDCG@10, recall@3, MRR, ms a query")

    def use(strategy: str, kb: KnowledgeBase) -> str:
        kb.search("warm up")
        sums = [0.0, 0.0, 0.0]
        started = time.perf_counter()
        for question in questions:
            ranked: list[str] = []
            for hit in kb.search(question["question"], budget=60_000):
                link = links[int(hit.source[:-3])]
                if link not in ranked:
                    ranked.append(link)
            right = set(question["correct_chunks"])
            for i, value in enumerate((ndcg(ranked, right), recall(ranked[:3], right), mrr(ranked, right))):
                sums[i] += value / len(questions)
        took = (time.perf_counter() - started) / len(questions) * 1000
        return f"  {strategy:8} {sums[0]:.3f} {sums[1]:.3f} {sums[2]:.3f} {took:.1f}"

    with_index({f"{i:04}.md": section["text"] for i, section in enumerate(sections)}, Chunking(), use)


def paragraphs(file: Path) -> None:
    """Rank the paragraphs for each question that was asked of one of them."""
    found = [part for article in json.loads(file.read_text())["data"] for part in article["paragraphs"]]
    names = {f"{i:04}.txt": part["context"] for i, part in enumerate(found)}
    asked = [(qa["question"], f"{i:04}.txt") for i, part in enumerate(found) for qa in part["qas"]]
    print(f"XQuAD, {len(found)} paragraphs, {len(asked)} questions: strategy, nDCG@10, recall@3, MRR")

    def use(strategy: str, kb: KnowledgeBase) -> str:
        sums = [0.0, 0.0, 0.0]
        for question, right in asked:
            ranked = list(dict.fromkeys(hit.source for hit in kb.search(question, budget=60_000)))
            for i, value in enumerate((ndcg(ranked, {right}), recall(ranked[:3], {right}), mrr(ranked, {right}))):
                sums[i] += value / len(asked)
        return f"  {strategy:8} {sums[0]:.3f} {sums[1]:.3f} {sums[2]:.3f}"

    with_index(names, Chunking(), use)


def ndcg(ranked: list[str], right: set[str]) -> float:
    """Return nDCG@10 with one grade."""
    gain = sum(1 / math.log2(i + 2) for i, link in enumerate(ranked[:10]) if link in right)
    return gain / sum(1 / math.log2(i + 2) for i in range(min(len(right), 10)))


def recall(ranked: list[str], right: set[str]) -> float:
    """Return the share of the right ones that was found."""
    return len(right & set(ranked)) / len(right)


def mrr(ranked: list[str], right: set[str]) -> float:
    """Return one over the rank of the first right one."""
    return next((1 / (i + 1) for i, link in enumerate(ranked) if link in right), 0.0)


def long_texts(folder: Path) -> None:
    """Measure which of the asked characters come within the budget."""
    with (folder / "questions.csv").open(newline="") as file:
        questions = list(csv.DictReader(file))
    files = {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*.md"))}
    print("long texts: size, strategy, recall, precision, characters a search")
    for size in SIZES:

        def use(strategy: str, kb: KnowledgeBase, size: int = size) -> str:
            sums = [0.0, 0.0, 0.0]
            for question in questions:
                wanted: set[tuple[str, int]] = set()
                for reference in json.loads(question["references"]):
                    wanted |= {
                        (question["corpus_id"], i) for i in range(reference["start_index"], reference["end_index"])
                    }
                hits = kb.search(question["question"], budget=4000)
                found = {(hit.source[:-3], i) for hit in hits for i in range(hit.start, hit.end)}
                sums[0] += len(wanted & found) / len(wanted)
                sums[1] += len(wanted & found) / max(len(found), 1)
                sums[2] += len(found)
            n = len(questions)
            return f"  {size:5} {strategy:8} {sums[0] / n:.3f} {sums[1] / n:.3f} {sums[2] / n:.0f}"

        with_index(files, Chunking(size=size, overlap=min(100, size // 5)), use)


if __name__ == "__main__":
    main()
