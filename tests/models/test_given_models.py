"""A chat model that a program passes in: what it leaves in its text is read as with every other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from gptsmith import Assistant
from gptsmith.errors import ProviderError
from gptsmith.models.chat.given import given
from gptsmith.models.chat.limits import Deadlines
from gptsmith.tools import register_tool
from tests.support.scripted import Scripted, call

SPEC = {"schema": "assistant/v1", "name": "A", "description": "D", "instructions": "I"}


class ChatX(BaseChatModel):
    """A model of somebody else's: answers in `pieces`, or whole; `seen` is what it was sent."""

    answers: list[list[str]]
    seen: list[Any]
    model_name: str = "x-large"

    @property
    def _llm_type(self) -> str:
        return "x"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self.bind(tools=[tool.name for tool in tools])

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        self.seen.append(messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="".join(self.answers.pop(0))))])


class Streaming(ChatX):
    """The same, piece by piece."""

    def _stream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.seen.append(messages)
        for piece in self.answers.pop(0):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


def pounds(stones: int) -> str:
    """Turn stones into pounds."""
    return f"{stones * 14} pounds"


KINDS = pytest.mark.parametrize("kind", [ChatX, Streaming])


@KINDS
@pytest.mark.parametrize(
    "pieces",
    [
        ["<think>SECRET plan</think>\n\nIt weighs ", "two stones."],
        ["<th", "ink>\nSEC", "RET</thi", "nk>It weighs two stones."],
        ["<thinking>SECRET</thinking>", "It weighs two stones."],
        ["[THINK]SECRET[/THINK]It weighs two stones."],
    ],
)
def test_thinking_is_neither_shown_nor_sent_again(kind: type[ChatX], pieces: list[str]) -> None:
    model = kind(answers=[pieces, ["Yes."]], seen=[])
    a = Assistant.from_dict(SPEC, model=model)
    events = list(a.stream("What does it weigh?", thread_id="t"))
    assert "SECRET" not in "".join(str(e.data) for e in events)
    assert (events[-1].data["text"], events[-1].data["finish_reason"]) == ("It weighs two stones.", "stop")
    assert a.chat("Sure?", thread_id="t").text == "Yes."
    assert "SECRET" not in str(model.seen[-1])


@KINDS
def test_a_thinker_that_never_opens_its_thinking_is_read_too(kind: type[ChatX]) -> None:
    model = kind(answers=[["SECRET plan", " of mine</think>", "Two stones."]], seen=[], model_name="my-r1-distill")
    events = list(Assistant.from_dict(SPEC, model=model).stream("What does it weigh?"))
    assert "SECRET" not in "".join(str(e.data) for e in events) and events[-1].data["text"] == "Two stones."


@KINDS
@pytest.mark.parametrize(
    "text",
    [
        '{"name": "pounds", "arguments": {"stones": 2}}',
        '```json\n{"name": "pounds", "parameters": {"stones": 2}}\n```',
        '<tool_call>\n{"name": "pounds", "arguments": {"stones": 2}}\n</tool_call>',
        '<think>SECRET</think><tool_call>{"name": "pounds", "arguments": {"stones": 2}}</tool_call>',
    ],
)
def test_a_call_written_as_text_runs(kind: type[ChatX], text: str) -> None:
    register_tool(pounds)
    model = kind(answers=[[text[:9], text[9:]], ["28 pounds."]], seen=[])
    a = Assistant.from_dict({**SPEC, "tools": [{"type": "pounds"}]}, model=model)
    reply = a.chat("What are two stones?")
    assert reply.text == "28 pounds."
    assert [(c.name, c.args, c.status) for c in reply.tool_calls] == [("pounds", {"stones": 2}, "ok")]


def test_calls_of_a_model_that_names_no_reason_of_its_end_still_run() -> None:
    register_tool(pounds)
    model = Scripted(call("pounds", stones=3), "42 pounds.")
    reply = Assistant.from_dict({**SPEC, "tools": [{"type": "pounds"}]}, model=model).chat("And three?")
    assert (reply.text, reply.finish_reason, reply.tool_calls[0].status) == ("42 pounds.", "stop", "ok")


@KINDS
def test_json_that_is_no_call_stays_the_answer(kind: type[ChatX]) -> None:
    register_tool(pounds)
    said = '{"name": "Ana", "age": 3}'
    model = kind(answers=[[said]], seen=[])
    a = Assistant.from_dict({**SPEC, "tools": [{"type": "pounds"}]}, model=model)
    assert a.chat("Give me JSON").text == said


class Overloaded(Exception):
    """What a client raises for a server that is overloaded, or does not know the way."""

    def __init__(self, status_code: int) -> None:
        super().__init__("no")
        self.status_code = status_code


class Failing(Streaming):
    """Raises first, in the middle of an answer when `begun`, then answers."""

    raised: list[Exception]
    begun: bool = False

    def _stream(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
    ) -> Iterator[ChatGenerationChunk]:
        self.seen.append(messages)
        if self.begun:
            yield ChatGenerationChunk(message=AIMessageChunk(content="It "))
        if self.raised:
            raise self.raised.pop(0)
        yield ChatGenerationChunk(message=AIMessageChunk(content="weighs two stones."))


@pytest.mark.parametrize(
    "raised, begun, asked, code",
    [
        (Overloaded(503), False, 2, ""),
        (Overloaded(503), True, 1, "unavailable"),
        (Overloaded(401), False, 1, "unauthorized"),
        (ConnectionError("gone"), False, 2, ""),
        (RuntimeError("a slip of its own"), False, 1, "unavailable"),
    ],
)
def test_what_fails_before_a_word_is_asked_again(raised: Exception, begun: bool, asked: int, code: str) -> None:
    model = Failing(answers=[], seen=[], raised=[raised], begun=begun)
    guarded = given(model, "x").model_copy(update={"deadlines": Deadlines(pause=0)})
    if code:
        with pytest.raises(ProviderError) as told:
            list(guarded.stream("What does it weigh?"))
        assert told.value.code == code
    else:
        assert "".join(part.text for part in guarded.stream("What does it weigh?")) == "weighs two stones."
    assert len(model.seen) == asked


class Silent(ChatX):
    """Never answers before it is let go."""

    let_go: Any

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        self.let_go.wait(20)
        return super()._generate(messages)


def test_a_model_that_never_answers_is_given_up() -> None:
    model = Silent(answers=[["Too late."]], seen=[], let_go=threading.Event())
    guarded = given(model, "x").model_copy(update={"deadlines": Deadlines(total=0.2, first_token=0.2)})
    with pytest.raises(ProviderError) as told:
        guarded.invoke("Are you there?")
    model.let_go.set()
    assert told.value.code == "timeout"


def test_a_model_is_guarded_once() -> None:
    once = given(Streaming(answers=[], seen=[]), "x")
    assert given(once, "x") is once
