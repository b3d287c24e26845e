"""Which upsampler writes the captions: the one of a chat model, or none where the chat model does not write freely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gptsmith.models.pictures.upsampling.upsampler import ChatUpsampler, OwnWords, Upsampler

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.assistants.spec import ModelSpec


def upsampler_for(model: BaseChatModel | None, *, leaves: str | None = None, **settings: Any) -> Upsampler:
    """Return the upsampler that asks `model`; without one, or with the embedded chat model, one of own words."""
    if model is None or model._llm_type == "gptsmith-embedded":
        return OwnWords()
    return ChatUpsampler(model, leaves=leaves, settings=_given(settings))


def named_upsampler(name: str | ModelSpec | None, **settings: Any) -> Upsampler:
    """Return the upsampler that asks the chat model called `name`; None is the default model of the environment.

    `settings` are temperature, top_k and top_p.

    Raises:
        UsageError, NotReadyError: the model cannot be made.
    """
    from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model

    spec = choose_model(None, name)
    if given := _given(settings):
        spec = spec.model_copy(update=given)
    if spec.provider == "embedded":
        return OwnWords()
    return upsampler_for(make_chat_model(spec), leaves=leaves_machine(spec))


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
