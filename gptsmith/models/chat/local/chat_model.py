"""A model of this machine as a LangChain chat model: OpenAI's client, spoken to the engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError, UsageError
from gptsmith.models.chat.local.engine import EngineAddress, LocalEngine, LocalModel, check_model_file
from gptsmith.models.chat.providers import NO_KEY

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gptsmith.models.chat.limits import Deadlines


# HTTP to an engine: each request goes to where the engine listens now, and starts it where it does not run.
#
# A client made once outlives the engine's restarts: the address and key are set per request.

PLACEHOLDER = "http://127.0.0.1/v1"
"""The base address that a client is given; the transport puts the real one in."""
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=0)  # a kept connection dies with its event loop


class EngineTransport(httpx.BaseTransport):
    """Send requests to the engine of a model."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._inner = httpx.HTTPTransport(limits=_LIMITS, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; where nobody listens any more, start the engine anew and send it once more."""
        try:
            return self._inner.handle_request(_aimed(request, self._engine.address()))
        except httpx.ConnectError:
            self._engine.stop()
            return self._inner.handle_request(_aimed(request, self._engine.address()))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class AsyncEngineTransport(httpx.AsyncBaseTransport):
    """Send requests to the engine of a model; the loop is free while the engine loads."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._inner = httpx.AsyncHTTPTransport(limits=_LIMITS, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; where nobody listens any more, start the engine anew and send it once more."""
        try:
            return await self._inner.handle_async_request(_aimed(request, await self._address()))
        except httpx.ConnectError:
            await asyncio.to_thread(self._engine.stop)
            return await self._inner.handle_async_request(_aimed(request, await self._address()))

    async def _address(self) -> EngineAddress:
        return await asyncio.to_thread(self._engine.address)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _aimed(request: httpx.Request, address: EngineAddress) -> httpx.Request:
    target = httpx.URL(address.url)
    request.url = request.url.copy_with(host=target.host, port=target.port)
    request.headers["Host"] = f"{target.host}:{target.port}"
    request.headers["Authorization"] = f"Bearer {address.key}"
    return request


# Which file a spec's local model is: a name of the shelf, or a GGUF file by its path.

CONTEXT = 8192
"""Tokens that a model reads and writes together unless `options.context` says otherwise; each costs memory."""
MOST_CONTEXT = 131_072
WHOLE_BYTES = 2_000_000_000
"""From this size on, about three billion parameters, a file that is not in the catalogue is given whole tasks."""


def find_local_model(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> LocalModel:
    """Return the model that `local:<name>` or `local:./file.gguf` means.

    A path resolves against `base_dir`; one that leaves it needs `trust`. Raises NotReadyError (`missing_model`,
    `missing_weights`, `trust_required`) and UsageError for an unknown name or option.
    """
    context, wished = _options(spec)
    if not spec.name:
        raise NotReadyError(
            'the model "local" has no name',
            code="missing_model",
            hint="write local:<name> (see `gptsmith models`) or local:./file.gguf",
        )
    if _is_path(spec.name):
        model = LocalModel(f"local:{spec.name}", _file(spec.name, base_dir, trust), context)
        check_model_file(model)
        large = model.path.stat().st_size >= WHOLE_BYTES
        return replace(model, whole=large if wished is None else wished)
    from gptsmith.models import shelf

    entry = shelf.entry(spec.name)
    if entry.kind == "pictures":
        raise UsageError(f"{entry.name} draws pictures, it does not chat", hint="name it in an image_generation tool")
    return LocalModel(
        f"local:{entry.name}",
        shelf.require(entry.name),
        min(context, entry.context or context),
        shelf.path(entry.name, "projector") if entry.sees else None,
        (entry.whole_tasks or entry.kind == "vision") if wished is None else wished,
    )


def _options(spec: ModelSpec) -> tuple[int, bool | None]:
    """Return the tokens of the window, and whether whole tasks are wished for; None where nothing is said."""
    if unknown := sorted(set(spec.options) - {"context", "tasks"}):
        raise UsageError(f"local:{spec.name} does not take the option {unknown[0]}", hint="it takes context and tasks")
    context = spec.options.get("context", CONTEXT)
    if not isinstance(context, int) or isinstance(context, bool) or not 512 <= context <= MOST_CONTEXT:
        raise UsageError(
            f"model.options.context is {context!r}", hint=f"give a number of tokens from 512 to {MOST_CONTEXT}"
        )
    tasks = spec.options.get("tasks")
    if tasks not in (None, "whole", "small"):
        raise UsageError(f"model.options.tasks is {tasks!r}", hint="write whole or small, or leave it out")
    return context, None if tasks is None else tasks == "whole"


def _is_path(name: str) -> bool:
    return name.startswith((".", "~", "/")) or name.lower().endswith(".gguf") or (len(name) > 2 and name[1] == ":")


def _file(name: str, base_dir: Path | None, trust: bool) -> Path:
    from gptsmith.assistants.format.paths import resolve

    if base_dir is not None:
        return resolve(base_dir, name, trust)
    return Path(name).expanduser().absolute()


def make_local_model(spec: ModelSpec, model: LocalModel, deadlines: Deadlines) -> BaseChatModel:
    """Make the chat model of `model` with the settings of `spec`; the engine starts with the first message."""
    from gptsmith.models.chat.compatible import CompatibleChatOpenAI

    engine = LocalEngine(model)
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
