"""Recorded exchanges with a hosted model, played again over the wire: what is sent, and what becomes of the answers.

A cassette holds a spec (a shipped one by its id, or its own with its files), the person's messages, the model's answers
to each, and the requests in short. A change of a prompt fails here until somebody has read it:
`python -m tests.agent.test_runtime_hosted` writes the requests anew.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tools import tool

from gptsmith import Assistant, ProviderError, Reply
from gptsmith.assistants.format.spec import TOOL_TYPES
from gptsmith.models.chat.messages import unfence
from gptsmith.tools import register_tool
from gptsmith.ui.cli import run
from gptsmith.ui.web.parts import markdown
from tests.support.chat_server import QUICK
from tests.support.loopback import Answer, Body, Loopback

CASSETTES = sorted((Path(__file__).parents[1] / "cassettes" / "runtime").glob("*.json"))
SHIPPED = Path(__file__).resolve().parents[2] / "assistants" / "specs"
_NUMBER = re.compile(r"\[(\d+)\]")
_BLOCK = re.compile(r"<passages>.*?</passages>", re.DOTALL)


@tool
def tide_times(place: str, day: str) -> str:
    """Tells when the water is high and low at a place of the coast on a day."""
    if place.startswith("Nowhere"):
        raise ValueError(f"no tide table for {place}")
    return f"{place}, {day}: high water 04:12 and 16:40, low water 10:25 and 22:51."


@pytest.fixture(autouse=True)
def own_tool() -> Iterator[None]:
    register_tool(tide_times)
    yield
    TOOL_TYPES.pop("tide_times")


def short(history: list[Body]) -> list[list[str]]:
    """Return requests as lines, without what differs from day to day or with the search, each system message once."""
    seen: set[str] = set()
    requests = []
    for body in history:
        system, *rest = ["\n".join(_lines(message)) for message in body["messages"]]
        lines = [line for text in rest for line in text.split("\n")]
        requests.append([*(["system: (as before)"] if system in seen else system.split("\n")), *lines])
        seen.add(system)
        if body.get("tools"):
            requests[-1].append(f"(tools: {', '.join(t['function']['name'] for t in body['tools'])})")
    return requests


def _lines(message: Body) -> list[str]:
    text = message.get("content") or ""
    text = re.sub(r"(?m)^- Today is .*", "- Today is {today}.", text)
    text = _BLOCK.sub("<passages>…</passages>", text)
    if message["role"] == "assistant":
        text = _NUMBER.sub("[n]", text)
    asked = [f"{c['function']['name']}({c['function']['arguments']})" for c in message.get("tool_calls") or []]
    return f"{message['role']}: {'; '.join([text, *asked]) if asked else text}".split("\n")


def scripted(answer: Body) -> Any:
    """Return an answer for the loopback server: `[1]` becomes the number under which its passage stands today."""

    def answered(body: Body) -> Answer:
        passages = [p for m in body["messages"] for p in unfence(m.get("content") or "")[1] or []]

        def number(marker: re.Match[str]) -> str:
            phrase = answer.get("numbers", {}).get(marker.group(1))
            return marker.group() if phrase is None else f"[{next(p.id for p in passages if phrase in p.text)}]"

        calls = tuple((call["name"], call["arguments"]) for call in answer.get("calls", []))
        return Answer(_NUMBER.sub(number, answer.get("text", "")), calls)

    return answered


def assistant(cassette: Body, server: Loopback, folder: Path) -> Assistant:
    """Return the assistant of a cassette, its model on `server`; the key stands in the variable SERVER_KEY."""
    model = {"provider": "openai", "name": "scripted", "base_url": server.base_url, "api_key": "${env:SERVER_KEY}"}
    if isinstance(cassette["spec"], str):
        made = Assistant.from_file(SHIPPED / f"{cassette['spec']}.assistant.yaml")
        data = made.loaded.document.data
        return Assistant.from_dict({**data, "model": model}, base_dir=SHIPPED)
    for name, text in cassette.get("files", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return Assistant.from_dict({**cassette["spec"], "model": model}, base_dir=folder)


def play(cassette: Body, server: Loopback, folder: Path) -> tuple[list[Reply], list[str]]:
    """Play all turns; return the replies and the text as it was streamed."""
    replies, streamed = [], []
    with assistant(cassette, server, folder) as a:
        for turn in cassette["turns"]:
            server.push(*[scripted(answer) for answer in turn["answers"]])
            events = list(a.stream(turn["message"], thread_id="t"))
            assert events[-1].type == "done", (events[-1], server.refused)
            replies.append(Reply.model_validate(events[-1].data))
            streamed.append("".join(e.data["text"] for e in events if e.type == "text"))
    return replies, streamed


def read(path: Path) -> Body:
    cassette: Body = json.loads(path.read_text("utf-8"))
    return cassette


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_a_recorded_conversation(
    path: Path, loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_KEY", loopback.api_key)
    cassette = read(path)
    replies, streamed = play(cassette, loopback, tmp_path)
    assert loopback.refused == [] and not loopback.queue
    assert [r.text for r in replies] == streamed
    for turn, reply in zip(cassette["turns"], replies, strict=True):
        expect = turn["expect"]
        assert _NUMBER.sub("[n]", reply.text) == expect["text"]
        assert [[c.quote, c.verified] for c in reply.citations] == expect["quotes"]
        assert [[c.name, c.status] for c in reply.tool_calls] == expect["calls"]
    assert short(loopback.history) == cassette["requests"], (
        "a prompt has changed: read it, then python -m tests.agent.test_runtime_hosted"
    )
    today = date.today()
    assert f"- Today is {today:%A}, {today.day} {today:%B %Y}." in loopback.history[0]["messages"][0]["content"]


def test_a_model_that_obeys_a_file_can_do_no_harm(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer with the file's orders in it: no such tool, no such number, and nothing that loads or hides."""
    monkeypatch.setenv("SERVER_KEY", loopback.api_key)
    cassette = read(next(path for path in CASSETTES if path.stem == "workshop_obeys"))
    (reply,), _ = play(cassette, loopback, tmp_path)
    assert "collect.example.net" in reply.text, "the model did obey"
    page = markdown.safe(reply.text, {c.id: c.id for c in reply.citations})
    assert not re.search(r"(?<!\\)!\[", page), "a picture would be loaded"
    assert all("collect.example.net" in label for label in re.findall(r"(?<!\\)\[([^\]]+)\]\(http", page)), page
    for body in loopback.history:
        for message in body["messages"]:
            assert len(re.findall("</passages>", message.get("content") or "")) <= 1, "a file cannot end the block"


# -- from this machine to a host -----------------------------------------------------------------------------------

FALLING: dict[str, Any] = {
    "schema": "assistant/v1", "id": "falls", "name": "Falls", "description": "Knows.", "instructions": "Be kind.",
    "model": {"provider": "openai", "name": "local", "base_url": "http://127.0.0.1:9/v1", "fallback": ["openai:gpt-x"]},
}  # fmt: skip


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between the attempts."""
    monkeypatch.setattr("gptsmith.models.chat.limits.Deadlines", lambda: QUICK)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hosted")


@pytest.mark.usefixtures("quick")
def test_no_fallback_leaves_the_machine_without_leave() -> None:
    a = Assistant.from_dict(FALLING)
    assert (a.leaves_machine, a.fallback_hosts) == (None, ["api.openai.com"])
    with pytest.raises(ProviderError, match=r"not asked, because that would send the conversation to api\.openai\.com"):
        a.chat("Hi")


@pytest.mark.usefixtures("quick")
def test_a_fallback_with_leave_is_asked_for_once_and_says_where_text_goes() -> None:
    asked: list[str] = []
    a = Assistant.from_dict(FALLING, allow_hosted=lambda host: not asked.append(host))  # type: ignore[func-returns-value]
    for _ in range(2):
        events = list(a.stream("Hi", thread_id="t"))
        told = "openai:local did not answer. The conversation is sent to api.openai.com now."
        assert told in [e.data.get("text") for e in events if e.type == "progress"]
        assert "; the fallback failed too: " in events[-1].data["message"]  # no network in tests
    assert asked == ["api.openai.com"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("streamed", [True, False])
def test_a_reply_names_the_fallback_that_gave_it(streamed: bool) -> None:
    model = {**FALLING["model"], "fallback": ["embedded"]}
    a = Assistant.from_dict({**FALLING, "model": model})
    assert a.fallback_hosts == []
    events = list(a.stream("Hello"))
    reply = Reply.model_validate(events[-1].data) if streamed else a.chat("Hello")
    assert (reply.model, reply.finish_reason) == ("embedded", "stop")
    told = [e.data["text"] for e in events if e.type == "progress"]
    assert told == ["openai:local did not answer; embedded did."]


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ([], "Nothing leaves this machine."),
        (["--allow-hosted"], "Nothing leaves this machine, unless the model does not answer:"
         " then the conversation goes to api.openai.com."),
    ],
)  # fmt: skip
def test_the_terminal_says_where_a_fallback_leads(
    options: list[str], where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hosted")
    file = tmp_path / "falls.assistant.yaml"
    file.write_text(json.dumps(FALLING), "utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(["chat", str(file), *options]) == 0
    assert f"Model: openai:local. {where}\n" in capsys.readouterr().err


def accept() -> None:
    """Write requests and expectations of every cassette anew, for a person to read in the diff."""
    register_tool(tide_times)
    for path in CASSETTES:
        with Loopback() as server, tempfile.TemporaryDirectory() as folder:
            os.environ |= {"SERVER_KEY": server.api_key, "GPTSMITH_HOME": f"{folder}/home"}
            (Path(folder) / "spec").mkdir()
            cassette = read(path)
            replies, _ = play(cassette, server, Path(folder) / "spec")
            for turn, reply in zip(cassette["turns"], replies, strict=True):
                turn["expect"] = {
                    "text": _NUMBER.sub("[n]", reply.text),
                    "quotes": [[c.quote, c.verified] for c in reply.citations],
                    "calls": [[c.name, c.status] for c in reply.tool_calls],
                }
            cassette["requests"] = short(server.history)
            path.write_text(json.dumps(cassette, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    accept()
