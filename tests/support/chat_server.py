"""What the tests of chat models share: a model on the loopback server, and the four ways to ask one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool
from pydantic import BaseModel

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.limits import Deadlines
from tests.support.loopback import Loopback

QUICK = Deadlines(first_token=5, between_tokens=5, total=10, retries=2, longest_wait=1, pause=0.01)
DEAD = "http://127.0.0.1:9/v1"  # the discard port: nothing listens


@tool
def search_guide(query: str) -> str:
    """Search the guide."""
    return f"found {query}"


class Card(BaseModel):
    """A catalogue card."""

    title: str
    year: int


def spec(server: Loopback, **more: Any) -> ModelSpec:
    return ModelSpec(provider="openai", name="scripted", base_url=server.base_url, api_key="${env:KEY}", **more)


def maker(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseChatModel]:
    """Return what makes a model on the server, with quick deadlines."""
    monkeypatch.setenv("KEY", server.api_key)

    def made(deadlines: Deadlines = QUICK, **more: Any) -> BaseChatModel:
        return make_chat_model(spec(server, **more), deadlines=deadlines)

    return made


def stream(model: Any, text: str = "hi") -> AIMessageChunk:
    whole = None
    for chunk in model.stream(text):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


async def _astream(model: Any, text: str) -> AIMessageChunk:
    whole = None
    async for chunk in model.astream(text):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole


WAYS: dict[str, Callable[[Any], AIMessage]] = {
    "invoke": lambda m: m.invoke("hi"),
    "ainvoke": lambda m: asyncio.run(m.ainvoke("hi")),
    "stream": stream,
    "astream": lambda m: asyncio.run(_astream(m, "hi")),
}
every_way = pytest.mark.parametrize("way", list(WAYS))
