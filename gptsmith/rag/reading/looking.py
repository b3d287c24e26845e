"""A look at files before they become knowledge: which of them cannot be read, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gptsmith.rag.reading.parsed import MAX_BYTES, Unreadable
from gptsmith.rag.reading.process import ReadingProcess
from gptsmith.rag.sources import read_file


def unreadable(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the files that give no text, each with the reason in one sentence."""
    with ReadingProcess() as reader:
        for file in files:
            try:
                if not reader.read(read_file(file, MAX_BYTES), file.name).text.strip():
                    yield file, "it holds no text"
            except Unreadable as error:
                yield file, str(error)
            except OSError as error:
                yield file, error.strerror or str(error)
