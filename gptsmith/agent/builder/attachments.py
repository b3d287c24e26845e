"""The files that came with a description: how they are named, where the spec finds them, how they get there."""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gptsmith.errors import GptsmithError, UsageError

_LISTED = 40


@dataclass(frozen=True)
class Attachment:
    """One attached file or folder: `name` is unique and ends in `/` for a folder.

    `place` is the path in the spec when the file already lies beside it; "" when it will be copied there.
    """

    name: str
    source: Path
    place: str = ""

    def spec_path(self, id: str) -> str:
        """Return the path that the spec of the assistant `id` names."""
        return self.place or f"./{id}.files/{self.name.rstrip('/')}"


def attach(paths: Iterable[str | Path], base_dir: Path | None = None) -> list[Attachment]:
    """Return the attachments for `paths`; those inside `base_dir` stay where they are.

    Raises UsageError for a path that is not there, and for an empty folder.
    """
    found: list[Attachment] = []
    for path in paths:
        source = Path(path).expanduser().absolute()
        if not source.exists():
            raise UsageError(f"there is no file {path}", code="not_found", hint="check the path of the attached file")
        if source.is_dir() and not files_in(source):
            raise UsageError(f"the folder {path} has no files", code="empty_folder", hint="attach a folder with files")
        if any(a.source == source for a in found):
            continue
        name = _free(source.name, {a.name.rstrip("/") for a in found})
        found.append(Attachment(name + "/" * source.is_dir(), source, _inside(source, base_dir)))
    return found


def listing(attachments: list[Attachment]) -> list[str]:
    """Return the names that a model is shown: each attachment, and under a folder the files in it, up to forty."""
    names: list[str] = []
    for attachment in attachments:
        names.append(attachment.name)
        if attachment.name.endswith("/"):
            inside = [f.relative_to(attachment.source).as_posix() for f in files_in(attachment.source)[:_LISTED]]
            names += [attachment.name + name for name in inside]
    return names


def files_in(source: Path) -> list[Path]:
    """Return the file itself, or the visible files below a folder, sorted."""
    if source.is_file():
        return [source]
    below = (p for p in sorted(source.rglob("*")) if p.is_file() and not p.is_symlink())
    return [p for p in below if not any(part.startswith(".") for part in p.relative_to(source).parts)]


def bring_files(attachments: list[Attachment], id: str, base_dir: Path, *, empty: bool = False) -> list[Path]:
    """Copy the attachments into `<id>.files/` of `base_dir` and return what was made; `empty` makes bare placeholders.

    A file that is in the way is an error: nothing is overwritten. SKILL.md is never bare: a skill is checked with
    its spec.
    """
    made: list[Path] = []
    for attachment in attachments:
        if attachment.place and not empty:
            continue
        root = base_dir / attachment.spec_path(id)
        for file in files_in(attachment.source):
            target = root / file.relative_to(attachment.source) if attachment.source.is_dir() else root
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                made.append(target)
                if not empty or file.name == "SKILL.md":
                    with file.open("rb") as data:
                        shutil.copyfileobj(data, out)
    return made


def beside(attachments: Iterable[Attachment], base_dir: Path, folder: str) -> list[Attachment]:
    """Return the attachments for a spec that is there: one that lies in its files folder already stays there.

    One whose name is taken there by other bytes gets a name of its own.
    """
    out: list[Attachment] = []
    for given in attachments:
        there = base_dir / folder
        taken = {path.name for path in there.iterdir()} if there.is_dir() else set()
        taken |= {other.name.rstrip("/") for other in out}
        name = given.name.rstrip("/")
        if given.place or name not in taken:
            out.append(given)
        elif _alike(given.source, there / name):
            out.append(replace(given, place=f"./{folder}/{name}"))
        else:
            out.append(replace(given, name=_free(name, taken) + "/" * given.name.endswith("/")))
    return out


def _alike(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _inside(source: Path, base_dir: Path | None) -> str:
    if base_dir is None:
        return ""
    root = base_dir.expanduser().resolve()
    real = source.resolve()
    return f"./{real.relative_to(root).as_posix()}" if real.is_relative_to(root) and real != root else ""


def _free(name: str, taken: set[str]) -> str:
    # Wildcards in a file's name would be read as a pattern in the spec.
    plain = "".join("_" if c in "*?[]" else c for c in name)
    stem, dot, ending = plain.rpartition(".")
    number = 2
    candidate = plain
    while candidate in taken:
        candidate = f"{stem}-{number}.{ending}" if dot and stem else f"{plain}-{number}"
        number += 1
    return candidate


# What attached files are about, by their own headings: for test questions and starters; no model is shown them.

_FILES = 4
_TRIED = 12  # a folder may begin with files that cannot be read
_BYTES = 8 * 1024 * 1024
_SECONDS = 15.0
_HEADING = re.compile(r"^(?:#{1,6}\s+|\d{1,2}(?:\.\d{1,2})*\.?\s+)?(?P<words>[^\W\d_][^.!?:;|<>{}\n]{2,58}?)\s*:?$")
_RUN_IN = re.compile(r"^(?P<words>[^\W\d_][^.!?:;|<>{}\n]{2,40}?)[.:]\s+\S")


def topics(attachments: list[Attachment]) -> dict[str, list[str]]:
    """Return, by file name, up to four headings of each of the first files; a file that cannot be read gives none."""
    from gptsmith.rag.reading.parsed import Unreadable
    from gptsmith.rag.reading.process import ReadingProcess

    wanted = [file for attachment in attachments for file in files_in(attachment.source)][:_TRIED]
    found: dict[str, list[str]] = {}
    with ReadingProcess(_SECONDS) as reader:
        for file in wanted:
            try:
                if file.stat().st_size > _BYTES:
                    continue
                text = reader.read(file.read_bytes(), file.name).text
            except (OSError, Unreadable, GptsmithError):
                continue  # the knowledge's own receipt says why; a draft does not depend on it
            if lines := headings(text):
                found[file.name] = lines
            if len(found) == _FILES:
                break
    return found


def headings(text: str) -> list[str]:
    """Return up to four headings: short lines without an end, or the short run-in title of a paragraph."""
    lines = [line.strip() for line in text[:200_000].splitlines()]
    set_off = [m for n, line in enumerate(lines) if n and (m := _HEADING.match(line)) and _is_title(m["words"], line)]
    run_in = [m for line in lines if (m := _RUN_IN.match(line)) and len(m["words"].split()) < 5]
    words = [m["words"].strip() for m in (run_in if len(run_in) > len(set_off) else set_off)]
    return list(dict.fromkeys(words))[:4]


def _is_title(words: str, line: str) -> bool:
    counted = len(words.split())
    return (line.startswith("#") and counted < 9) or (1 < counted < 7 and words[0].isupper() and "," not in words)
