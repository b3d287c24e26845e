"""A scratch engine: an assistant tried out, whose threads and pictures are thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel

from gptsmith.agent.runtime.engine import Engine
from gptsmith.assistants.loader import Loaded

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant
    from gptsmith.rag.base import KnowledgeBase


class ScratchEngine(Engine):
    """An engine that keeps threads and pictures in `scratch` and its index in `index`; `model_of` lends its model."""

    def __init__(
        self, loaded: Loaded, *, scratch: Path, index: Path, model_of: Engine | None = None, **options: Any
    ) -> None:
        super().__init__(loaded, **options)
        self._scratch = scratch
        self._index = index
        self._model_of = model_of

    @cached_property
    def folder(self) -> Path:
        """The folder that goes when the trial is over."""
        return self._scratch

    @cached_property
    def knowledge(self) -> KnowledgeBase | None:
        """The knowledge, on an index that may be the assistant's own."""
        if not self.spec.knowledge:
            return None
        from gptsmith.rag.base import KnowledgeBase

        return KnowledgeBase(self.spec.knowledge, self.base_dir, self._index, trust=self.trust)

    @cached_property
    def model(self) -> BaseChatModel:
        """The lender's model where it is the same one: weights are loaded once."""
        lender = self._model_of
        return lender.model if lender is not None and lender.model_spec == self.model_spec else super().model


@contextmanager
def scratch_copy(assistant: Assistant) -> Iterator[Assistant]:
    """Lend a copy of `assistant` that answers as it does, on its own index, and leaves no conversation behind."""
    own = assistant.engine
    with tempfile.TemporaryDirectory(prefix="gptsmith-try-", ignore_cleanup_errors=True) as folder:
        copy = assistant.with_()
        copy.engine = ScratchEngine(
            own.loaded,
            scratch=Path(folder),
            index=own.folder,
            model_of=own,
            trust=own.trust,
            model=own.override,
            variables=own.variables,
            allow_hosted=own.allow_hosted,
        )
        with copy:
            yield copy
