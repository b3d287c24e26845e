"""The conversations with one assistant: its threads, the turn that is running, the passages that answers cite."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Collection, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gptsmith.agent.assistant import Assistant
from gptsmith.agent.events import Citation, Event, Reply
from gptsmith.agent.runtime import turns
from gptsmith.agent.runtime.running import Ask
from gptsmith.agent.runtime.store import StoredTurn, Thread, new_id, storage_error
from gptsmith.agent.runtime.turn import NOBODY, ChosenCall
from gptsmith.assistants.files.library import state_key
from gptsmith.assistants.files.trust import TrustNeed
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import AssistantSpec, Knowledge
from gptsmith.assistants.format.variables import fill
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.rag.receipt import Proof, Receipt
from gptsmith.state import State
from gptsmith.ui.web.state.bundles import Consent
from gptsmith.ui.web.state.cited import CitedPassage, within
from gptsmith.ui.web.state.uploads import Upload, store

if TYPE_CHECKING:
    from gptsmith.rag.knowledge import KnowledgeBase

__all__ = ["CitedPassage", "Proof", "Receipt", "StoredTurn", "Talk", "Thread"]

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_FOLLOWED = 50
_NOT_STORED = {"storage", "damaged"}  # codes of errors after which a message is kept in memory alone
_UNDOABLE: set[str] = set()  # threads that were discarded in this process


class Talk:
    """One assistant as the chat page sees it. Turns run in a worker and go on when the page is closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._assistant = self._made()
        self._base_dir = path.absolute().parent
        self._following: dict[str, _Following] = {}
        self._latest: dict[str, str] = {}
        self._guard = threading.Lock()
        self._tidied = False
        threading.Thread(target=_warm, name="warm", daemon=True).start()

    def _made(self) -> Assistant:
        loaded = load_file(self._path)
        made = Assistant(loaded, trust=self._consent.trusts(loaded))
        if any(tool.FACTS.starts for tool in made.spec.tools):
            made.engine.begin()
        return made

    @cached_property
    def _consent(self) -> Consent:
        return Consent(State().folder(state_key(self._path)))

    @cached_property
    def _leaving(self) -> Assistant:
        """The assistant for conversations that may be sent to a fallback's host."""
        return self._assistant.with_(allow_hosted=True)

    @property
    def assistant(self) -> Assistant:
        """The assistant itself."""
        return self._assistant

    @property
    def spec(self) -> AssistantSpec:
        """The spec."""
        return self._assistant.spec

    @cached_property
    def notices(self) -> list[str]:
        """What the person should know before the first message: tools of the spec that cannot run here."""
        from gptsmith.agent.readiness import unavailable_tools

        missing = unavailable_tools(self._assistant.loaded, self._assistant.folder)
        return [f"{tool.name}: {error}" for tool, error in missing]

    # -- what is asked first ---------------------------------------------------------------------------------------

    @property
    def needs(self) -> list[TrustNeed]:
        """What the assistant would run, reach or read, when the person has not agreed to it yet."""
        return self._consent.needs(self._assistant.loaded)

    def trust(self) -> None:
        """Go on with an assistant that the person trusts."""
        self._consent.trust(self._assistant.loaded)
        self._assistant.close()
        self._assistant = self._made()
        self.__dict__.pop("notices", None)
        self.__dict__.pop("_leaving", None)

    @property
    def fallback_hosts(self) -> list[str]:
        """Where a conversation would be sent when the model on this machine does not answer."""
        return self._assistant.fallback_hosts

    def may_leave(self, thread: str) -> bool:
        """Say whether the person allowed that for a conversation."""
        return self._consent.allows(thread)

    def let_leave(self, thread: str) -> None:
        """Allow it for one conversation."""
        self._consent.allow(thread)

    def receipts(self) -> list[Receipt]:
        """Return what became of each knowledge file when it was last read; empty before the first message."""
        if not self.spec.knowledge:
            return []
        knowledge = self._assistant.engine.knowledge
        return knowledge.receipts() if knowledge else []

    def close(self) -> None:
        """Stop what runs and let go of files."""
        with self._guard:
            running = [following for following in self._following.values() if not following.ended]
        self._halt(running)
        self._assistant.close()
        if "_leaving" in self.__dict__:
            self._leaving.close()

    @staticmethod
    def _halt(running: list[_Following]) -> None:
        """Stop turns and wait until they have written down their end."""
        for following in running:
            turns.stop(following.turn)
        deadline = time.monotonic() + _STOP_SECONDS
        while any(not following.ended for following in running) and time.monotonic() < deadline:
            time.sleep(0.02)

    @property
    def facts(self) -> list[str] | None:
        """What is remembered of the person across conversations; None when the spec does not ask for it."""
        facts = self._assistant.engine.facts
        return facts.all() if facts else None

    def put_facts(self, facts: list[str]) -> None:
        """Put facts in the place of those that are remembered."""
        if self._assistant.engine.facts:
            self._assistant.engine.facts.put(facts)

    # -- threads ---------------------------------------------------------------------------------------------------

    def threads(self) -> list[Thread]:
        """Return the threads, the last used first."""
        self._tidy()
        return self._assistant.engine.store.threads()

    def threads_holding(self, words: str) -> list[Thread]:
        """Return the threads in whose title or messages `words` stand, the last used first."""
        return self._assistant.engine.store.holding(words)

    def turns(self, thread: str) -> list[StoredTurn]:
        """Return the turns of a thread, oldest first."""
        return self._assistant.engine.store.turns(thread)

    def unstored(self, thread: str) -> list[StoredTurn]:
        """Return the turns whose message the disk did not take: they last until the page is started anew."""
        waiting = turns.unwritten(self._assistant.engine, thread)
        return [turn for turn in waiting if turn.error and turn.error.get("code") in _NOT_STORED]

    def tries(self, turn: str) -> list[str]:
        """Return the turns that stood in the place of `turn`, itself included; empty when it was never asked again."""
        return [found.id for found in self._assistant.engine.store.tries(turn)]

    def choose(self, turn: str) -> None:
        """Let a turn stand in its place again."""
        self._assistant.engine.store.choose(turn)

    def rate(self, turn: str, thumb: int | None, reason: str = "") -> None:
        """Keep what the person thinks of an answer: `thumb` 1 or -1, None for no opinion any more."""
        said = {"thumb": thumb, **({"reason": reason} if reason else {})}
        self._assistant.engine.store.rate(turn, said if thumb else {})

    def latest(self, thread: str) -> str:
        """Return the turn that was last sent from here on a thread; empty when there was none."""
        return self._latest.get(thread, "")

    def variables(self, thread: str) -> dict[str, str]:
        """Return the variables with which a thread began."""
        return self._assistant.engine.store.variables(thread)

    def rename(self, thread: str, title: str) -> None:
        """Give a thread a title."""
        self._assistant.engine.store.rename(thread, title)

    def delete(self, thread: str) -> None:
        """Delete a thread with its files; a turn that runs on it is stopped first."""
        if running := self.running(thread):
            self._halt([self._follow(running)])
        self._assistant.engine.store.delete(thread)
        shutil.rmtree(self._folder(thread), ignore_errors=True)

    def discard(self, thread: str) -> None:
        """Take a thread off the list; it can be restored until the next one is discarded or the page starts anew."""
        if running := self.running(thread):
            self._halt([self._follow(running)])
        store = self._assistant.engine.store
        if thread not in {found.id for found in store.threads()}:
            return
        self._purge()
        _UNDOABLE.add(thread)
        store.discard(thread)

    def restore(self, thread: str) -> bool:
        """Bring a discarded thread back; False when it is gone for good."""
        store = self._assistant.engine.store
        if thread not in store.discarded():
            return False
        store.restore(thread)
        return True

    def _tidy(self) -> None:
        """Delete what was discarded before the page was started anew."""
        if not self._tidied:
            self._tidied = True
            self._purge(keep=_UNDOABLE)

    def _purge(self, keep: Collection[str] = ()) -> None:
        for thread in self._assistant.engine.store.discarded():
            if thread not in keep:
                self.delete(thread)

    def attached(self, thread: str, file: dict[str, Any]) -> Path:
        """Return where a file that came with a message is kept."""
        return paths.resolve(self._files(thread), str(file.get("file", "")))

    def drawn(self, picture: dict[str, Any]) -> Path | None:
        """Return where a picture of a reply is kept; None when it is gone, or lies outside of the assistant's state."""
        try:
            path = paths.resolve(self._assistant.folder, str(picture.get("path") or "gone"))
        except GptsmithError:
            return None
        return path if path.is_file() else None

    @property
    def draws(self) -> bool:
        """Whether the assistant has a tool that draws."""
        return any(tool.FACTS.draws for tool in self.spec.tools)

    def album(self, words: str = "", seed: int | None = None) -> list[dict[str, Any]]:
        """Return the pictures of all conversations whose words hold `words` and whose seed is `seed`, newest first."""
        from gptsmith.tools.drawing.store import PictureStore

        return [record.model_dump() for record in PictureStore(self._assistant.folder).search(words, seed)]

    def _files(self, thread: str) -> Path:
        known = {found.id for found in self.threads()}
        return self._folder(thread if thread in known else "none")

    def _folder(self, thread: str) -> Path:
        return self._assistant.folder / "threads" / f"{thread}.files"

    def asks_for_a_model(self, reply: Reply) -> bool:
        """Tell whether a reply only says that it would take a language model."""
        from gptsmith.models.chat.embedded.floor import CONNECT

        return CONNECT in reply.text

    def chosen(self, reply: Reply | None) -> bool:
        """Tell whether a turn was a step that the person chose, so that no model was asked."""
        return reply is not None and reply.model == NOBODY

    def fill(self, text: str, values: dict[str, str]) -> str:
        """Return a text of the spec with its `{{variables}}` filled, the defaults where nothing is given."""
        defaults = {name: variable.default or "" for name, variable in self.spec.variables.items()}
        return fill(text, {**defaults, **values})

    # -- turns -----------------------------------------------------------------------------------------------------

    def send(
        self,
        text: str,
        *,
        thread: str,
        files: list[Upload],
        variables: dict[str, str],
        leave: bool = False,
        call: ChosenCall | None = None,
        replaces: str = "",
    ) -> str:
        """Begin a turn and return its thread, a new one when `thread` is empty; the message is then written down.

        A message that the disk does not take is then among the `unstored`.

        `leave` allows the conversation to be sent to a fallback's host. `call` is a tool call that the person chose.
        `replaces` is the last turn of the thread when this one takes its place.

        Raises:
            UsageError, NotReadyError: the turn could not begin; nothing was written.
        """
        chosen = thread or new_id("thread")
        if leave:
            self.let_leave(chosen)
        engine = (self._leaving if self.may_leave(chosen) else self._assistant).engine
        inbox = self._assistant.folder / "inbox" / new_id("files")
        try:
            paths = [str(path) for path in store(files, inbox)] if files else []
        except OSError as error:
            raise storage_error(error, "the attached files") from error
        ask = Ask(chosen, text, paths, variables, call=call, replaces=replaces)
        turns.start(engine, ask)
        following = self._follow(ask.turn_id, inbox)
        deadline = time.monotonic() + _START_SECONDS
        while not engine.store.turn_status(ask.turn_id) and time.monotonic() < deadline:
            if following.ended:
                if engine.store.turn_status(ask.turn_id) or self.unstored(chosen):
                    break
                raise UsageError(following.problem() or "the message could not be sent", hint="try again")
            time.sleep(0.01)
        with self._guard:
            self._latest[chosen] = ask.turn_id
        return chosen

    def decide(self, thread: str, decisions: list[dict[str, Any]]) -> None:
        """Go on with the turn that waits for approval, with a decision for each of its calls.

        Raises:
            UsageError: nothing waits, or a decision does not fit; the turn goes on waiting.
        """
        assistant = self._leaving if self.may_leave(thread) else self._assistant
        turn = assistant.start_resume(thread, decisions)
        with self._guard:
            self._following.pop(turn, None)
            self._latest[thread] = turn
        self._follow(turn)

    def running(self, thread: str) -> str:
        """Return the turn that runs on a thread, in this process or another; empty when there is none."""
        latest = self._following.get(self._latest.get(thread, ""))
        if latest:
            return "" if latest.ended else latest.turn
        return self._assistant.engine.store.running_turn(thread)

    def events(self, turn: str, after: int) -> tuple[list[tuple[int, Event]], bool]:
        """Return the events of a turn so far beyond number `after`, and whether it has ended; never waits."""
        following = self._follow(turn)
        ended = following.ended
        return following.events[after:], ended

    def stop(self, turn: str) -> None:
        """Stop a turn; what was said so far is kept."""
        turns.stop(turn)

    def _follow(self, turn: str, inbox: Path | None = None) -> _Following:
        with self._guard:
            if turn not in self._following:
                if len(self._following) >= _FOLLOWED:
                    for old in [key for key, value in self._following.items() if value.ended]:
                        del self._following[old]
                self._following[turn] = _Following(turn, turns.events(self._assistant.engine, turn), inbox)
            return self._following[turn]

    # -- sources ---------------------------------------------------------------------------------------------------

    def passage(self, citations: list[Citation], thread: str) -> CitedPassage | None:
        """Return the quotes of one passage within its document; None when the document is gone."""
        from gptsmith.errors import KnowledgeError

        first = citations[0]
        with self._knowledge(first, thread) as base:
            if base is None:
                return None
            try:
                text = base.document(first.document_id).text
            except KnowledgeError:
                return None
        return within(text, citations, self._source_file(first, thread))

    @contextlib.contextmanager
    def _knowledge(self, citation: Citation, thread: str) -> Iterator[KnowledgeBase | None]:
        """Give the knowledge that a citation comes from: the assistant's, or the files attached to the thread."""
        own = {source.name for source in self.spec.knowledge}
        files = self._files(thread)
        if citation.knowledge in own:
            yield self._assistant.engine.knowledge
        elif (files / "texts").is_dir():
            from gptsmith.rag.knowledge import KnowledgeBase

            source = Knowledge(name="attached", paths=["./*"])
            with KnowledgeBase([source], files / "texts", files / "index") as base:
                yield base
        else:
            yield None

    def _source_file(self, citation: Citation, thread: str) -> Path | None:
        own = citation.knowledge in {source.name for source in self.spec.knowledge}
        try:
            file = paths.resolve(self._base_dir if own else self._files(thread) / "texts", citation.source)
        except GptsmithError:  # a page from the web, or a file outside the folder: shown, not handed out
            return None
        return file if file.is_file() else None


class _Following:
    """The events of one turn, collected by a thread so that a page can look at them without waiting."""

    def __init__(self, turn: str, source: Iterator[tuple[int, Event]], inbox: Path | None) -> None:
        self.turn = turn
        self.events: list[tuple[int, Event]] = []
        self.ended = False
        threading.Thread(target=self._collect, args=(source, inbox), name=f"follow-{turn}", daemon=True).start()

    def _collect(self, source: Iterator[tuple[int, Event]], inbox: Path | None) -> None:
        try:
            for item in source:
                self.events.append(item)
        finally:
            self.ended = True
            if inbox:
                shutil.rmtree(inbox, ignore_errors=True)

    def problem(self) -> str:
        """Return the message of the error with which the turn ended."""
        return next((str(event.data.get("message", "")) for _, event in self.events if event.type == "error"), "")


@lru_cache(maxsize=1)
def _warm() -> None:
    """Load what the first turn needs while the person reads and types; a turn that comes earlier waits for it."""
    import gptsmith.agent.runtime.graph
    import gptsmith.rag.knowledge  # noqa: F401
    from gptsmith.models.embedding import load_embedder

    load_embedder("embedded").encode(["warm"])
