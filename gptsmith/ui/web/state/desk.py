"""The one door between the pages and the rest of gptsmith: no Streamlit here, nothing else of gptsmith there.

The pages draw what this module and those it holds (`talk`, `bench`, `building`, `bundles`, `stock`) return, so that
they can be driven in tests with the real thing behind them.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.assistants.files.drafts import Drafts
from gptsmith.assistants.files.library import SUFFIX, Entry, Library, find_library, shipped_specs
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import AssistantSpec, Starter
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.state import atomic_write, home
from gptsmith.ui.web.launch import OPEN_FILE
from gptsmith.ui.web.state.bench import Bench
from gptsmith.ui.web.state.building import Buildings
from gptsmith.ui.web.state.bundles import Bundles

if TYPE_CHECKING:
    from gptsmith.ui.web.state.stock import Stock
    from gptsmith.ui.web.state.talk import Talk

__all__ = ["Card", "Desk", "ModelNote", "Places", "open_desk"]

OPENED = "opened:file"
"""The id of the one spec outside the library that the program was started with."""

DRAFT = "draft:"
"""What the ids of drafts begin with: they are not in the library."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Card:
    """An assistant in the gallery; `error` says why its file cannot be used."""

    id: str
    name: str
    description: str
    path: Path
    shipped: bool
    starters: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class ModelNote:
    """The chat model in use: `leaves` is the host that text is sent to, empty when it stays on this computer."""

    name: str
    leaves: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Places:
    """Where the files are."""

    library: Path
    state: Path


def open_desk() -> Desk:
    """Return this process's desk for the library at the working folder and the state folder of the environment."""
    return _desk(Path.cwd(), home(), os.environ.get(OPEN_FILE, ""))


@lru_cache(maxsize=4)
def _desk(start: Path, _home: Path, file: str) -> Desk:
    return Desk(find_library(start), home(), Path(file) if file else None)


class Desk:
    """The library as the pages see it.

    `file` is the spec that the program was started with, which may stand outside the library; `first` is its id.
    """

    def __init__(self, library: Library, state: Path, file: Path | None = None) -> None:
        self.library = library
        self.places = Places(library.specs, state)
        self.buildings = Buildings(state)
        self.bundles = Bundles(library, state)
        self._file = file
        self.first = self._id_of(file) if file else ""
        self._talks: dict[Path, tuple[tuple[int, int], Talk]] = {}
        self._guard = threading.Lock()

    @cached_property
    def stock(self) -> Stock:
        """The models of this machine and what else can be connected."""
        from gptsmith.ui.web.state.stock import Stock

        return Stock()

    def cards(self) -> list[Card]:
        """Return every assistant of the library by name, those with a broken file included."""
        cards = [self._card(entry) for entry in self.library.entries()]
        if self._file and self.first == OPENED:
            cards.insert(0, self._card(_outside(self._file)))
        return cards

    def _card(self, entry: Entry) -> Card:
        starters = [] if entry.error else _starters(entry.path, entry.path.stat().st_mtime_ns)
        return Card(entry.id, entry.name, entry.description, entry.path, entry.shipped, starters, entry.error)

    def drafts(self) -> list[Card]:
        """Return the new assistants that are not in the library yet, the one that was changed last first."""
        return [
            Card(f"{DRAFT}{draft.id}", draft.name, _description(draft.path), draft.path, False, error=draft.error)
            for draft in Drafts().list()
        ]

    def save_draft(self, assistant: str) -> str:
        """Move a draft into the library, with its files, versions and conversations; return its id there."""
        path = self._path(assistant)
        self._close(path)
        building = self.buildings.of(path)
        saved = building.save() if building else Drafts().save(path, self.library)
        return saved.name.removesuffix(SUFFIX)

    def make_from(self, assistant: str, thread: str) -> str:
        """Begin to make a new assistant of a conversation; return the id under which the work is found."""
        return self.buildings.begin_from(self.talk(assistant).assistant, thread)

    def id_of(self, path: Path) -> str:
        """Return the id under which the pages open a file that the builder made or changes."""
        if Drafts().holds(path):
            return f"{DRAFT}{path.name.removesuffix(SUFFIX)}"
        return self._id_of(path)

    def bench(self, assistant: str) -> Bench:
        """Return the workbench of an assistant's file, valid or not."""
        return Bench(assistant, self._path(assistant))

    def copy(self, assistant: str) -> str:
        """Copy an assistant, its files included, into the person's library; return the copy's id."""
        path = self._path(assistant)
        text = path.read_text("utf-8")
        saved = self.library.save(f"my-{path.name.removesuffix(SUFFIX)}", text)
        old, new = (f"{file.name.removesuffix(SUFFIX)}.files" for file in (path, saved))
        if path.with_name(old).is_dir():
            shutil.copytree(path.with_name(old), saved.with_name(new))
            saved_text = saved.read_text("utf-8")
            atomic_write(saved, saved_text.replace(f"./{old}/", f"./{new}/"))
        return saved.name.removesuffix(SUFFIX)

    def delete(self, assistant: str) -> None:
        """Delete an assistant of the person's own, with its conversations."""
        path = self._path(assistant)
        self._close(path)
        if building := self.buildings.of(path):
            self.buildings.drop(building)
        if assistant.startswith(DRAFT):
            Drafts().delete(path)
        else:
            self.library.delete(assistant)

    def _close(self, path: Path) -> None:
        with self._guard:
            known = self._talks.pop(path, None)
        if known:
            known[1].close()

    def talk(self, assistant: str) -> Talk:
        """Return the conversations with an assistant; the same object while its file stays as it is.

        Raises:
            SpecError: the file is not valid.
        """
        path = self._path(assistant)
        about = path.stat()
        state = (about.st_mtime_ns, about.st_size)
        with self._guard:
            known = self._talks.get(path)
            if known is None or known[0] != state:
                # A turn that still runs for the file as it was goes on by itself; the store leads back to it.
                from gptsmith.ui.web.state.talk import Talk

                known = self._talks[path] = (state, Talk(path))
            return known[1]

    def model(self, spec: AssistantSpec | None = None) -> ModelNote:
        """Tell which chat model answers for `spec` (the default one when left out) and where its text goes."""
        from gptsmith.models.chat.factory import choose_model, leaves_machine

        try:
            chosen = choose_model(spec.model if spec else None, None)
        except GptsmithError as error:
            return ModelNote("none", problem=str(error))
        name = f"{chosen.provider}:{chosen.name}" if chosen.name else chosen.provider
        return ModelNote(name, leaves_machine(chosen) or "")

    def _id_of(self, file: Path) -> str:
        """Return the library's id of a file, or the one for a file outside it."""
        known = (entry.id for entry in self.library.entries() if entry.path.resolve() == file.resolve())
        return next(known, OPENED)

    def _path(self, assistant: str) -> Path:
        """Return the file of a library id, or of the one file that was named at the start; nothing else is opened."""
        if self._file and assistant == OPENED:
            return self._file
        if assistant.startswith(DRAFT):
            return self._draft(assistant.removeprefix(DRAFT))
        if not _ID.fullmatch(assistant):
            raise UsageError("there is no assistant of this name", hint="choose one from the list of assistants")
        path = self.library.find(assistant)
        if path.parent not in (self.library.specs, shipped_specs()):
            raise UsageError(f"{assistant} is not in the library", hint="choose one from the list of assistants")
        return path

    def _draft(self, id: str) -> Path:
        path = self.places.state / "drafts" / id / f"{id}{SUFFIX}"
        if not _ID.fullmatch(id) or not Drafts().holds(path) or not path.is_file():
            raise UsageError("this draft is no longer here", hint="it was saved or deleted; look at your assistants")
        return path


def _outside(path: Path) -> Entry:
    try:
        loaded = load_file(path)
    except GptsmithError as error:
        return Entry(OPENED, path, path.name, "", False, str(error))
    return Entry(OPENED, path, loaded.spec.name, loaded.spec.description, False)


@lru_cache(maxsize=256)
def _starters(path: Path, _changed: int) -> list[str]:
    """Return the titles of a valid spec's conversation starters; read anew when the file changed."""
    found = load_file(path).spec.conversation_starters
    return [starter.title if isinstance(starter, Starter) else starter for starter in found]


def _description(path: Path) -> str:
    try:
        return load_file(path).spec.description
    except GptsmithError:  # what is wrong with it is said when it is opened
        return ""
