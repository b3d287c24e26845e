"""A model of this machine as a LangChain chat model: OpenAI's client, spoken to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from gptsmith.assistants.spec import ModelSpec
from gptsmith.models.chat.local.engine import Engine, LocalModel
from gptsmith.models.chat.local.transport import PLACEHOLDER, AsyncEngineTransport, EngineTransport
from gptsmith.models.chat.providers import NO_KEY

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.models.chat.deadlines import Deadlines


def make_local_model(spec: ModelSpec, model: LocalModel, deadlines: Deadlines) -> BaseChatModel:
    """Make the chat model of `model` with the settings of `spec`; the engine starts with the first message."""
    from gptsmith.models.chat.compatible import CompatibleChatOpenAI

    engine = Engine(model)
    body = {} if spec.top_k is None else {"top_k": spec.top_k}
    settings = {
        "temperature": spec.temperature,
        "top_p": spec.top_p,
        "max_tokens": spec.max_tokens,
        "seed": spec.seed,
        "stop_sequences": spec.stop or None,
    }
    return CompatibleChatOpenAI(
        model=model.name,
        base_url=PLACEHOLDER,
        api_key=NO_KEY,
        use_responses_api=False,
        stream_usage=True,
        max_retries=0,
        timeout=deadlines.socket,
        http_client=httpx.Client(transport=EngineTransport(engine)),
        http_async_client=httpx.AsyncClient(transport=AsyncEngineTransport(engine)),
        extra_body=body or None,
        profile=profile(model),
        **{name: value for name, value in settings.items() if value is not None},
    )


def profile(model: LocalModel) -> dict[str, Any]:
    """Return what a local model can take, in LangChain's terms: tokens, pictures."""
    return {"max_input_tokens": model.context * 3 // 4, "image_inputs": model.projector is not None}
