"""The drafts being written: each build runs in a worker of its own, so that a reload of the page loses nothing.

Drafts live until the process ends; the files handed in with them are kept in the state folder until the draft is
saved or dropped.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gptsmith.assistants.draft import Missing
from gptsmith.assistants.library import SUFFIX, Library
from gptsmith.assistants.loader import check_text, load_text
from gptsmith.errors import Diagnostic, GptsmithError, UsageError
from gptsmith.state import atomic_write
from gptsmith.ui.web.uploads import Upload, store

if TYPE_CHECKING:
    from gptsmith.agent.builder import BuiltDraft

_KEPT = 20


@dataclass(frozen=True)
class Build:
    """One draft: `yaml` and `missing` are there when `status` is `done`, `error` when it is `failed`.

    `left_out` says of each file that cannot be used why.
    """

    id: str
    description: str
    status: Literal["running", "done", "failed"] = "running"
    yaml: str = ""
    missing: list[Missing] = field(default_factory=list)
    error: str = ""
    left_out: tuple[str, ...] = ()


class Builds:
    """The drafts of one process, at most twenty; the oldest goes first."""

    def __init__(self, library: Library, state: Path) -> None:
        self._library = library
        self._folder = state / "drafts"
        self._builds: OrderedDict[str, Build] = OrderedDict()
        self._drafts: dict[str, BuiltDraft] = {}
        self._guard = threading.Lock()

    def start(self, description: str, files: list[Upload], left_out: Sequence[str] = ()) -> str:
        """Begin to build from `description` and checked files; return the draft's id at once."""
        build = Build(secrets.token_hex(8), description, left_out=tuple(left_out))
        paths = store(files, self._folder / build.id) if files else []
        with self._guard:
            self._builds[build.id] = build
            oldest = next(iter(self._builds)) if len(self._builds) > _KEPT else ""
        if oldest:
            self.drop(oldest)
        threading.Thread(target=self._run, args=(build, paths), name=f"build-{build.id}", daemon=True).start()
        return build.id

    def get(self, build: str) -> Build | None:
        """Return a draft as it stands."""
        with self._guard:
            return self._builds.get(build)

    def drop(self, build: str) -> None:
        """Forget a draft and the files that were handed in with it."""
        with self._guard:
            known = self._builds.pop(build, None)
            self._drafts.pop(build, None)
        if known:
            shutil.rmtree(self._folder / known.id, ignore_errors=True)

    def check(self, build: str, text: str) -> list[Diagnostic]:
        """Return the problems of a draft's text as it would be saved, with its files beside it."""
        draft = self._draft(build)
        return check_text(text, self._placeholders(build, draft), file=f"{draft.id}{SUFFIX}")

    def save(self, build: str, text: str) -> str:
        """Save a draft with the text as the person left it, its files beside it; return the assistant's id.

        Raises:
            UsageError: the text has an error, or a file cannot be written; nothing half-written stays.
        """
        draft = self._draft(build)
        wrong = [p for p in self.check(build, text) if p.severity == "error"]
        if wrong:
            raise UsageError(f"the assistant was not saved: {wrong[0]}", hint="correct the lines that are marked")
        path = draft.write(library=self._library) if text == draft.yaml else self._write(build, draft, text)
        self.drop(build)
        return path.name.removesuffix(SUFFIX)

    def _write(self, build: str, draft: BuiltDraft, text: str) -> Path:
        """Save changed text: the folder of its files carries the id that the library gave."""
        from gptsmith.agent.builder.attachments import bring

        wanted = load_text(text, self._placeholders(build, draft)).spec.id or draft.id
        path = self._library.save(wanted, text)
        given = path.name.removesuffix(SUFFIX)
        try:
            bring(draft.attachments, given, path.parent)
            if given != draft.id:
                saved = path.read_text("utf-8")
                atomic_write(path, saved.replace(f"./{draft.id}.files/", f"./{given}.files/"))
        except OSError as error:
            path.unlink(missing_ok=True)
            shutil.rmtree(path.with_name(f"{given}.files"), ignore_errors=True)
            hint = "make room or choose another place for the library"
            raise UsageError(f"the files cannot be written ({error.strerror})", hint=hint) from error
        return path

    def _placeholders(self, build: str, draft: BuiltDraft) -> Path:
        """Return a folder in which a draft's files have their future names, without their contents."""
        from gptsmith.agent.builder.attachments import bring

        folder = self._folder / build / "check"
        if not folder.is_dir():
            folder.mkdir(parents=True)
            bring(draft.attachments, draft.id, folder, empty=True)
        return folder

    def _draft(self, build: str) -> BuiltDraft:
        with self._guard:
            found = self._drafts.get(build)
        if found is None:
            raise UsageError("this draft is no longer here", hint="describe the assistant again")
        return found

    def _run(self, build: Build, paths: list[Path]) -> None:
        try:
            from gptsmith.agent.builder import Builder

            draft = Builder().build(build.description, knowledge=[str(path) for path in paths])
        except GptsmithError as error:
            self._put(replace(build, status="failed", error=str(error)))
        except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the page must say something
            self._put(replace(build, status="failed", error=f"the draft could not be written ({type(error).__name__})"))
        else:
            with self._guard:
                self._drafts[build.id] = draft
            self._put(replace(build, status="done", yaml=draft.yaml, missing=list(draft.missing)))

    def _put(self, build: Build) -> None:
        with self._guard:
            if build.id in self._builds:
                self._builds[build.id] = build
