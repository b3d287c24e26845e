"""What servers send that the protocol does not know: thinking in the text, calls as text, nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from gptsmith.errors import ProviderError
from gptsmith.models.chat.thinking import WAIT, Habit, Thinking, parted
from gptsmith.models.chat.tool_calls import CallText, read_calls
from tests.support import loopback as lb
from tests.support.chat_server import WAYS, every_way, maker, search_guide, stream
from tests.support.loopback import Answer, Loopback


@pytest.fixture
def make(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseChatModel]:
    """Make a model on the loopback server, with quick deadlines."""
    return maker(loopback, monkeypatch)


# ---- thinking

LONG = "So the visitor asks for the year. " * 30
THOUGHT = [
    ("<think>\nThey want a year.\n</think>\n\nIn 1755.", "In 1755."),
    ("They want a year.\n</think>\n\nIn 1755.", "In 1755."),
    (f"Okay, so {LONG}</think>In 1755.", "In 1755."),
    ("\n<THINK>A year.</THINK> In 1755.", "In 1755."),
    ("<thinking>A year?</thinking>In 1755.", "In 1755."),
    ("[THINK]A year?[/THINK]In 1755.", "In 1755."),
    ("◁think▷A year?◁/think▷In 1755.", "In 1755."),
    ("<|channel|>analysis<|message|>A year?<|end|><|start|>assistant<|channel|>final<|message|>In 1755.", "In 1755."),
    ("<think></think>In 1755.", "In 1755."),
    ("In 1755.\n<think>Is that all?</think>\nYes.", "In 1755.\nYes."),
]
SAID = [
    "In 1755.",
    "Write `<think>` before and `</think>` behind it.",
    "```xml\n<think>so</think>\n```\nThat is the form.",
    "a < b and b > c, [think] of it",
    "The tag <think> opens it, as a rule.",
]


@every_way
@pytest.mark.parametrize("text,said", THOUGHT)
def test_thinking_is_no_part_of_the_answer(
    text: str, said: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(text, piece=5))
    answer = WAYS[way](make())
    assert answer.content == said
    assert answer.response_metadata["finish_reason"] == "stop"
    assert "reasoning_content" not in answer.additional_kwargs, "what Ollama's client would send back"
    if "year" in text.lower():
        assert "year" in answer.additional_kwargs["thinking"].lower(), "it can be looked at"
    loopback.push("And?")
    make().invoke([HumanMessage("when?"), AIMessage(**answer.model_dump(exclude={"type"})), HumanMessage("and?")])
    assert "year" not in json.dumps(loopback.history[-1])


@every_way
@pytest.mark.parametrize("text", SAID)
def test_a_tag_that_is_spoken_of_stays(
    text: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(text, piece=3))
    assert WAYS[way](make()).content == text


@given(st.sampled_from([t for t, _ in THOUGHT] + SAID), st.lists(st.integers(0, 1200), max_size=9))
def test_however_the_text_is_cut_the_same_is_said(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    thinking = Thinking(Habit(wary=True))
    parts = [thinking.feed(text[a:b]) for a, b in pairwise(places)] + [thinking.end()]
    assert ("".join(p[0] for p in parts), "".join(p[1] for p in parts)) == parted(text, Habit(wary=True))


def test_a_model_is_known_from_its_answers(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    """One that thinks before the answer is never shown thinking; one that does not streams from the first word."""
    model = make()
    loopback.push("A year.</think>In 1755.", Answer(f"{LONG}</think>In 1755.", piece=20))
    assert model.invoke("when?").content == stream(model).content == "In 1755."
    loopback.push("In 1755.", Answer("In the year of the earthquake.", piece=5))
    plain = make()
    plain.invoke("when?")
    assert len([c for c in plain.stream("when?") if c.content]) == 6


@pytest.mark.parametrize("name", ["deepseek-r1:8b", "qwq", "org/Qwen3-4B-Thinking-2507", "phi-4-reasoning"])
def test_a_model_that_always_thinks_is_known_by_its_name(name: str) -> None:
    thinking = Thinking(Habit(name, wary=True))
    assert thinking.feed("The year is asked. " * 90) == ("", "")
    assert thinking.feed("</think>1755")[0] + thinking.end()[0] == "1755"


def test_a_server_that_parts_the_thinking_itself_streams_at_once(
    make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer("In the year of the earthquake.", thinking="A year?", piece=5))
    chunks = list(make().stream("when?"))
    assert len([c for c in chunks if c.content]) == 6
    assert [c.additional_kwargs["reasoning_content"] for c in chunks if c.additional_kwargs] == ["A yea", "r?"]


@pytest.mark.parametrize("text", ["Okay, so the user asks for it, and " + LONG, "<think>" + LONG])
def test_thinking_that_is_cut_is_not_shown(text: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(Answer(text, finish="length"))
    with pytest.raises(ProviderError) as caught:
        stream(make())
    assert str(caught.value) == (
        "openai:scripted came to its limit of length before it said anything;"
        " raise max_tokens under model, or choose a model that thinks less"
    )
    assert len(loopback.history) == 1, "asked again, it would think as long"


def test_what_waits_is_kept_when_the_answer_breaks_off(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(lb.drop("The panel was made in 1755.", 2))
    got = []
    with pytest.raises(ProviderError):
        for chunk in make().stream("when?"):
            got.append(chunk.content)
    assert "".join(map(str, got)) == "The panel was made in 17"[: 2 * 12]
    assert len(got[0]) < WAIT


# ---- calls as text

ARGS = '{"query": "the ship"}'
CALLS = [
    f'{{"name": "search_guide", "parameters": {ARGS}}}',
    f'{{"name": "search_guide", "arguments": {ARGS}}}',
    f'  {{"type": "function", "function": {{"name": "search_guide", "arguments": {ARGS}}}}}\n',
    f'[{{"name": "search_guide", "arguments": {ARGS}}}]',
    f'{{"tool_calls": [{{"id": "x", "function": {{"name": "search_guide", "arguments": {ARGS}}}}}]}}',
    f'```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```',
    f'```\n{{"name": "search_guide", "arguments": {ARGS}}}\n```\n',
    f'<tool_call>\n{{"name": "search_guide", "arguments": {ARGS}}}\n</tool_call>',
    f'<tool_call>{{"name": "search_guide", "arguments": {ARGS}}}',
    f'```xml\n<tool_call>{{"name": "search_guide", "arguments": {ARGS}}}</tool_call>\n```',
    f'<function_call>{{"name": "search_guide", "arguments": {ARGS}}}</function_call>',
    f'[TOOL_CALLS] [{{"name": "search_guide", "arguments": {ARGS}}}]',
    f'<|python_tag|>{{"name": "search_guide", "parameters": {ARGS}}}<|eom_id|>',
    f"<function=search_guide>{ARGS}</function>",
    "<tool_call>\n<function=search_guide>\n<parameter=query>\nthe ship\n</parameter>\n</function>\n</tool_call>",
    f'<think>\nI should look.\n</think>\n\n{{"name": "search_guide", "arguments": {ARGS}}}',
    f'I should look.</think><tool_call>{{"name": "search_guide", "arguments": {ARGS}}}</tool_call>',
]
BEHIND_WORDS = [
    ("I'll look that up.\n\n", f'```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```'),
    ("Sure! Let me search the guide for you:\n", f'```\n{{"name": "search_guide", "parameters": {ARGS}}}\n```\n'),
    ("That is a good question.\nI need to check the guide.\n", f'{{"name": "search_guide", "arguments": {ARGS}}}'),
    ("Ich schaue im Heft nach.\n", f'```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```'),
    ("Searching the guide…\n", f'```json\n[{{"name": "search_guide", "arguments": {ARGS}}}]\n```'),
]
NO_CALLS = [
    f'I would write:\n```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```',
    f'Let me show you an example:\n```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```',
    f'I will look.\n```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```\nThat is how it is done.',
    'Let me look.\n```json\n{"name": "Ada", "arguments": {"born": 1815}}\n```',
    'I\'ll write it as JSON.\n```json\n{"name": "Ada", "born": 1815}\n```',
    "Let me see:\n```python\nprint({})\n```\nDone.",
    "I'll begin.\n[1] is first, and `x` is next.",
    '{"name": "Ada", "arguments": {"query": "the ship"}}',
    '{"name": "search_guide", "year": 1755}',
    '{"name": "search_guide"}',
    f'{{"name": "search_guide", "arguments": {ARGS}}} is what I would call.',
    f'You would write:\n```json\n{{"name": "search_guide", "arguments": {ARGS}}}\n```',
    f'`<tool_call>{{"name": "search_guide", "arguments": {ARGS}}}</tool_call>` is the form.',
    f'The form is\n```\n<tool_call>{{"name": "search_guide", "arguments": {ARGS}}}</tool_call>\n```\nwith a name.',
    '{"year": 1755, "name": "search_guide"}',
    "{curly} words",
    "[1] is a number",
    '["a", "list"]',
    "```json\n{}\n```",
    "```\nplain code\n```",
    "",
]


@every_way
@pytest.mark.parametrize("text", CALLS)
def test_a_call_written_as_text_is_a_call(
    text: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(text, piece=4))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("search_guide", {"query": "the ship"})]
    assert (answer.content, answer.response_metadata["finish_reason"]) == ("", "tool_calls")
    loopback.push("In 1755.")
    history = [HumanMessage("when?"), answer, ToolMessage("1755", tool_call_id=answer.tool_calls[0]["id"])]
    assert make().bind_tools([search_guide]).invoke(history).content == "In 1755."


@every_way
@pytest.mark.parametrize("text", NO_CALLS[:-1])
def test_text_that_is_no_call_stays_text(
    text: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(text, piece=4))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert (answer.content, answer.tool_calls, answer.invalid_tool_calls) == (text, [], [])


@every_way
@pytest.mark.parametrize("text", CALLS[:6])
def test_without_tools_the_same_words_are_only_words(
    text: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(text)
    answer = WAYS[way](make())
    assert (answer.content, answer.tool_calls) == (text, [])


@every_way
@pytest.mark.parametrize("words, call", BEHIND_WORDS)
def test_a_call_behind_the_word_that_it_comes_is_a_call(
    words: str, call: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(words + call, piece=4))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("search_guide", {"query": "the ship"})]
    assert (answer.text.strip(), answer.response_metadata["finish_reason"]) == (words.strip(), "tool_calls")


@every_way
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'It was 1755.\n<tool_call>{{"name": "search", "arguments": {ARGS}}}</tool_call>', "It was 1755."),
        (f'<function_call>{{"name": "x", "arguments": {ARGS}}}</function_call>\nIn 1755.', "In 1755."),
        (f"In 1755.<function=search>{ARGS}</function>", "In 1755."),
        (f'So:\n```\n<tool_call>{{"name": "x", "arguments": {ARGS}}}</tool_call>\n```',) * 2,
        ("A <tool_call> opens it, and </tool_call> closes it.",) * 2,
        ('<tool_call>{"name": 7}</tool_call> is wrong.',) * 2,
    ],
)
def test_a_marked_call_is_not_shown_where_no_tool_was_offered(
    text: str, shown: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(text, piece=4))
    answer = WAYS[way](make())
    assert (answer.text.strip(), answer.tool_calls, answer.invalid_tool_calls) == (shown, [], [])


@every_way
@pytest.mark.parametrize("text", ['<tool_call>{"name": "search_guide", "arguments": {"que', '<tool_call>{"name"'])
def test_a_marked_call_that_cannot_be_read_never_runs(
    text: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(text)
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert (answer.content, answer.tool_calls, len(answer.invalid_tool_calls)) == ("", [], 1)


def test_a_call_that_was_cut_at_the_limit_never_runs(make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(Answer(CALLS[7], finish="length"))
    answer = stream(make().bind_tools([search_guide]))
    assert (answer.tool_calls, len(answer.invalid_tool_calls)) == ([], 1)


@given(
    st.sampled_from(CALLS[:15] + NO_CALLS + ["".join(parts) for parts in BEHIND_WORDS]),
    st.lists(st.integers(0, 200), max_size=9),
)
def test_however_it_is_cut_the_same_is_read(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    reader = CallText(["search_guide"])
    shown = "".join(reader.feed(text[a:b]) for a, b in pairwise(places))
    words, calls = reader.end()
    want_words, want = read_calls(text, ["search_guide"])
    assert shown + words == want_words
    assert [(c["name"], c["args"]) for c in calls] == [(c["name"], c["args"]) for c in want]


# ---- calls in the protocol's form, nearly


def _call(**function: Any) -> dict[str, Any]:
    return {"index": 0, "id": "c1", "type": "function", "function": function}


DELTAS: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([_call(name="search_guide", arguments={"query": "the ship"})], [{"query": "the ship"}]),
    (
        [_call(name="search_guide", arguments=part) for part in ('{"query"', ': "the sh', 'ip"}')],
        [{"query": "the ship"}],
    ),
    (
        [_call(name="search_guide", arguments=f'{{"query": "{x}"}}') | {"id": x} for x in "ab"],
        [{"query": "a"}, {"query": "b"}],
    ),
    (
        [
            {"index": 0, "type": "function", "function": {"name": "search_guide", "arguments": ""}},
            {"index": 0, "function": {"arguments": ARGS}},
        ],
        [{"query": "the ship"}],
    ),
    (
        [
            {"index": i, "id": "same", "type": "function", "function": {"name": "search_guide", "arguments": ARGS}}
            for i in (0, 1)
        ],
        [{"query": "the ship"}] * 2,
    ),
]  # fmt: skip


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("deltas,args", DELTAS)
def test_pieces_of_calls(
    deltas: list[dict[str, Any]], args: list[Any], way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(Answer(deltas=tuple({"tool_calls": [d]} for d in deltas), finish="tool_calls"))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("search_guide", a) for a in args]
    ids = [c["id"] for c in answer.tool_calls]
    assert all(ids) and len(set(ids)) == len(ids)
    loopback.push("In 1755.")
    results = [ToolMessage("1755", tool_call_id=id) for id in ids]
    assert make().bind_tools([search_guide]).invoke([HumanMessage("when?"), answer, *results]).content == "In 1755."


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_arguments_as_an_object_in_a_whole_answer(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "search_guide", "arguments": {"query": "the ship"}}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    loopback.push(Answer(raw=json.dumps(body).encode()))
    answer = WAYS[way](make().bind_tools([search_guide]))
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("search_guide", {"query": "the ship"})]


# ---- nothing

EMPTY = [
    (Answer(""), "openai:scripted gave no answer: what it sent is empty"),
    (Answer(" \n"), "openai:scripted gave no answer: what it sent is empty"),
    (Answer("", thinking="A year?"), "openai:scripted gave no answer: it only thought"),
    (Answer("<think>A year?</think>\n"), "openai:scripted gave no answer: it only thought"),
    (Answer("<think>A year?"), "openai:scripted gave no answer: it only thought"),
]


@every_way
@pytest.mark.parametrize("empty,message", EMPTY)
def test_an_empty_answer_is_asked_for_once_more(
    empty: Answer, message: str, way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    loopback.push(empty, "In 1755.")
    assert WAYS[way](make()).content == "In 1755."
    loopback.push(empty, empty)
    loopback.always = "must not be asked"
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make())
    assert (str(caught.value), caught.value.code) == (f"{message}; ask again, or choose another model", "bad_answer")
    assert len(loopback.history) == 4


@every_way
def test_a_filter_is_named(way: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.push(Answer("", finish="content_filter"))
    with pytest.raises(ProviderError, match="the content filter of openai:scripted held the answer back; ask in other"):
        WAYS[way](make())


@every_way
def test_after_a_tool_a_model_may_have_no_more_to_say(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    call = {"name": "search_guide", "args": {"query": "x"}, "id": "c1", "type": "tool_call"}
    history = [HumanMessage("when?"), AIMessage("", tool_calls=[call]), ToolMessage("1755", tool_call_id="c1")]
    loopback.push("", "")
    model = make().bind_tools([search_guide])
    answer = list(model.stream(history))[-1] if "stream" in way else model.invoke(history)
    assert (answer.content, len(loopback.history)) == ("", 2)


@pytest.mark.parametrize("way", ["stream", "astream"])
def test_a_server_that_takes_no_notice_of_stream(
    way: str, make: Callable[..., BaseChatModel], loopback: Loopback
) -> None:
    message = {"role": "assistant", "content": "In 1755."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    loopback.always = Answer(raw=json.dumps(body).encode(), kind="application/json")
    model = make()
    for asked in (2, 4, 5, 6):  # when that has happened twice, it is no longer asked to stream
        answer = WAYS[way](model)
        assert (answer.content, answer.response_metadata["finish_reason"]) == ("In 1755.", "stop")
        assert len(loopback.history) == asked


@every_way
def test_a_web_page_is_no_answer(way: str, make: Callable[..., BaseChatModel], loopback: Loopback) -> None:
    loopback.always = Answer(raw=b"<!doctype html><html><body>Log in</body></html>", kind="text/html")
    with pytest.raises(ProviderError) as caught:
        WAYS[way](make())
    assert str(caught.value) == (
        "openai:scripted answered with a web page instead of a chat answer;"
        " check that base_url is the address of a chat API, often ending in /v1, and needs no login page"
    )
    assert len(loopback.history) == (2 if "stream" in way else 1)
