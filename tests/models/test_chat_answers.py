"""Answers of chat models: streamed, with tools, cut, late, failed; every failure is one sentence with the fix."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.limits import Deadlines
from tests.support import loopback as lb
from tests.support.chat_server import DEAD, QUICK, WAYS, Card, every_way, maker, search_guide, spec, stream
from tests.support.loopback import Loopback


@pytest.fixture
def make(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseChatModel]:
    """Make a model on the loopback server, with quick deadlines."""
    return maker(loopback, monkeypatch)


# ---- answers


@every_way
def test_answer_with_settings(way: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push("A panel of blue tiles, made in 1755.")
    model = make(temperature=0.2, top_p=0.9, top_k=7, max_tokens=50, seed=3, stop=["END"], options={"min_p": 0.1})
    # the strict server refuses what OpenAI refuses; compatible servers take these in the body
    with pytest.raises(ProviderError) as caught:
        WAYS[way](model)
    assert str(caught.value) == (
        "openai:scripted refused the request: Unrecognized request argument supplied: min_p, top_k;"
        " check the model's name and settings"
    )
    answer = WAYS[way](make(temperature=0.2, top_p=0.9, max_tokens=50, seed=3, stop=["END"]))
    assert answer.content == "A panel of blue tiles, made in 1755."
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata is not None and answer.usage_metadata["total_tokens"] > 0
    sent = loopback.history[-1]
    assert {k: sent[k] for k in ("temperature", "top_p", "max_tokens", "seed", "stop")} == {
        "temperature": 0.2,
        "top_p": 0.9,
        "max_tokens": 50,
        "seed": 3,
        "stop": ["END"],
    }


@every_way
def test_tool_calls(way: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(lb.calls(text="Let me look.", search_guide={"query": "the ship, “1755”\nfull"}))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert answer.content == "Let me look."
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [
        ("search_guide", {"query": "the ship, “1755”\nfull"})
    ]
    assert answer.response_metadata["finish_reason"] == "tool_calls"
    call = answer.tool_calls[0]
    loopback.push("It was made in 1755.")
    history = [HumanMessage("hi"), AIMessage("", tool_calls=[call]), ToolMessage("1755", tool_call_id=call["id"])]
    assert make().bind_tools([search_guide]).invoke(history).content == "It was made in 1755."


CUT = '{"query": "the ship", "limit": 1'
NOT_RUN = [
    ("every", lb.bad_tool_json("search_guide", CUT), "tool_calls"),
    ("every", lb.calls(search_guide=CUT, finish="length"), "length"),
    ("every", lb.calls(search_guide={"query": "the ship"}, finish="length"), "length"),
    ("stream", lb.bad_tool_json("search_guide", '["the ship"]'), "tool_calls"),
    ("stream", lb.bad_tool_json("search_guide", '{"query": NaN}'), "tool_calls"),
]


@pytest.mark.parametrize(
    "way,answer,finish", [(w, a, f) for kind, a, f in NOT_RUN for w in WAYS if kind == "every" or kind in w]
)
def test_a_call_that_was_cut_never_runs(
    way: str, answer: lb.Answer, finish: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(answer)
    got = WAYS[way](make().bind_tools([search_guide]))
    assert got.tool_calls == []
    assert [c["name"] for c in got.invalid_tool_calls] == ["search_guide"]
    raw = answer.tool_calls[0][1]
    assert json.loads(got.invalid_tool_calls[0]["args"] or "") == (raw if isinstance(raw, str) else json.dumps(raw))
    assert got.response_metadata["finish_reason"] == finish
    # and the history with it does not poison the next turn: the strict server takes it
    loopback.push("Let me try again.")
    assert make().invoke([HumanMessage("hi"), AIMessage(**got.model_dump(exclude={"type"})), HumanMessage("and?")])


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_a_whole_answer_with_arguments_that_are_no_object(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(lb.bad_tool_json("search_guide", '["the ship"]'))
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make().bind_tools([search_guide]))
    assert caught.value.code == "bad_answer"


def test_stream_without_a_finish_reason_is_truncated(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(
        lb.close("The panel was made in", 1),
        lb.Answer(tool_calls=(("search_guide", {"query": "x"}),), cut="close", cut_after=9),
    )
    answer = stream(make())
    assert (answer.content, answer.response_metadata["finish_reason"]) == ("The panel wa", "truncated")
    call = stream(make().bind_tools([search_guide]))
    assert (call.tool_calls, len(call.invalid_tool_calls)) == ([], 1)


@pytest.mark.parametrize("way", ["stream", "astream"])
def test_an_answer_without_end_is_cut(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gptsmith.models.chat.guarded.LONGEST_ANSWER", 50_000)
    loopback.push(lb.huge(300_000))
    answer = WAYS[way](make())
    assert 50_000 < len(answer.content) < 100_000
    assert answer.response_metadata["finish_reason"] == "truncated"


def test_text_streams_before_the_end(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    go_on = threading.Event()
    loopback.push("Ready.", lb.Answer("one two three four five", piece=4, until=go_on))
    model = make()
    assert model.invoke("hi").content == "Ready."  # a model that does not think aloud is known from its first answer
    said = []
    for chunk in model.stream("hi"):
        said += [chunk.content] if chunk.content else []
        if said:
            go_on.set()  # the rest is not sent before the first piece is here
    assert len(said) == 6 and "".join(said) == "one two three four five"


# ---- deadlines, retries


@every_way
@pytest.mark.parametrize(
    "answer,quick,message",
    [
        (lb.stall(2), Deadlines(first_token=0.2, retries=0), "sent no first word within 0.2 seconds"),
        (lb.trickle("a b c d e", 1), Deadlines(between_tokens=0.2, retries=0), "stopped for 0.2 seconds in its answer"),
        (
            lb.trickle("a b c d e " * 9, 0.08),
            Deadlines(total=0.3, retries=0),
            "gave no whole answer within 0.3 seconds",
        ),
    ],
)
def test_deadlines(
    answer: lb.Answer, quick: Deadlines, message: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    if "invoke" in way:
        quick = Deadlines(total=0.3, retries=0)
        answer, message = lb.stall(2), "gave no whole answer within 0.3 seconds"
    loopback.push(answer)
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make(deadlines=quick))
    assert str(caught.value) == f"openai:scripted {message}; try again, or choose a faster model"
    assert caught.value.code == "timeout"


@every_way
@pytest.mark.parametrize(
    "first",
    [
        lb.status(429, retry_after=0.05),
        lb.status(429),
        lb.status(500),
        lb.status(503),
        lb.Answer("gone", cut="drop", cut_after=0),
    ],
)
def test_asked_again_before_the_first_token(
    first: lb.Answer, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(first, first, "third time")
    assert WAYS[way](make()).content == "third time"
    assert len(loopback.history) == 3


@every_way
@pytest.mark.parametrize(
    "answers,asked,code,message",
    [
        (
            [lb.status(429)] * 3,
            3,
            "rate_limited",
            "openai:scripted takes no more requests for now (HTTP 429); wait a little and try again",
        ),
        (
            [lb.status(429, retry_after=90)],
            1,
            "rate_limited",
            "openai:scripted takes no more requests for now (HTTP 429); try again in 90 seconds",
        ),
        (
            [lb.status(429, message="insufficient_quota: no more credit")],
            1,
            "rate_limited",
            "the account behind openai:scripted has no credit left; add credit, or choose another model",
        ),
        (
            [lb.status(502)] * 3,
            3,
            "unavailable",
            "openai:scripted failed on its side (HTTP 502); try again later, or add a fallback model",
        ),
        (
            [lb.status(404, message="The model `scripted` does not exist")],
            1,
            "rejected",
            "openai:scripted refused the request: The model `scripted` does not exist;"
            " check the model's name and settings",
        ),
    ],
)
def test_bounded_retries(
    answers: list[lb.Answer],
    asked: int,
    code: str,
    message: str,
    way: str,
    make: Callable[..., BaseChatModel],
    loopback: Loopback,
) -> None:
    loopback.push(*answers)
    loopback.always = "must not be asked"
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make())
    assert (str(caught.value), caught.value.code, len(loopback.history)) == (message, code, asked)


@every_way
def test_garbage(way: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(lb.garbage())
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make())
    assert caught.value.code == "bad_answer"
    assert str(caught.value).startswith("openai:scripted sent something that is not a chat answer (")


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("answer", [lb.drop("The panel was made in 1755.", 2), lb.trickle("The panel was", 1, piece=9)])
def test_never_asked_again_after_the_first_token(
    answer: lb.Answer, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(answer)
    loopback.always = "a second answer"
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make(deadlines=Deadlines(between_tokens=0.2, pause=0.01), fallback=["openai:other"]))
    assert caught.value.code in ("unavailable", "timeout")
    assert len(loopback.history) == 1


@every_way
def test_unreachable(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make_chat_model(ModelSpec(provider="openai", name="m", base_url=DEAD), deadlines=QUICK))
    assert str(caught.value) == "openai:m cannot be reached at 127.0.0.1; check the network and base_url"


def test_cancelling_closes_the_connection(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(lb.trickle("word " * 400, 0.02))
    model = make()

    async def some() -> int:
        seen = 0
        async for chunk in model.astream("hi"):
            seen += bool(chunk.content)
            if seen == 3:
                break
        return seen

    assert asyncio.run(some()) == 3


# ---- fallbacks


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A second server, reached by the name that the environment gives to OpenAI's address."""
    with Loopback("from the fallback", api_key="not-needed") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@every_way
def test_fallback(way: str, make: Callable[..., BaseChatModel], loopback: Loopback, other: Loopback) -> None:
    loopback.push(*[lb.status(500)] * 3)
    answer = WAYS[way](make(fallback=["openai:other"]).bind_tools([search_guide]))
    assert (answer.content, answer.response_metadata["answered_by"]) == ("from the fallback", "openai:other")
    assert other.history[0]["model"] == "other"
    assert [t["function"]["name"] for t in other.history[0]["tools"]] == ["search_guide"]


def test_all_fail(make: Callable[..., BaseChatModel], loopback: Loopback, other: Loopback) -> None:
    loopback.push(*[lb.status(500)] * 3)
    other.queue.clear()
    other.push(lb.status(404, message="no such model"))
    with pytest.raises(ProviderError) as caught:
        make(fallback=["openai:other"]).invoke("hi")
    assert str(caught.value) == (
        "openai:scripted failed on its side (HTTP 500); the fallback failed too: openai:other refused the request:"
        " no such model; check the model's name and settings"
    )


@every_way
@pytest.mark.parametrize("allowed", [False, True])
def test_fallback_to_a_host_is_asked_for(
    allowed: bool, way: str, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", loopback.api_key)
    loopback.push(lb.status(400, message="no"))
    asked: list[str] = []

    def allow(host: str) -> bool:
        asked.append(host)
        return allowed

    model = make_chat_model(spec(loopback, fallback=["openai:gpt-4o-mini"]), allow_hosted=allow, deadlines=QUICK)
    with pytest.raises(ProviderError) as caught:
        WAYS[way](model)
    refused = "openai:scripted refused the request: no"
    if allowed:  # no key is set for the fallback
        assert str(caught.value).startswith(f"{refused}; the fallback failed too: openai:gpt-4o-mini needs a key")
    else:
        assert str(caught.value) == (
            f"{refused}; the fallback openai:gpt-4o-mini was not asked, because that would send the conversation to"
            " api.openai.com; allow it with --allow-hosted or allow_hosted=True, or take it out of model.fallback"
        )
    assert asked == ["api.openai.com"]


# ---- structured output


def test_structured_output(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(lb.calls(Card={"title": "Panel of the ship", "year": 1755}))
    assert make().with_structured_output(Card).invoke("hi") == Card(title="Panel of the ship", year=1755)
    assert loopback.history[0]["tool_choice"] == "required"


@pytest.mark.parametrize(
    "answer,why",
    [
        ("I would rather chat.", ""),
        (lb.calls(Card={"title": "no year"}), ""),
        (lb.calls(Card='{"title": "Panel", "ye', finish="length"), ": its answer was cut"),
    ],
)
def test_structured_output_in_the_wrong_form(
    answer: lb.Scripted, why: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(answer, answer)
    for ask in ("invoke", "ainvoke"):
        chain = make().with_structured_output(Card)
        with pytest.raises(ProviderError) as caught:
            chain.invoke("hi") if ask == "invoke" else asyncio.run(chain.ainvoke("hi"))
        assert str(caught.value) == (
            f"openai:scripted did not answer in the form that was asked for{why};"
            " try again, or choose a model that is good at tool calls"
        )


# ---- in a graph


def test_in_create_agent(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    from langchain.agents import create_agent

    agent = create_agent(make(), tools=[search_guide], system_prompt="You are a guide.")
    loopback.push(lb.calls(search_guide={"query": "ship"}), "It was made in 1755.")

    async def run() -> list[str]:
        texts = []
        async for chunk, _ in agent.astream({"messages": [("user", "when?")]}, stream_mode="messages"):
            texts.append(chunk.text if isinstance(chunk, AIMessageChunk) else "")
        return texts

    texts = asyncio.run(run())
    assert "".join(texts) == "It was made in 1755."
    assert sum(bool(t) for t in texts) > 1, "the answer streams"
    assert loopback.history[1]["messages"][-1] == {
        "role": "tool",
        "content": "found ship",
        "tool_call_id": "call_1_0",
    }
    assert loopback.refused == []
