"""The conversations with the builder: each answer in a worker, so that no page waits and a reload loses nothing."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.agent.builder import Builder
from gptsmith.assistants.files.drafts import Drafts
from gptsmith.errors import GptsmithError, ThreadBusyError, UsageError
from gptsmith.models.chat.drafting import Drafting, parts_of
from gptsmith.ui.web.state.bundles import trusted
from gptsmith.ui.web.state.uploads import Upload, store

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant
    from gptsmith.agent.builder.changes import Change
    from gptsmith.agent.builder.language.answers import Draft
    from gptsmith.agent.builder.session.proposing import SessionMessage as Told
    from gptsmith.agent.builder.session.session import BuilderSession
    from gptsmith.agent.builder.testing.trials import Trial

__all__ = ["Building", "Buildings", "Making", "Told", "WaitingChange", "parts_of"]

_TEST_SECONDS = 30.0  # for the tests that are proposed with a change


@dataclass(frozen=True)
class WaitingChange:
    """The change that waits for a decision, and what it does to the tests: `trial` None as long as they run."""

    change: Change
    trial: Trial | None
    trying: bool


class Building:
    """One conversation with the builder.

    `asked` is the message that is being answered, empty when none is; `notes` are what the person should know of how it
    began, such as files that could not be used; `problem` is what kept the last answer from coming. `growing` is the
    draft that is being written, as far as it is there.
    """

    def __init__(self, session: BuilderSession, inbox: Path, notes: Sequence[str] = ()) -> None:
        self._session = session
        self._inbox = inbox
        self.notes = tuple(notes)
        self.asked = ""
        self.since = 0.0
        self.problem = ""
        self.growing: Draft | None = None
        self._drafting = Drafting(self._grown)
        self._trial: tuple[str, Trial | None] = ("", None)
        self._cancel = threading.Event()
        self._trying_since = 0.0
        self._guard = threading.Lock()

    @property
    def id(self) -> str:
        """The session's id."""
        return self._session.id

    @property
    def path(self) -> Path | None:
        """The spec file, a draft until it is saved; None before the first answer."""
        return self._session.path

    @property
    def busy(self) -> bool:
        """Say whether a message is being answered, or its proposal tried."""
        return bool(self.asked) or self.trying

    @property
    def trying(self) -> bool:
        """Say whether the tests are being tried; after a time nobody waits for them any more."""
        return 0 < time.monotonic() - self._trying_since < _PATIENCE if self._trying_since else False

    @property
    def messages(self) -> list[Told]:
        """What was said, oldest first."""
        return self._session.messages

    @property
    def proposed(self) -> WaitingChange | None:
        """The change that waits for a decision."""
        change = self._session.pending
        if change is None or change.changes_nothing:
            return None
        key, trial = self._trial
        return WaitingChange(change, trial if key == change.diff else None, self.trying)

    def say(self, text: str, files: Sequence[Upload] = ()) -> None:
        """Begin to answer a message; raise UsageError while another one is being answered."""
        folder = self._inbox / f"{self.id}-{time.time_ns()}"
        given = list(files)

        def answer() -> None:
            paths = [str(path) for path in store(given, folder)] if given else []
            self._session.say(text, paths, drafting=self._drafting)

        self._begin(text, answer)

    def hurry(self) -> None:
        """Let the draft that is being written end with what is there."""
        self._drafting.stop()

    def _grown(self, draft: Draft) -> None:
        self.growing = draft

    def propose_tests(self) -> None:
        """Begin to add tests of what the change that waits adds to it, each run with that part and without it."""
        self._begin("Add tests of what is new.", lambda: self._session.propose_tests(seconds=_TEST_SECONDS))

    def _begin(self, asked: str, step: Callable[[], object]) -> None:
        with self._guard:
            if self.asked:
                raise UsageError("the builder is still answering", hint="wait for the answer")
            self.asked, self.since, self.problem = asked, time.time(), ""
        self._cancel.set()
        threading.Thread(target=self._answer, args=(step,), name=f"answer-{self.id}", daemon=True).start()

    def accept(self, only: Iterable[int]) -> None:
        """Apply these operations of the change that waits (from 0), each of which has a tick of its own."""
        self._decide(lambda: self._session.accept(list(only), exactly=True))

    def refuse(self) -> None:
        """Drop the change that waits."""
        self._decide(self._session.refuse)

    def undo(self) -> None:
        """Take the last applied change back."""
        self._decide(self._session.undo)

    def save(self) -> Path:
        """Save a draft into the library and go on with it there; return its new place."""
        self._cancel.set()
        return self._session.save()

    def delete(self) -> None:
        """Forget the conversation; the file stays."""
        self._cancel.set()
        self._session.delete()

    def _decide(self, step: Callable[[], Told]) -> None:
        self._cancel.set()
        said = step()
        if said.kind == "error":
            raise UsageError(said.text)

    def _answer(self, step: Callable[[], object]) -> None:
        try:
            step()
        except GptsmithError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the page must say something
            self.problem = f"the builder could not answer ({type(error).__name__}); say it again"
        # The files stay until the change that names them is decided: it copies them when it is applied.
        begun = self._trying_since = time.monotonic()
        self.asked = ""
        try:
            self._try()
        finally:
            if self._trying_since == begun:
                self._trying_since = 0.0

    def _try(self) -> None:
        """Run the tests of the file with and without the change that waits."""
        from gptsmith.agent.builder.testing.trials import compare

        change = self._session.pending
        if change is None or change.planned is None or not _has_tests(change):
            return
        self._cancel = threading.Event()
        try:
            trust = trusted(change.path)
            self._trial = (
                change.diff,
                compare(
                    change.path,
                    change.planned,
                    attachments=change.proposal.attachments,
                    trust=trust,
                    cancel=self._cancel,
                ),
            )
        except GptsmithError:
            self._trial = ("", None)  # what is wrong with the change is said when it is applied


class Making:
    """The making of an assistant from another one's conversation, until it is a draft."""

    def __init__(self) -> None:
        self.id = f"making-{secrets.token_hex(8)}"
        self.asked = "What was asked, corrected and praised in this conversation."
        self.path: Path | None = None
        self.problem = ""
        self.messages: list[Told] = []
        self.growing: Draft | None = None

    def hurry(self) -> None:
        """A conversation is read as a whole."""


class Buildings:
    """The conversations of one process; they are kept in the state folder, so each is found again after a restart."""

    def __init__(self, state: Path) -> None:
        self._inbox = state / "inbox"
        self._known: dict[str, Building] = {}
        self._makings: dict[str, Making] = {}
        self._guard = threading.Lock()

    def begin(self, description: str, files: Sequence[Upload], left_out: Sequence[str] = ()) -> str:
        """Begin to build a new assistant; return the conversation's id at once.

        `left_out` says of each file that could not be used why.
        """
        self._sweep()
        notes = [f"Left out: {reason}" for reason in left_out]
        building = self._keep(Building(Builder().session(), self._inbox, notes))
        building.say(description, files)
        return building.id

    def begin_from(self, assistant: Assistant, thread: str) -> str:
        """Begin to make a new assistant of a conversation; return the id under which the work is found."""
        making = Making()
        with self._guard:
            self._makings[making.id] = making
        work = (making, assistant, thread)
        threading.Thread(target=self._make, args=work, name=making.id, daemon=True).start()
        return making.id

    def _make(self, making: Making, assistant: Assistant, thread: str) -> None:
        try:
            built = Builder().from_thread(assistant, thread)
            path = Drafts().make(built.id, built.write)
            notes = [f"Not there yet: {item.what}. {item.how}" for item in built.missing]
            self.on(path).notes = tuple(notes)
            making.path = path
        except GptsmithError as error:
            making.problem = str(error)
        except Exception as error:  # noqa: BLE001 - a model's package raises what it likes; the page must say something
            making.problem = f"no assistant could be made of this conversation ({type(error).__name__})"
        finally:
            making.asked = ""

    def making(self, id: str) -> Building | Making | None:
        """Return the work that makes a new assistant, of words or of a conversation."""
        with self._guard:
            found = self._makings.get(id)
        return found or self.get(id)

    def get(self, id: str) -> Building | None:
        """Return a conversation, None when there is none of that id."""
        with self._guard:
            if id in self._known:
                return self._known[id]
        try:
            return self._keep(Building(Builder().session(id=id), self._inbox))
        except UsageError:
            return None

    def of(self, path: Path) -> Building | None:
        """Return the newest conversation about a spec file, None when there is none."""
        entries = Builder().sessions(path)
        return self.get(entries[0].id) if entries else None

    def on(self, path: Path) -> Building:
        """Return the conversation about a spec file, a new one where there is none."""
        return self.of(path) or self.anew(path)

    def anew(self, path: Path) -> Building:
        """Begin another conversation about a spec file; the one before is kept, but no longer shown."""
        return self._keep(Building(Builder().session(path), self._inbox))

    def drop(self, building: Building) -> None:
        """Forget a conversation; raise ThreadBusyError while it answers."""
        if building.asked:
            raise ThreadBusyError("the builder is still answering", hint="wait for the answer")
        building.delete()
        with self._guard:
            self._known.pop(building.id, None)

    def _sweep(self) -> None:
        """Delete files handed in with messages of long ago."""
        for folder in self._inbox.glob("build_*"):
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, building: Building) -> Building:
        with self._guard:
            return self._known.setdefault(building.id, building)


_PATIENCE = 120.0  # seconds: more than a trial gives itself
_KEPT_SECONDS = 7 * 24 * 3600


def _has_tests(change: Change) -> bool:
    """Say whether the file has tests, with the change or without it."""
    from gptsmith.assistants.format.reader import read_yaml

    texts = [edit.before for edit in change.planned.files[:1]] if change.planned else []
    texts += [edit.after for edit in change.planned.files[:1]] if change.planned else []
    return any(bool(data.get("tests")) for text in texts if isinstance(data := read_yaml(text).data, dict))
