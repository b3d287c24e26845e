"""OpenAI's chat model for all the servers that speak its protocol nearly: what they send otherwise is read too."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from inspect import isawaitable
from typing import Any, Self

from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import model_validator

from gptsmith.models.chat.failures import NotAnAnswer

_REASONING = ("reasoning_content", "reasoning")  # where servers put the thinking that they part themselves


class CompatibleChatOpenAI(ChatOpenAI):
    """ChatOpenAI that also takes a tool call's arguments as an object, and keeps the thinking of `reasoning_content`.

    Neither is sent back. A web page in the place of an answer is `NotAnAnswer`.
    """

    # LangChain's own deadline between chunks swallows a cancellation that meets a chunk (asyncio.wait_for before Python
    # 3.12): a fast stream could not be stopped. The guard around the model has deadlines that do not.
    stream_chunk_timeout: float | None = None

    @property
    def _llm_type(self) -> str:
        return "openai-chat"

    @model_validator(mode="after")
    def _reads_objects(self) -> Self:
        """Put the reading of calls between the client and the class that takes its pieces apart."""
        self.client, self.async_client = _Client(self.client), _Client(self.async_client)
        return self

    def _get_request_payload(self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        if more := kwargs.get("extra_body"):  # of one call, beside the model's own
            kwargs["extra_body"] = {**(self.extra_body or {}), **more}
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        return payload

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        if chunk.get("choices", []) is None:
            chunk["choices"] = []
        made = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        delta = (chunk.get("choices") or [{}])[0].get("delta") or {}
        if made is not None and (thought := _thought(delta)):
            made.message.additional_kwargs["reasoning_content"] = thought
        return made

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> ChatResult:
        if isinstance(response, str):
            raise NotAnAnswer("a web page" if response.lstrip().startswith("<") else "plain text")
        messages = [choice.message for choice in getattr(response, "choices", None) or [] if choice.message]
        for message in messages:
            _write_arguments(message)
        result = super()._create_chat_result(response, generation_info)
        for message, generation in zip(messages, result.generations, strict=False):
            if thought := _thought(message.model_dump(include=set(_REASONING), warnings=False)):
                generation.message.additional_kwargs["reasoning_content"] = thought
        return result


class _Client:
    """The client's completions, with streams whose chunks have their arguments as text."""

    def __init__(self, completions: Any) -> None:
        self._completions = completions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._completions, name)

    def create(self, **payload: Any) -> Any:
        made = self._completions.create(**payload)
        return self._awaited(made) if isawaitable(made) else _Stream(made) if payload.get("stream") else made

    async def _awaited(self, coming: Awaitable[Any]) -> Any:
        made = await coming
        return _Stream(made) if hasattr(made, "__aiter__") else made


class _Stream:
    """A stream of the client's, sync or async, with the arguments of each chunk as text."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    async def __aenter__(self) -> _Stream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.close()

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._stream:
            yield _read(chunk)

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for chunk in self._stream:
            yield _read(chunk)


def _read(chunk: Any) -> Any:
    for choice in getattr(chunk, "choices", None) or []:
        _write_arguments(choice.delta)
    return chunk


def _write_arguments(message: Any) -> None:
    """Write arguments that came as an object as the text that they should be."""
    for call in getattr(message, "tool_calls", None) or []:
        function: Any = getattr(call, "function", None)
        if isinstance(getattr(function, "arguments", None), dict):
            function.arguments = json.dumps(function.arguments, ensure_ascii=False)


def _thought(said: dict[str, Any]) -> str:
    return next((said[key] for key in _REASONING if isinstance(said.get(key), str) and said[key]), "")
