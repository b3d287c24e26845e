"""Ingest of text against the usual stack, side by side in one run.

    OMP_NUM_THREADS=2 GPTSMITH_TEST_DATA=<folder> python benchmarks/ingest.py [--megabytes 1] [--rounds 1]

Ours: `KnowledgeBase.sync` until everything is on the disk, parsing in the child, chunking, embedding, SQLite, words and
Chroma included. The other side gets our very chunks, so that it embeds as much text: the same MiniLM through
`transformers` in float32 as sentence_transformers runs it (sorted by length, batches of 32, at most 256 tokens; padded
to the longest of a batch, then to 256 as Chroma's default embedder does), mean pooling, and Chroma.
The rounds alternate, so that a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.knowledge import KnowledgeBase


def main() -> None:
    """Print seconds for each part and the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    text = corpus(int(arguments.megabytes * 1e6))
    ours_s, longest_s, fixed_s = [], [], []
    other = Other()
    with tempfile.TemporaryDirectory() as warm:
        ours("Warm the encoder and Chroma up.", Path(warm))
        other.ingest(["Warm up."], Path(warm) / "other", fixed=False)
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as place:
            took, chunks = ours(text, Path(place))
            ours_s.append(took)
            longest_s.append(other.ingest(chunks, Path(place) / "longest", fixed=False))
            fixed_s.append(other.ingest(chunks, Path(place) / "fixed", fixed=True))
        print(
            f"round {number + 1}: {len(text) / 1e6:.2f} MB, {len(chunks)} chunks: ours {ours_s[-1]:.1f} s, fp32 +"
            f" Chroma {longest_s[-1]:.1f} s, padded to 256 {fixed_s[-1]:.1f} s",
            flush=True,
        )
    mine = statistics.median(ours_s)
    print(f"ours / fp32 + Chroma = {mine / statistics.median(longest_s):.2f}")
    print(f"ours / fp32 padded to 256 + Chroma = {mine / statistics.median(fixed_s):.2f}")


def corpus(size: int) -> str:
    """Return `size` bytes' worth of real text."""
    folder = Path(os.environ["GPTSMITH_TEST_DATA"]) / "knowledge" / "chunking"
    return "\n\n".join(path.read_text() for path in sorted(folder.glob("*.md")))[:size]


def ours(text: str, place: Path) -> tuple[float, list[str]]:
    """Return the seconds of a sync of `text` as ten files, and its chunks."""
    base = place / "files"
    base.mkdir()
    step = len(text) // 10 + 1
    for i in range(0, len(text), step):
        (base / f"{i:09}.txt").write_text(text[i : i + step])
    started = time.perf_counter()
    with KnowledgeBase([Knowledge(name="k", paths=["."])], base, place / "index") as kb:
        marks: list[str] = []
        kb.sync(lambda line: marks.append(f"{time.perf_counter() - started:7.2f} {line}"))
        index = kb._current()
        synced = time.perf_counter() - started
        chunks = [index.text(i) for i in range(len(index.chunks))]
    took = time.perf_counter() - started
    if len(chunks) > 10:
        print("\n".join(m for m in marks if "Indexed" in m or "(1 of" in m or "Putting" in m))
        print(f"{synced:7.2f} searchable\n{took:7.2f} Chroma in step")
    return took, chunks


class Other:
    """MiniLM as sentence_transformers runs it, and Chroma."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        from gptsmith.models.embedding.minilm import weights_folder

        self._tokenizer: Any = AutoTokenizer.from_pretrained(weights_folder())
        self._model: Any = AutoModel.from_pretrained(weights_folder(), dtype=torch.float32).eval()

    def ingest(self, chunks: list[str], place: Path, *, fixed: bool) -> float:
        """Return the seconds to embed `chunks` and put them into a new Chroma."""
        import chromadb
        from chromadb.config import Settings

        started = time.perf_counter()
        vectors = self._encode(chunks, fixed)
        client = chromadb.PersistentClient(place, settings=Settings(anonymized_telemetry=False))
        collection = client.create_collection("chunks", embedding_function=None)
        for i in range(0, len(chunks), 1000):
            part = range(i, min(i + 1000, len(chunks)))
            collection.add(
                ids=[str(n) for n in part], embeddings=vectors[i : i + 1000], documents=[chunks[n] for n in part]
            )
        return time.perf_counter() - started

    def _encode(self, chunks: list[str], fixed: bool) -> np.ndarray[Any, Any]:
        import torch

        order = sorted(range(len(chunks)), key=lambda i: -len(chunks[i]))
        out = np.zeros((len(chunks), 384), dtype=np.float32)
        for i in range(0, len(order), 32):
            batch = order[i : i + 32]
            tokens = self._tokenizer(
                [chunks[n] for n in batch],
                padding="max_length" if fixed else "longest",
                truncation=True,
                max_length=256,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).float()
            mean = (hidden * mask).sum(1) / mask.sum(1)
            out[batch] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return out


if __name__ == "__main__":
    main()
