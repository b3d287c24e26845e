"""Which upsampler writes the captions: a chat model, the embedded decoder for the embedded generator, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gptsmith.errors import NotReadyError
from gptsmith.models.pictures.upsampling.upsampler import ChatUpsampler, OwnWords, Upsampler

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.assistants.spec import ModelSpec


def upsampler_for(
    model: BaseChatModel | None, drawn_by: str, *, leaves: str | None = None, **settings: Any
) -> Upsampler:
    """Return the upsampler that asks `model`, for pictures of the generator called `drawn_by`.

    The embedded chat model does not write freely: for the embedded generator a decoder of its own writes, for any
    other the person's own words are drawn. `settings` are temperature, top_k and top_p.
    """
    if model is None or model._llm_type == "gptsmith-embedded":
        return _without_a_chat_model(drawn_by, _given(settings))
    return ChatUpsampler(model, leaves=leaves, settings=_given(settings))


def named_upsampler(name: str | ModelSpec | None, drawn_by: str, **settings: Any) -> Upsampler:
    """Return the upsampler that asks the chat model called `name`; None is the default model of the environment.

    Raises:
        UsageError, NotReadyError: the model cannot be made.
    """
    from gptsmith.models.chat.factory import choose_model, leaves_machine, make_chat_model

    spec = choose_model(None, name)
    if given := _given(settings):
        spec = spec.model_copy(update=given)
    if spec.provider == "embedded":
        return _without_a_chat_model(drawn_by, given)
    return upsampler_for(make_chat_model(spec), drawn_by, leaves=leaves_machine(spec))


def _without_a_chat_model(drawn_by: str, settings: Mapping[str, Any]) -> Upsampler:
    """The decoder knows the things that the embedded generator draws, and no others."""
    from gptsmith.models.pictures import embedded
    from gptsmith.models.pictures.upsampling.decoder import Sampling
    from gptsmith.models.pictures.upsampling.embedded import EmbeddedUpsampler

    if drawn_by != "embedded":
        return OwnWords()
    try:
        return EmbeddedUpsampler(embedded.folder("upsampler"), Sampling(**settings))
    except NotReadyError:
        return OwnWords()


def _given(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
