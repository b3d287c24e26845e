"""A chat model that a program passes in: with the deadlines, retries and rules of answers that configured ones have."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.runnables import Runnable

from gptsmith.models.chat.attempts import Member
from gptsmith.models.chat.failures import Contact
from gptsmith.models.chat.guarded import GuardedChatModel
from gptsmith.models.chat.thinking import Habit


class GivenChatModel(GuardedChatModel):
    """A guarded model of one member, which is there already and keeps its own name and its own way to a form."""

    @property
    def _given(self) -> BaseChatModel:
        model: BaseChatModel = self.members[0].model()
        return model

    @property
    def _llm_type(self) -> str:
        return str(self._given._llm_type)

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return dict(self._given._identifying_params)

    def with_structured_output(self, schema: dict[str, Any] | type, **kwargs: Any) -> Runnable[LanguageModelInput, Any]:
        """Ask the model itself, which knows its best way to a form."""
        form: Runnable[LanguageModelInput, Any] = self._given.with_structured_output(schema, **kwargs)
        return form


def given(model: BaseChatModel, label: str) -> BaseChatModel:
    """Return a program's own model so that it is asked, and what it says is read, like the others."""
    if isinstance(model, GuardedChatModel) or type(model).__module__.startswith("gptsmith."):
        return model
    name = str(getattr(model, "model_name", None) or getattr(model, "model", None) or "")
    habit = Habit(name, wary=Habit(name, wary=True).unopened)
    member = Member(Contact(label, own=True), lambda: model, habit=habit, unsaid="stop")
    own = {name: getattr(model, name) for name in ("profile", "callbacks", "tags", "metadata", "cache", "rate_limiter")}
    return GivenChatModel(members=[member], **own)
