"""Knowledge used by several threads and processes at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.knowledge import KnowledgeBase

CHILD = """
import sys
from pathlib import Path
from gptsmith.assistants.format.spec import Knowledge
from gptsmith.rag.knowledge import KnowledgeBase
base = Path(sys.argv[1])
with KnowledgeBase([Knowledge(name="docs", paths=["."])], base, base.parent / "index") as kb:
    kb.sync()
    print(len(kb.search("harbour")), flush=True)
"""


def _base(tmp_path: Path) -> Path:
    base = tmp_path / "library"
    base.mkdir()
    for number in range(5):
        (base / f"{number}.txt").write_text(f"Boat {number} lies in the harbour of the town.")
    return base


def test_processes_that_sync_at_once_end_with_one_index(tmp_path: Path) -> None:
    base = _base(tmp_path)
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(base)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert [child.communicate(timeout=240)[0] for child in children] == ["5\n"] * 2
    with KnowledgeBase([Knowledge(name="docs", paths=["."])], base, tmp_path / "index") as kb:
        assert not kb.stale() and len(kb.search("harbour")) == 5 and kb._store.generation() == 1
    assert (
        len([p for p in (tmp_path / "index").iterdir() if p.is_dir()]) == 1
    )  # the word index alone: nothing would read Chroma


def test_threads_search_while_another_syncs(tmp_path: Path) -> None:
    base = _base(tmp_path)
    with KnowledgeBase([Knowledge(name="docs", paths=["."])], base, tmp_path / "index") as kb:
        kb.sync()
        done = threading.Event()
        counts: list[int] = []
        failures: list[BaseException] = []

        def search() -> None:
            try:
                while not done.is_set():
                    hits = kb.search("harbour")
                    counts.append(len(hits))
            except BaseException as error:  # the test reports it
                failures.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(5, 9):
            (base / f"{number}.txt").write_text(f"Boat {number} lies in the harbour of the town.")
            kb.sync()
        done.set()
        for thread in threads:
            thread.join()
        assert not failures
        assert set(counts) <= {5, 6, 7, 8, 9} and len(kb.search("harbour")) == 9
