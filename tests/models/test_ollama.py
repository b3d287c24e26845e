"""Ollama through its own protocol, on loopback: settings, tools, cut answers, a model that is not there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.limits import Deadlines

pytest.importorskip("langchain_ollama", reason="the extra gptsmith[ollama] is not installed")


@tool
def search_guide(query: str) -> str:
    """Search the guide."""
    return query


class Ollama:
    """A scripted Ollama: each request gets the next list of lines, or (status, error)."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.history: list[dict[str, Any]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

            def do_POST(self) -> None:
                owner.history.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                answer = owner.answers.pop(0)
                code, lines = answer if isinstance(answer, tuple) else (200, answer)
                self.send_response(code)
                self.end_headers()
                for line in lines:
                    self.wfile.write(json.dumps({"model": "qwen3:8b", "done": False} | line).encode() + b"\n")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    server = Ollama()
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    thread.join(5)


def say(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}}


def end(reason: str = "stop") -> dict[str, Any]:
    counts = {"prompt_eval_count": 7, "eval_count": 3}
    return {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason} | counts


CALL = {
    "message": {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": {"name": "search_guide", "arguments": {"query": "ship"}}}],
    }
}
WAYS: dict[str, Callable[[Any], AIMessage]] = {
    "invoke": lambda m: m.invoke("hi"),
    "ainvoke": lambda m: asyncio.run(m.ainvoke("hi")),
    "stream": lambda m: sum_chunks(m),
}


def sum_chunks(model: Any) -> AIMessage:
    first, *others = list(model.stream("hi"))
    for other in others:
        first = first + other
    return first  # type: ignore[no-any-return]


def make(server: Ollama, **fields: Any) -> Any:
    spec = ModelSpec(provider="ollama", name="qwen3:8b", base_url=server.url, **fields)
    return make_chat_model(spec, deadlines=Deadlines(retries=1, pause=0.01))


every_way = pytest.mark.parametrize("way", list(WAYS))


@every_way
def test_answer_with_settings(way: str, ollama: Ollama) -> None:
    ollama.answers.append([say("Made in "), say("1755."), end()])
    model = make(ollama, temperature=0.1, top_p=0.9, top_k=20, max_tokens=99, seed=4, stop=["END"])
    answer = WAYS[way](model)
    assert (answer.content, answer.response_metadata["finish_reason"]) == ("Made in 1755.", "stop")
    assert answer.usage_metadata is not None and answer.usage_metadata["total_tokens"] == 10
    sent = ollama.history[0]
    expected = {"temperature": 0.1, "top_p": 0.9, "top_k": 20, "num_predict": 99, "seed": 4, "stop": ["END"]}
    assert (sent["model"], sent["options"]) == ("qwen3:8b", expected)


@every_way
@pytest.mark.parametrize("reason,runs", [("stop", True), ("length", False), (None, False)])
def test_tool_calls(reason: str | None, runs: bool, way: str, ollama: Ollama) -> None:
    ollama.answers.append([CALL, end(reason)] if reason else [CALL])
    answer = WAYS[way](make(ollama).bind_tools([search_guide]))
    assert answer.response_metadata["finish_reason"] == (reason or "truncated")
    assert [c["args"] for c in answer.tool_calls] == ([{"query": "ship"}] if runs else [])
    assert [c["name"] for c in answer.invalid_tool_calls] == ([] if runs else ["search_guide"])
    assert ollama.history[0]["tools"][0]["function"]["name"] == "search_guide"


@every_way
def test_thinking_and_calls_in_the_text(way: str, ollama: Ollama) -> None:
    call = '{"name": "search_guide", "arguments": {"query": "ship"}}'
    ollama.answers.append([say("<thi"), say("nk>A ship?</think>"), say("\n\nMade in 1755."), end()])
    ollama.answers.append([say("A ship?\n</th"), say("ink>\n"), say(call), end()])
    model = make(ollama)
    answer = WAYS[way](model)
    assert (answer.content, answer.additional_kwargs) == ("Made in 1755.", {"thinking": "A ship?"})
    asked = WAYS[way](model.bind_tools([search_guide]))
    assert (asked.content, [c["args"] for c in asked.tool_calls]) == ("", [{"query": "ship"}])
    ollama.answers.append([say("1755."), end()])
    model.invoke([("human", "hi"), asked, ToolMessage("1755", tool_call_id=asked.tool_calls[0]["id"])])
    assert "A ship" not in json.dumps(ollama.history[-1]), "thinking is not sent back"


@every_way
def test_a_model_that_is_not_there(way: str, ollama: Ollama) -> None:
    ollama.answers.append((404, [{"error": "model 'qwen3:8b' not found"}]))
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make(ollama))
    assert caught.value.code == "rejected"
    assert "model 'qwen3:8b' not found" in str(caught.value)
    assert "`ollama pull`" in str(caught.value)


@every_way
def test_not_running(way: str, ollama: Ollama) -> None:
    model = make_chat_model(
        ModelSpec(provider="ollama", name="m", base_url="http://127.0.0.1:9"), deadlines=Deadlines(retries=0)
    )
    with pytest.raises(ProviderError) as caught:
        WAYS[way](model)
    assert str(caught.value) == (
        "ollama:m cannot be reached at 127.0.0.1; start it with `ollama serve`, and `ollama pull` the model"
    )
