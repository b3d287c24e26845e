"""What is written about a thread behind its turns, while nobody waits: a title, and notes of what is no longer shown.

It gives way: the next message of anybody stops it, and what was not written is due again after that turn.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gptsmith.agent.runtime.history import exchanges
from gptsmith.agent.runtime.store import title_of
from gptsmith.errors import GptsmithError

if TYPE_CHECKING:
    from gptsmith.agent.runtime.engine import Engine
    from gptsmith.models.chat.local.scribe import Scribe

_LOG = logging.getLogger(__name__)
_NOTED = 3  # exchanges that are noted at once; as many are left to be shown word for word


class Afterwards:
    """The work behind the turns of one assistant, on the core's loop, one piece at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._work: asyncio.Task[None] | None = None

    def begin(self, thread_id: str) -> None:
        """Begin what is due for a thread, where the model of the assistant writes such things."""
        self.stop()
        try:
            scribe = self._engine.scribe
        except GptsmithError:  # whoever needs the model says what is wrong with it
            return
        if scribe is not None:
            self._work = asyncio.get_running_loop().create_task(self._write(scribe, thread_id))

    def stop(self) -> None:
        """Stop the work, so that the model is free. On the core's loop only."""
        if self._work is not None:
            self._work.cancel()
            self._work = None

    async def _write(self, scribe: Scribe, thread_id: str) -> None:
        try:
            await self._title(scribe, thread_id)
            await self._notes(scribe, thread_id)
        except GptsmithError:
            _LOG.debug("nothing was noted behind a turn", exc_info=True)  # it is due again after the next one

    async def _title(self, scribe: Scribe, thread_id: str) -> None:
        """Write the title of a thread that still carries its first message as one."""
        store = self._engine.store
        if not store.untitled(thread_id):
            return
        first = exchanges(store.messages(thread_id))[:1]
        if not first or not first[0].answered:
            return
        called = title_of(first[0].asked)
        title = await scribe.title(first[0].asked, first[0].answered)
        store.set_title(thread_id, title or called, instead_of=called)

    async def _notes(self, scribe: Scribe, thread_id: str) -> None:
        """Note the oldest exchanges before they are no longer shown."""
        memory, store = self._engine.spec.memory, self._engine.store
        if scribe.shows is None or not memory.summarize or memory.history == "none":
            return
        before, upto = store.summary(thread_id)
        new = exchanges([row for row in store.messages(thread_id) if row.seq > upto])
        if len(new) < min(scribe.shows, max(_NOTED + 1, memory.max_messages // 2)):
            return
        old = new[:_NOTED]
        notes = await scribe.notes(before, [(e.asked, e.answered) for e in old])
        store.set_summary(thread_id, notes, old[-1].upto)
