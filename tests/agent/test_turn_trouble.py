"""Trouble in a turn: whatever a model, a file or the disk does, it ends with a word about that, and nothing is torn."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGenerationChunk

from gptsmith import Assistant, GptsmithError, NotReadyError, ProviderError, UsageError
from gptsmith.agent.runtime.streaming import whole
from gptsmith.tools import register_tool
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {"schema": "assistant/v1", "name": "Tiles", "description": "Knows.", "instructions": "Be kind."}
RAN: list[Any] = []


def note(what: str, more: list[Any] | None = None) -> str:
    """Note something down."""
    RAN.append(what)
    return f"noted {what}"


@pytest.fixture(autouse=True)
def tools() -> None:
    register_tool(note)


class Pieces(Scripted):
    """Streams its text in the pieces that a server might."""

    pieces: list[str]

    def _stream(self, *_args: Any, **_about: Any) -> Iterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))


def assistant(*answers: Any, model: Any = None, **fields: Any) -> tuple[Assistant, Any]:
    model = model or Scripted(*answers)
    RAN.clear()
    return Assistant.from_dict({**SPEC, "tools": [{"type": "note"}], **fields}, model=model), model


def sent_as_json(model: Scripted) -> None:
    """Assert that what the model was sent can travel as a server's client sends it."""
    for messages in model.history:
        json.dumps([m.model_dump() for m in messages], ensure_ascii=False).encode()


# -- text that is no text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["A smile ", "\ud83d", "\ude00", " bye"], "A smile 😀 bye"),
        (["\ud83d", "\ude00"], "😀"),
        (["\ud83d", "\ud83d", "\ude00"], "\ufffd😀"),
        (["one \udc00 two"], "one \ufffd two"),
        (["end \ud83d"], "end \ufffd"),
        (["caf\udce9"], "caf\ufffd"),
    ],
)
@pytest.mark.parametrize("rails", [[], [{"type": "pii", "apply_to": ["output"]}]])
def test_halves_of_characters_in_a_stream(pieces: list[str], text: str, rails: list[Any]) -> None:
    a, _ = assistant(model=Pieces(pieces=pieces), guardrails=rails)
    events = list(a.stream("Hi", thread_id="t"))
    assert events[-1].type == "done" and events[-1].data["text"] == text
    assert "".join(e.data["text"] for e in events if e.type == "text") == text
    (turn,) = a.history("t")
    assert turn.reply and turn.reply.text == text


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_text_is_made_whole_and_whole_text_stays(text: str) -> None:
    pairs = re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda m: chr(_code(*map(ord, m.group()))), text)
    assert whole(text) == re.sub("[\ud800-\udfff]", "\ufffd", pairs)


def _code(high: int, low: int) -> int:
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)


def test_halves_of_characters_in_calls_results_and_messages(tmp_path: Path) -> None:
    file = tmp_path / "sailor\udce9.md"
    try:
        file.write_text("A ship.", "utf-8")
    except OSError:
        file = tmp_path / "sailor.md"
        file.write_text("A ship.", "utf-8")
    variables = {"who": {"description": "Who asks", "default": "me"}}
    a, model = assistant(
        call("note", what="\ud800 x", more=["\udc00", {"a": "\ud83d\ude00"}]), "Fine.", "Fine.", variables=variables,
        instructions="Help {{who}}.",
    )  # fmt: skip
    reply = a.chat("caf\udce9", thread_id="t", files=[str(file)], variables={"who": "An\udcffa"})
    assert (reply.text, [c.args for c in reply.tool_calls]) == (
        "Fine.",
        [{"what": "\ufffd x", "more": ["\ufffd", {"a": "😀"}]}],
    )
    assert RAN == ["\ufffd x"] and a.threads()[0].title == "caf\ufffd"
    assert a.chat("And?", thread_id="t").text == "Fine."
    sent_as_json(model)
    json.dumps([t.model_dump() for t in a.history("t")], ensure_ascii=False).encode()


def test_a_hosts_message_is_made_whole_too() -> None:
    a, model = assistant("Fine.")
    assert a.invoke([HumanMessage("caf\udce9")]).content == "Fine."  # type: ignore[attr-defined]
    sent_as_json(model)


# -- calls of tools ------------------------------------------------------------------------------------------------


def nested(depth: int) -> list[Any]:
    return [nested(depth - 1)] if depth > 1 else []


@pytest.mark.parametrize(("depth", "ran"), [(10, 1), (70, 0), (400, 0), (900, 0)])
def test_arguments_that_are_nested_deeply(depth: int, ran: int) -> None:
    deep = call("note", what="x", more=nested(depth))
    a, model = assistant(deep, deep, "Fine.")
    reply = a.chat("Go", thread_id="t")
    assert len(RAN) == ran * 2 and reply.finish_reason == ("stop" if ran else "truncated")
    model.answers[:] = ["I am back."]
    assert a.chat("Are you there?", thread_id="t").text == "I am back."


@pytest.mark.parametrize("ids", [(None, None), ("", ""), ("c", "c"), (None, "c")])
def test_calls_without_an_id_of_their_own(ids: tuple[str | None, str | None]) -> None:
    calls = [{"name": "note", "args": {"what": w}, "id": i} for w, i in zip("ab", ids, strict=True)]
    made = AIMessage(content="", tool_calls=calls)
    a, model = assistant(made, made, "Fine.", "I am back.")
    reply = a.chat("Go", thread_id="t")
    assert [(c.args["what"], c.result) for c in reply.tool_calls] == [("a", "noted a"), ("b", "noted b")] * 2
    assert len({c.id for c in reply.tool_calls}) == 4 and all(c.id for c in reply.tool_calls)
    assert a.chat("Are you there?", thread_id="t").text == "I am back."
    sent = [c["id"] for m in model.history[-1] if isinstance(m, AIMessage) for c in m.tool_calls]
    assert sent == [c.id for c in reply.tool_calls]


# -- what is raised ------------------------------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[[Any], Any]:
    def answer(_: Any) -> Any:
        raise error

    return answer


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), KeyError("sk-secret"), RecursionError(), MemoryError(), SystemExit(2), asyncio.CancelledError(),
     StopIteration(), AssertionError(), OSError(5, "sk-secret")],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_whatever_a_model_raises_is_told_and_stored(error: BaseException) -> None:
    a, _ = assistant(raising(error), "I am back.")
    turn = a.start_turn("Hi", thread_id="t")
    events = [event for _, event in a.turn_events(turn)]
    assert [e.type for e in events] == ["error"] and "secret" not in events[0].data["message"]
    (kept,) = a.history("t")
    assert (kept.message, kept.status, kept.error and kept.error["code"]) == ("Hi", "error", events[0].data["code"])
    assert a.chat("Are you there?", thread_id="t").text == "I am back."


def test_what_cannot_be_written_down_ends_the_turn_with_a_word() -> None:
    odd = AIMessage(content="Here.", usage_metadata={"input_tokens": 1, "output_tokens": 1, "total_tokens": 2})
    odd.tool_calls = [{"name": "note", "args": {"what": {1, 2}}, "id": "c1"}]
    a, _ = assistant(lambda _: odd, "I am back.")
    with pytest.raises(GptsmithError):
        a.chat("Hi", thread_id="t")
    assert [t.status for t in a.history("t")] == ["error"]
    assert a.chat("Are you there?", thread_id="t").text == "I am back."


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
BOMB = zlib.compress(b"x" * 70_000_000)


@pytest.mark.parametrize(
    "chunks",
    [
        HEAD + chunk(b"zTXt", b"Comment\0\0" + BOMB) + chunk(b"IEND", b""),
        HEAD + chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB) + chunk(b"IEND", b""),
        chunk(b"IHDR", b"\0\0\0\4") + chunk(b"IEND", b""),
        chunk(b"IHDR", b""),
        b"",
        HEAD[:12],
        HEAD + chunk(b"iCCP", b"p\0\0" + BOMB[:200]) + chunk(b"IDAT", b"no"),
    ],
    ids=["zTXt bomb", "iTXt bomb", "short head", "no head", "nothing", "cut", "odd profile"],
)
def test_a_picture_that_was_made_to_harm(chunks: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    a, _ = assistant("Nice.", "I am back.")
    try:
        assert a.chat("See", thread_id="t", files=[str(file)]).text == "Nice."
    except UsageError as error:
        assert "a.png cannot be read" in str(error)
        assert a.history("t") == []
    assert a.chat("Are you there?", thread_id="t").text in ("Nice.", "I am back.")


# -- the disk ------------------------------------------------------------------------------------------------------


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow: to SQLite a full disk, without one."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_no_message_is_lost_in_silence(tmp_path: Path) -> None:
    note_file = tmp_path / "note.md"
    note_file.write_text("A ship. " * 3000, "utf-8")
    a, _ = assistant(*["Fine."] * 9)
    a.chat("One", thread_id="t")
    with full_disk():
        for files in ([], [str(note_file)]):
            with pytest.raises(NotReadyError, match=r"your message was not kept: .*free disk space"):
                a.chat("Two", thread_id="t", files=files)
        assert [e.data["code"] for e in a.stream("Three", thread_id="t")] == ["storage"]
        turn = a.start_turn("Four", thread_id="t")
        ends = [e for _, e in a.turn_events(turn)]
        assert [e.type for e in ends] == ["error"] and "your message was not kept" in ends[0].data["message"]
        assert [e for _, e in a.turn_events(turn)] == ends, "whoever asks later reads the same"
        assert [(t.message, bool(t.error)) for t in a.history("t")] == [("One", False), ("Four", True)]
        assert a.running_turn("t") == ""
    assert a.chat("Five", thread_id="t").text == "Fine."
    assert list(a.turn_events(a.start_turn("Six", thread_id="t")))[-1][1].type == "done"
    assert [t.message for t in a.history("t")] == ["One", "Five", "Six"]


def test_a_disk_that_fills_up_while_a_turn_runs() -> None:
    full = full_disk()
    filled: list[Any] = []

    def fill() -> str:
        """Fill the disk."""
        filled.append(full.__enter__())
        return "full"

    register_tool(fill)
    b, _ = assistant(call("fill"), "The answer.", "I am back.", tools=[{"type": "fill"}])
    try:
        with pytest.raises(NotReadyError, match="the conversations cannot be stored"):
            b.chat("One", thread_id="t")
    finally:
        full.__exit__(None, None, None)
    assert filled and b.chat("Are you there?", thread_id="t").text in ("The answer.", "I am back.")
    assert [t.message for t in b.history("t")] == ["One", "Are you there?"]


def removed(folder: Path) -> None:
    for file in folder.glob("threads.sqlite*"):
        file.unlink()


def wiped(folder: Path) -> None:
    shutil.rmtree(folder.parent.parent)


@pytest.mark.parametrize("go", [removed, wiped])
@pytest.mark.parametrize("when", ["before", "inside"])
def test_a_file_that_is_deleted_takes_no_answer_with_it(go: Callable[[Path], None], when: str) -> None:
    places: list[Path] = []

    def vanish() -> str:
        """Delete it."""
        go(places[0])
        return "gone"

    register_tool(vanish)
    tools = [{"type": "vanish"}]
    answers = ["One."] + ([call("vanish")] if when == "inside" else []) + ["Two."]
    a, _ = assistant(*answers, tools=tools)
    places.append(a.folder)
    a.chat("First", thread_id="t")
    if when == "before":
        go(a.folder)
    assert a.chat("Second", thread_id="t").text == "Two."
    for seen in (a, assistant(tools=tools)[0]):
        (turn,) = seen.history("t")
        assert (turn.message, turn.reply and turn.reply.text, turn.status) == ("Second", "Two.", "stop")
    rows = a.engine.store.messages("t")
    assert [r.role for r in rows] == ["user", *(["assistant", "tool"] if when == "inside" else []), "assistant"]


def test_a_file_that_is_replaced_is_the_one_that_is_used() -> None:
    a, _ = assistant("One.", "Two.", "Three.")
    a.chat("First", thread_id="t")
    a.close()
    kept = a.folder.parent / "copy.sqlite"
    shutil.copy(a.engine.store.path, kept)
    a.chat("Second", thread_id="t")
    removed(a.folder)
    shutil.copy(kept, a.engine.store.path)
    a.chat("Third", thread_id="t")
    assert [t.message for t in a.history("t")] == ["First", "Third"]


def test_a_file_that_became_something_else_is_told() -> None:
    a, _ = assistant("One.", "Two.")
    a.chat("First", thread_id="t")
    removed(a.folder)
    a.engine.store.path.write_bytes(b"no database " * 1000)
    with pytest.raises(NotReadyError, match=r"threads\.sqlite was damaged: what could be read \(0 rows\) goes on"):
        a.chat("Second", thread_id="t")
    removed(a.folder)
    assert a.chat("Third", thread_id="t").text == "Two."
    a.close()


# -- how a provider ends an answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "refusal"])
def test_an_answer_that_a_content_filter_stopped(reason: str) -> None:
    a, _ = assistant(AIMessage(content="I", response_metadata={"finish_reason": reason}))
    reply = a.chat("Hi", thread_id="t")
    told = "(The provider's content filter stopped this answer. Ask in other words.)"
    assert (reply.text, reply.finish_reason) == (f"I\n\n{told}", "content_filter")
    assert a.history("t")[0].status == "content_filter"


def test_an_answer_that_a_content_filter_held_back() -> None:
    a, _ = assistant(AIMessage(content="", response_metadata={"finish_reason": "content_filter"}), "Fine.")
    with pytest.raises(ProviderError, match="the content filter of given:Scripted held the answer back; ask in other"):
        a.chat("Hi", thread_id="t")
    assert [(turn.message, turn.status) for turn in a.history("t")] == [("Hi", "error")]
    assert a.chat("Hi again", thread_id="t").text == "Fine."
