"""The window of a model: what servers say when it is full, what is left out then, and that a thread always goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from gptsmith import Assistant, Event, ProviderError
from gptsmith.agent.runtime.history import fitted, size
from gptsmith.assistants.format.spec import TOOL_TYPES
from gptsmith.models.chat.limits import Window, estimated, too_long
from gptsmith.tools import register_tool
from tests.support.loopback import Answer, Body, Loopback, calls, status
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {
    "schema": "assistant/v1",
    "id": "small",
    "name": "Small",
    "description": "Has a small model.",
    "instructions": "Be kind.",
}


@pytest.mark.parametrize(
    ("words", "limit", "sent"),
    [
        ("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000.", 8192, 9000),
        ("maximum context length is 4097 tokens, however you requested 5000 tokens (4400 in your prompt; 600 for the"
         " completion)", 4097, 4400),
        ("request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it", 4096, 5000),
        ("the request exceeds the available context size, n_prompt_tokens: 5000, n_ctx: 4096", 4096, 5000),
        ("Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context"
         " length of only 4096 tokens", 4096, 5000),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000, 210_000),
        ("The input token count (1,200,000) exceeds the maximum number of tokens allowed (1,048,576).",
         1_048_576, 1_200_000),
        ("Prompt contains 40000 tokens, too large for model with 32768 maximum context length", 32768, 40000),
        ("total number of tokens in the prompt cannot exceed 4081 - received 5000", 4081, 5000),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens", 4096, 5000),
        ("maximum prompt length is 131072 but the request contains 537812 tokens", 131_072, 537_812),
        ("Request too large for model on tokens per minute: Limit 6000, Requested 8000", 6000, 8000),
        ("Your request exceeded model token limit: 262144 (requested: 300000)", 262_144, 300_000),
        ("Range of input length should be [1, 30720]", 30720, None),
        ("Your input exceeds the context window of this model.", None, None),
        ("Input is too long for requested model.", None, None),
        ("Please reduce the length of the messages or completion.", None, None),
    ],
)  # fmt: skip
def test_a_server_says_that_it_was_too_much(words: str, limit: int | None, sent: int | None) -> None:
    error = too_long(words, "x")
    assert error is not None
    assert (error.limit, error.sent) == (limit, sent)


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 50000. This model supports at most 16384 completion tokens.",
        "Invalid value for temperature",
        "The image is too large: 20 MB",
        "Invalid tool name: too long",
        "Expected a string with maximum length 64, but got a string with length 80",
        "The model `m` does not exist",
        "Missing required parameter: messages[3].content",
    ],
)
def test_other_refusals_are_not_about_length(words: str) -> None:
    assert too_long(words, "x") is None


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("The ship sailed on Monday. " * 40, 240),
        ("漢字仮名" * 100, 400),
        ("корабль " * 100, 300),
        ("31415926" * 50, 250),
    ],
)
def test_the_estimate_is_rather_too_many(text: str, least: int) -> None:
    assert estimated(text) >= least


def conversation(seed: int) -> list[AnyMessage]:
    """Return a made-up conversation: exchanges with and without calls, texts of every length, the last one open."""
    draw = random.Random(seed)
    messages: list[AnyMessage] = []
    for n in range(draw.randrange(1, 12)):
        messages.append(HumanMessage(f"q{n} " + "w" * draw.randrange(3000)))
        for step in range(draw.randrange(4)):
            ids = [f"c{n}-{step}-{i}" for i in range(draw.randrange(1, 4))]
            asked = [{"name": "look", "args": {"at": "x" * draw.randrange(50)}, "id": id} for id in ids]
            messages.append(AIMessage("", tool_calls=asked))
            messages += [ToolMessage("r" * draw.randrange(9000), tool_call_id=id) for id in ids]
        messages.append(AIMessage("a" * draw.randrange(3000)))
    return messages[:-1] if draw.random() < 0.5 else messages


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("room", [300, 2000, 8000])
def test_what_is_left_is_whole_and_fits(seed: int, room: int) -> None:
    messages = conversation(seed)
    kept = fitted(messages, room, estimated)
    asked = [c["id"] for m in kept if isinstance(m, AIMessage) for c in m.tool_calls]
    assert asked == [m.tool_call_id for m in kept if isinstance(m, ToolMessage)], "a call without its result"
    assert isinstance(kept[0], HumanMessage)
    last = max(i for i, m in enumerate(messages) if isinstance(m, HumanMessage))
    assert len(kept) >= len(messages) - last, "the last exchange stays"
    if room >= 8000 or sum(size(m, estimated) for m in messages) <= room:
        assert sum(size(m, estimated) for m in kept) <= room
    if sum(size(m, estimated) for m in messages) <= room:
        assert kept == messages


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


def small(characters: int, words: str, answer: Callable[[Body], Any] = lambda _body: "Fine.") -> Callable[[Body], Any]:
    """Answer as a server whose model reads so many characters."""

    def answered(body: Body) -> Any:
        total = sum(len(str(message.get("content"))) for message in body["messages"])
        return status(400, message=words) if total > characters else answer(body)

    return answered


def hosted(server: Loopback, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Assistant:
    monkeypatch.setenv("SMALL_KEY", server.api_key)
    model = {"provider": "openai", "name": "scripted", "base_url": server.base_url, "api_key": "${env:SMALL_KEY}"}
    return Assistant.from_dict({**SPEC, "model": model, **fields})


FULL = "This model's maximum context length is 1500 tokens. However, your messages resulted in 4000 tokens."


@pytest.mark.parametrize("summarize", [True, False])
@pytest.mark.parametrize("words", [FULL, "the request exceeds the available context size", "Input is too long"])
def test_a_thread_outgrows_the_window_and_goes_on(
    words: str, summarize: bool, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.always = small(6000, words)
    a = hosted(server, monkeypatch, memory={"summarize": summarize})
    told: list[str] = []
    for n in range(12):
        events = list(a.stream(f"{n} " + "w" * 900, thread_id="t"))
        assert (events[-1].type, events[-1].data.get("finish_reason")) == ("done", "stop"), events[-1]
        told += [e.data["text"] for e in events if e.data.get("stage") == "memory"]
    assert told == ["The conversation is longer than the model reads; its oldest part was left out."], "learned once"
    assert len(a.history("t")) == 12


@pytest.fixture
def reader() -> Iterator[None]:
    def read_page(request: str) -> str:
        """Read a page."""
        return f"{request}: " + "long text " * 790

    register_tool(read_page)
    yield
    TOOL_TYPES.pop("read_page")


@pytest.mark.usefixtures("reader")
def test_long_results_of_one_message_are_cut(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = iter(range(4))

    def answer(_body: Body) -> Answer | str:
        page = next(pages, None)
        return "All read." if page is None else calls(read_page={"request": f"page {page}"})

    server.always = small(12_000, "the request exceeds the available context size (4000 tokens)", answer)
    a = hosted(server, monkeypatch, tools=[{"type": "read_page"}])
    reply = a.chat("Read four pages.")
    assert (reply.text, reply.finish_reason, len(reply.tool_calls)) == ("All read.", "stop", 4)
    sent = [m for m in server.history[-1]["messages"] if m["role"] == "tool"]
    assert [len(m["tool_call_id"]) > 0 for m in sent] == [True] * 4


def test_a_paste_longer_than_the_window_is_cut_in_the_middle(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    server.always = small(6000, FULL)
    reply = hosted(server, monkeypatch).chat("Begin " + "w" * 30_000 + " end")
    assert reply.text == "Fine."
    shown = server.history[-1]["messages"][-1]["content"]
    assert shown.startswith("Begin") and shown.endswith("end") and "left out" in shown


def test_instructions_longer_than_the_window_are_told(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    server.always = small(100, FULL)
    with pytest.raises(ProviderError) as raised:
        hosted(server, monkeypatch).chat("Hello", thread_id="t")
    assert raised.value.code == "too_long"
    assert str(raised.value).startswith("the conversation is longer than openai:scripted can read; shorten")
    assert len(server.history) <= 4


def test_a_model_object_teaches_its_window_too() -> None:
    def answer(messages: list[Any]) -> Any:
        total = sum(len(str(m.content)) for m in messages)
        return ValueError("prompt is too long: 3000 tokens > 1000 maximum") if total > 4000 else "Fine."

    a = Assistant.from_dict(SPEC, model=Scripted(always=answer))
    for n in range(8):
        assert a.chat(f"{n} " + "w" * 900, thread_id="t").text == "Fine."


def test_a_known_window_is_never_overrun() -> None:
    model = Scripted(always="b" * 600, profile={"max_input_tokens": 2000})
    a = Assistant.from_dict({**SPEC, "memory": {"summarize": False}}, model=model)
    for n in range(10):
        events: list[Event] = list(a.stream(f"{n} " + "w" * 600, thread_id="t"))
        assert not [e for e in events if e.data.get("stage") == "memory"]
    assert max(sum(estimated(m.text) for m in sent) for sent in model.history) <= 2000
    assert model.history[-1][-1].text.startswith("9 ")
    assert len(model.history[-1]) > 2, "what fits is shown"


def test_what_outgrows_the_window_is_summarized() -> None:
    def answer(messages: list[Any]) -> str:
        return "They like blue." if "what must be remembered" in messages[0].text else "b" * 3000

    model = Scripted(always=answer, profile={"max_input_tokens": 8000})
    a = Assistant.from_dict(SPEC, model=model)
    for n in range(8):
        a.chat(f"{n} " + "w" * 3000, thread_id="t")
    assert "They like blue." in model.history[-1][0].text
    assert max(sum(estimated(m.text) for m in sent) for sent in model.history) <= 8000


def test_a_server_that_refuses_for_another_reason_is_asked_once(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.always = status(400, message="The model is not loaded")
    with pytest.raises(ProviderError) as raised:
        hosted(server, monkeypatch).chat("Hello")
    assert raised.value.code == "rejected" and len(server.history) == 1


def test_a_window_only_gets_smaller_and_never_nothing() -> None:
    window = Window()
    for _ in range(30):
        before = window.tokens
        error = too_long("Input is too long", "x")
        assert error is not None
        window.learn(error, 5000)
        assert window.room and (before is None or (window.tokens or 0) <= before)


def test_an_open_call_of_the_last_exchange_keeps_its_result() -> None:
    messages: list[AnyMessage] = [
        HumanMessage("old " + "w" * 3000),
        call("look", id="c1"),
        ToolMessage("r" * 3000, tool_call_id="c1"),
        AIMessage("seen"),
        HumanMessage("new"),
        call("look", id="c2"),
        ToolMessage("r" * 3000, tool_call_id="c2"),
    ]
    kept = fitted(messages, 700, estimated)
    assert [type(m).__name__ for m in kept] == ["HumanMessage", "AIMessage", "ToolMessage"]
    assert kept[0].text == "new" and len(kept[2].text) < 3000
