"""What a model of this machine writes beside its answers: what to search for, a title, notes of a long conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.chat.local.engine import LocalModel
from gptsmith.models.chat.local.writer import Writer

_writers: dict[LocalModel, Writer] = {}


@dataclass(frozen=True)
class Scribe:
    """Small texts about a conversation, each checked by code. `shows` is how many exchanges the model is shown at most,
    None where it is shown all that fit and sums up the others itself.
    """

    writer: Writer
    shows: int | None = None

    def question(self, words: str, asked: str, answered: str) -> str:
        """Return a message as a question that stands alone, with words of the exchange before it; "" where it cannot.

        Never raises for what a model does: the search goes on with the message as it is.
        """
        from gptsmith.models.chat.embedded.tasks.threads import stand_alone

        try:
            return stand_alone(self.writer, words, asked, answered)
        except GptsmithError:
            return ""

    async def title(self, message: str, reply: str) -> str:
        """Return a title of two to six words for a first exchange; "" where none holds. Raises as `Writer.write`."""
        from gptsmith.models.chat.embedded.tasks.threads import write_title

        return await write_title(self.writer, message, reply)

    async def notes(self, before: str, talk: Sequence[tuple[str, str]]) -> str:
        """Return the notes `before` with those of further exchanges. Raises as `Writer.write`."""
        from gptsmith.models.chat.embedded.tasks.threads import write_notes

        return await write_notes(self.writer, before, talk)


def find_scribe(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> Scribe | None:
    """Return the scribe of a chat model; None for one that is not on this machine, or whose weights are not.

    It is the model itself: nothing is sent elsewhere, and nothing is paid for.
    """
    from gptsmith.models.chat.embedded.tasks import can_write, find_writer

    if spec.provider == "embedded":
        from gptsmith.models.chat.embedded.tasks.chatting import TURNS

        writer = find_writer()
        return Scribe(writer, shows=TURNS) if writer is not None else None
    if spec.provider != "local" or not can_write():
        return None
    from gptsmith.models.chat.local.chat_model import find_local_model
    from gptsmith.models.chat.local.engine import LocalEngine

    try:
        model = find_local_model(spec, base_dir=base_dir, trust=trust)
    except GptsmithError:  # the turn itself says what is wrong with it
        return None
    return Scribe(_writers.setdefault(model, Writer(LocalEngine(model))))
