"""What an assistant keeps between turns: its threads, the turns that run, its knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gptsmith.agent.events import ApprovalRequest, Event, Feedback
from gptsmith.errors import UsageError

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.agent.runtime.facts import Facts
    from gptsmith.agent.runtime.store import StoredTurn, Thread
    from gptsmith.rag.hit import Hit
    from gptsmith.rag.receipt import Receipt


class Kept:
    """The part of `Assistant` that lists, follows and tidies; talking is not here."""

    @property
    def engine(self) -> Engine:
        """What turns run on."""
        raise NotImplementedError

    # -- turns that outlive their caller ---------------------------------------------------------------------------

    def turn_events(self, turn_id: str, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield `(n, event)` of a turn from event `after + 1` on, waiting until its end; n counts from 1."""
        from gptsmith.agent.runtime import turns

        return turns.events(self.engine, turn_id, after)

    def events_so_far(self, turn_id: str, after: int = 0) -> list[tuple[int, Event]]:
        """Return the events of a turn that are there now, from event `after + 1` on; never waits."""
        from gptsmith.agent.runtime import turns

        return turns.so_far(self.engine, turn_id, after)

    def stop_turn(self, turn_id: str) -> bool:
        """Stop a turn of this process; return whether it was running. Its message and what was said are kept."""
        from gptsmith.agent.runtime import turns

        return turns.stop(turn_id)

    def running_turn(self, thread_id: str) -> str:
        """Return the id of the turn that runs on the thread now, in any process; empty when none does."""
        from gptsmith.agent.runtime import turns

        return turns.running(self.engine, thread_id)

    # -- threads ---------------------------------------------------------------------------------------------------

    def threads(self) -> list[Thread]:
        """Return all threads, the last used first."""
        return self.engine.store.threads()

    def history(self, thread_id: str) -> list[StoredTurn]:
        """Return the turns of a thread, oldest first, each with its message and its reply or error.

        A message that this process could not store (a full disk) is among them, with the error, as long as it runs.
        """
        from gptsmith.agent.runtime import turns
        from gptsmith.agent.runtime.store import check_thread_id

        return self.engine.store.turns(check_thread_id(thread_id)) + turns.unwritten(self.engine, thread_id)

    def feedback(self) -> list[Feedback]:
        """Return the answers that the person rated, oldest first, each with the version of the spec that gave it."""
        rated = self.engine.store.rated()
        written = self._written() if rated else []
        return [_feedback(turn, written) for turn in rated]

    def _written(self) -> list[tuple[float, int, str | None]]:
        """Return when each version of the spec file was written, its number and the file's SHA-256."""
        path = self.engine.loaded.path
        if path is None:
            return []
        from datetime import datetime

        from gptsmith.assistants.files.versions import Versions

        return [
            (datetime.fromisoformat(version.at).timestamp(), version.number, file.after)
            for version in Versions(path).list()
            for file in version.files
            if not file.path
        ]

    def waiting(self, thread_id: str) -> list[ApprovalRequest]:
        """Return the tool calls of a thread that wait for the person's approval; `resume` answers them."""
        from gptsmith.agent.runtime import approvals
        from gptsmith.agent.runtime.store import check_thread_id

        store = self.engine.store
        return approvals.find_paused(store, thread_id).asked if store.waiting(check_thread_id(thread_id)) else []

    def rename_thread(self, thread_id: str, title: str) -> None:
        """Give a thread another title."""
        self.engine.store.rename(thread_id, title)

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with its messages and attached files.

        Raises:
            ThreadBusyError: a turn is running on it.
        """
        from gptsmith.agent.runtime import turns
        from gptsmith.agent.runtime.running import forget_thread
        from gptsmith.agent.runtime.store import check_thread_id

        forget_thread(self.engine, check_thread_id(thread_id))
        turns.forget(self.engine, thread_id)

    # -- facts -----------------------------------------------------------------------------------------------------

    def facts(self) -> list[str]:
        """Return what is remembered of the person across conversations, oldest first."""
        return self._facts().all()

    def remember(self, fact: str) -> None:
        """Remember a fact of up to 300 characters.

        Raises:
            UsageError: it is empty or too long, 200 are remembered, or the spec has no `memory: {facts: true}`.
        """
        self._facts().add(fact)

    def forget(self, *facts: str) -> list[str]:
        """Forget facts by their text, all of them when none is given; return those that are gone."""
        kept = self._facts()
        return kept.forget(facts or kept.all())

    def _facts(self) -> Facts:
        if self.engine.facts is None:
            raise UsageError("this assistant remembers nothing across conversations", hint="set memory: {facts: true}")
        return self.engine.facts

    # -- knowledge -------------------------------------------------------------------------------------------------

    def sync_knowledge(
        self, progress: Callable[[str], None] | None = None, *, cancelled: Callable[[], bool] | None = None
    ) -> list[Receipt]:
        """Bring the index in step with the files; return what became of each file and page.

        `progress` is told each step, with the time that is left; once `cancelled` says yes there, KnowledgeError
        `cancelled` is raised, and the next sync goes on with what was read and embedded so far.
        """
        knowledge = self.engine.knowledge
        return knowledge.sync(progress, cancelled=cancelled) if knowledge else []

    def search_knowledge(self, query: str, names: list[str] | None = None) -> list[Hit]:
        """Return the passages that speak of `query`, best first, from an index in step with the files."""
        knowledge = self.engine.knowledge
        if knowledge is None:
            return []
        if knowledge.stale():
            knowledge.sync()
        return knowledge.search(query, names=names)

    def receipts(self) -> list[Receipt]:
        """Return what became of each file and page at the last sync."""
        knowledge = self.engine.knowledge
        return knowledge.receipts() if knowledge else []


def _feedback(turn: StoredTurn, written: list[tuple[float, int, str | None]]) -> Feedback:
    """Return what a person said of a turn; of versions that are alike, it ran on the last one written before it."""
    alike = [(at, number) for at, number, digest in written if turn.spec and digest == turn.spec]
    before = [number for at, number in alike if at <= turn.started]
    return Feedback(
        turn_id=turn.id,
        thread_id=turn.thread_id,
        at=turn.started,
        thumb=turn.feedback.get("thumb", 0),
        reason=str(turn.feedback.get("reason", "")),
        message=turn.message,
        answer=turn.reply.text if turn.reply else "",
        model=turn.reply.model if turn.reply else "",
        spec_sha256=turn.spec,
        spec_version=before[-1] if before else alike[0][1] if alike else None,
    )
