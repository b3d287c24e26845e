"""Syncing: only what changed is read, everything has a receipt, a stopped sync leaves the old index whole."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from gptsmith.assistants.format import paths
from gptsmith.assistants.format.spec import Chunking, Knowledge
from gptsmith.errors import KnowledgeError
from gptsmith.rag import ingest
from gptsmith.rag.ingest import Item, expand
from gptsmith.rag.knowledge import KnowledgeBase
from gptsmith.rag.reading.process import ReadingProcess
from tests.support import documents


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


def _kb(base: Path, *sources: Knowledge, trust: bool = False) -> KnowledgeBase:
    chosen = list(sources) or [Knowledge(name="docs", paths=["."])]
    return KnowledgeBase(chosen, base, base.parent / "index", trust=trust)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose bytes are parsed, in order."""
    names: list[str] = []
    real = ReadingProcess.read

    def noted(self: ReadingProcess, data: bytes, name: str, *more: str) -> object:
        names.append(name)
        return real(self, data, name, *more)

    monkeypatch.setattr(ReadingProcess, "read", noted)
    return names


def test_every_file_has_a_receipt_and_the_good_ones_go_in(base: Path) -> None:
    (base / "good.md").write_text("The lighthouse was built in 1864.")
    (base / "guide.pdf").write_bytes(documents.pdf(["Cover.", "The keeper was called Marta."]))
    (base / "locked.pdf").write_bytes(documents.pdf(["x"], password="p"))
    (base / "scan.pdf").write_bytes(documents.pdf([""]))
    (base / "empty.txt").touch()
    (base / "bomb.docx").write_bytes(documents.docx_bomb(300))
    (base / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (base / ".hidden").write_text("not for anybody")
    os.mkfifo(base / "pipe.txt")
    source = Knowledge(
        name="docs", paths=[".", "missing/*.md"], urls=["http://nowhere.example/page", "http://127.0.0.1/"]
    )
    said: list[str] = []
    with _kb(base, source) as kb:
        receipts = {r.source: r for r in kb.sync(said.append)}
        assert {name: r.status for name, r in receipts.items()} == {
            "bomb.docx": "failed", "empty.txt": "skipped", "good.md": "ok", "guide.pdf": "ok", "locked.pdf": "failed",
            "photo.png": "skipped", "pipe.txt": "failed", "scan.pdf": "failed", "missing/*.md": "failed",
            "http://nowhere.example/page": "failed", "http://127.0.0.1/": "failed",
        }  # fmt: skip
        assert all(r.reason for r in receipts.values() if r.status != "ok")
        assert receipts["missing/*.md"].reason == "no file is there or matches; check the path, from the spec's folder"
        assert receipts["guide.pdf"].pages == 2 and receipts["guide.pdf"].chunks == 2
        hit = kb.search("Who was the keeper?")[0]
        assert (hit.source, hit.page, hit.text) == ("guide.pdf", 2, "The keeper was called Marta.")
        assert "Reading guide.pdf (4 of 11)" in said and "Putting the new index in use" in said
        assert list(receipts.values()) == kb.receipts()
        assert not kb.stale()


def test_only_what_changed_is_read(base: Path, read: list[str]) -> None:
    (base / "a.md").write_text("alpha")
    (base / "b.md").write_text("beta")
    (base / "empty.txt").touch()
    with _kb(base) as kb:
        kb.sync()
        assert read == ["a.md", "b.md", "empty.txt"]
        generation = kb._store.generation()
        kb.sync()
        os.utime(base / "a.md")
        assert kb.stale()
        kb.sync()
        assert not kb.stale()
        assert read == ["a.md", "b.md", "empty.txt"] and kb._store.generation() == generation
        (base / "b.md").write_text("gamma")
        (base / "a.md").rename(base / "z.md")
        kb.sync()
        assert read == ["a.md", "b.md", "empty.txt", "b.md"]
        assert [h.source for h in kb.search("alpha")][:1] == ["z.md"]


def test_a_changed_setting_cuts_and_embeds_again(base: Path, read: list[str]) -> None:
    (base / "a.md").write_text("One sentence of some length stands here. " * 20)
    with _kb(base) as kb:
        assert kb.sync()[0].chunks == 1
    smaller = Knowledge(name="docs", paths=["."], chunking=Chunking(size=200, overlap=0))
    with _kb(base, smaller) as kb:
        assert kb.stale()
        assert kb.sync()[0].chunks == 5
    assert read == ["a.md"]


def test_sources_share_texts_and_vectors_and_vanish_apart(base: Path, read: list[str]) -> None:
    (base / "a.md").write_text("The same words in two sources.")
    one, two = Knowledge(name="one", paths=["a.md"]), Knowledge(name="two", paths=["*.md"])
    with _kb(base, one, two) as kb:
        assert [r.knowledge for r in kb.sync()] == ["one", "two"]
        assert read == ["a.md"]
        assert {h.knowledge for h in kb.search("same words", names=["two"])} == {"two"}
    with _kb(base, two) as kb:
        assert kb.stale()
        kb.sync()
        assert [h.knowledge for h in kb.search("same words")] == ["two"]
    with KnowledgeBase([], base, base.parent / "index") as kb:
        assert kb.sync() == [] and kb.search("same words") == []
    with sqlite3.connect(base.parent / "index" / "knowledge.sqlite") as db:
        assert [db.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in ("texts", "chunks", "entries")] == [
            0,
            0,
            0,
        ]
    db.close()


def test_paths_outside_need_trust(base: Path) -> None:
    outside = base.parent / "secret.txt"
    outside.write_text("the launch code")
    (base / "inside.txt").write_text("harmless")
    (base / "link.txt").symlink_to(outside)
    source = Knowledge(name="docs", paths=[".", "../secret.txt", str(outside)])
    with _kb(base, source) as kb:
        assert [(r.source, r.status) for r in kb.sync()] == [
            ("inside.txt", "ok"), ("link.txt", "failed"), (str(outside), "failed"), (str(outside), "failed"),
        ]  # fmt: skip
        assert all("launch" not in h.text for h in kb.search("the launch code"))
    with _kb(base, source, trust=True) as kb:
        assert [r.status for r in kb.sync()] == ["ok", "ok"]
        assert kb.search("the launch code")[0].text == "the launch code"


NAMES = [
    "'; DROP TABLE chunks; --.md",
    "a b\n#?%00.md",
    "[x]*.md",
    "ünï漢字.md",
    "~.md",
    "-rf.md",
    "CON.md",
    "$(x).md",
]


def test_names_are_only_names(base: Path) -> None:
    for number, name in enumerate(NAMES):
        (base / name).write_text(f"Marker{number} stands here.")
    (base / "folder.md").mkdir()
    (Path(os.fsdecode(os.fsencode(base) + b"/\xff\xfe.md"))).write_text("No Unicode at all.")
    with _kb(base, Knowledge(name="docs", paths=["."]), Knowledge(name="one", paths=["[x]*.md"])) as kb:
        receipts = kb.sync()
        assert {r.source for r in receipts} == {*NAMES, "??.md"} and {r.status for r in receipts} == {"ok"}
        assert all(kb.search(f"Marker{i}", names=["docs"])[0].source == name for i, name in enumerate(NAMES))
    assert sorted(p.name.split("-")[0] for p in (base.parent / "index").iterdir() if p.is_dir()) == ["words"]


def test_a_page_that_failed_is_due_again_after_a_while(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _kb(base, Knowledge(name="web", urls=["http://nowhere.example/hours"])) as kb:
        assert kb.sync()[0].status == "failed"
        assert not kb.stale()
        monkeypatch.setattr("gptsmith.rag.knowledge.FETCH_AGAIN", -2.0)
        assert kb.stale()


def test_a_page_that_is_gone_keeps_its_copy(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ingest._bytes
    monkeypatch.setattr(ingest, "_bytes", lambda item: (b"<h1>Hours</h1><p>Open daily.</p>", "text/html", "utf-8"))
    source = Knowledge(name="web", urls=["http://nowhere.example/hours"])
    with _kb(base, source) as kb:
        assert kb.sync()[0].status == "ok"
        monkeypatch.setattr(ingest, "_bytes", real)
        receipt = kb.sync()[0]
        assert receipt.status == "ok" and receipt.reason.startswith(
            "it could not be fetched again, the copy from before"
        )
        assert kb.search("When is it open?")[0].text == "# Hours\n\nOpen daily."


CHILD = """
import sys
from pathlib import Path
from gptsmith.assistants.format.spec import Knowledge
from gptsmith.assistants.format import paths
from gptsmith.rag import ingest as sources
from gptsmith.rag.knowledge import KnowledgeBase
base = Path(sys.argv[1])
with KnowledgeBase([Knowledge(name="docs", paths=["."])], base, base.parent / "index") as kb:
    kb.sync(lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize("stop_at", ["Reading", "Indexed", "Putting"])
def test_a_killed_sync_leaves_the_old_index_whole(base: Path, stop_at: str) -> None:
    for number in range(4):
        (base / f"{number}.txt").write_text(f"Old fact {number}. " * 5)
    with _kb(base) as kb:
        kb.sync()
        before = [h.model_dump() for h in kb.search("old fact")]
    for number in range(4):
        (base / f"{number}.txt").write_text(f"New fact {number}. " * 60)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(base)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(stop_at):
            child.send_signal(signal.SIGKILL)
            break
    child.wait()
    child.stdout.close()
    with _kb(base) as kb:
        found = [h.model_dump() for h in kb.search("old fact")]
        switched = kb._store.generation() == 2  # the signal may come a moment too late
        assert (len(found) == 4 and all("New" in h["text"] for h in found)) if switched else found == before
        kb.sync()
        assert [h.text[:8] for h in kb.search("new fact")] == ["New fact"] * 4
        assert not kb.stale()


def test_a_mark_is_empty_for_a_file_that_is_gone(base: Path) -> None:
    source = Knowledge(name="docs", paths=["x"])
    assert Item(source, "x", path=base / "x").mark() == ""
    assert Item(source, "u", url="http://nowhere.example/").mark() == "http://nowhere.example/"


def _spoil(path: Path, start: int) -> None:
    data = bytearray(path.read_bytes())
    data[start:] = b"\xa5" * (len(data) - start)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("start", [0, 4096])
def test_a_damaged_store_is_built_again(base: Path, start: int) -> None:
    (base / "a.md").write_text("The lighthouse was built in 1864.")
    with _kb(base) as kb:
        kb.sync()
    _spoil(base.parent / "index" / "knowledge.sqlite", start)
    with _kb(base) as kb:
        assert kb.stale()
        if start:
            with pytest.raises(KnowledgeError, match="damaged; run `gptsmith knowledge sync` to build it again"):
                kb.search("lighthouse")
        assert kb.sync()[0].status == "ok"
        assert kb.search("lighthouse")[0].source == "a.md"
    assert (base.parent / "index" / "knowledge.sqlite.damaged").exists()


def test_a_full_disk_is_said_plainly(base: Path) -> None:
    (base / "a.md").write_text("The lighthouse was built in 1864.\n" * 5000)
    with _kb(base) as kb:
        kb._store._db.execute("PRAGMA max_page_count = 20")
        with pytest.raises(KnowledgeError, match=r"cannot be stored or read \(database or disk is full\); free disk"):
            kb.sync()
        assert kb.search("lighthouse") == []


def test_a_thousand_files_in_ten_folders_cost_ten_looks_at_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1000):
        file = tmp_path / f"docs/s{n % 10}" / f"n{n}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("Text.")
    (tmp_path / "docs/link.md").symlink_to(tmp_path / "docs/s0/n0.md")
    looks = []
    monkeypatch.setattr(ingest, "resolve", lambda *args, **options: looks.append(1) or paths.resolve(*args, **options))
    items = ingest.expand([Knowledge(name="k", paths=["./docs"])], tmp_path)
    assert len({item.path for item in items}) == len(items) == 1000, "a link is its file"
    assert len(looks) <= 12


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("pattern", ["./Größe.md", "./Gr*e.md", "./Größ*.md", "./"])
def test_a_file_is_found_in_whichever_form_its_name_is_written(tmp_path: Path, on_disk: str, pattern: str) -> None:
    (tmp_path / unicodedata.normalize(on_disk, "Größe.md")).write_text("The sizes are small and large.", "utf-8")
    for written in ("NFC", "NFD"):
        source = Knowledge(name="sizes", paths=[unicodedata.normalize(written, pattern)])
        assert [(i.source, i.problem) for i in expand([source], tmp_path)] == [("Größe.md", "")]


def test_a_name_in_two_forms_is_one_file(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "é.md")).write_text("Open at ten.", "utf-8")
    assert [i.source for i in expand([Knowledge(name="k", paths=["./*.md", "./é.md"])], tmp_path)] == ["é.md"]
