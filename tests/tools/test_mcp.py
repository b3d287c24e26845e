"""The `mcp` tool with real servers: stdio and streamable http, and everything that a server can do wrong."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from langchain_core.messages import AIMessage

pytest.importorskip("mcp")

from gptsmith import Assistant, NotReadyError, ToolError
from gptsmith.tools import ToolContext
from gptsmith.tools.mcp import Mcp, connection, make, stdio
from tests.support.scripted import Scripted

SERVER = str(Path(__file__).parents[1] / "support" / "mcp_server.py")
COMMAND = [sys.executable, SERVER]
SPEC = {"schema": "assistant/v1", "name": "Odd", "description": "Odd.", "instructions": "Be kind."}


def call(name: str, **args: Any) -> AIMessage:
    return AIMessage(content="", tool_calls=[{"name": name, "args": args, "id": "call_1"}])


@pytest.fixture(scope="module")
def served() -> Iterator[Any]:
    """The tools of one running stdio server, by name; what its tools emit is in `.events`."""
    folder = Path(SERVER).parent
    events: list[Any] = []
    context = ToolContext(folder, folder, True, emit=lambda kind, data: events.append((kind, data)))
    toolset = make(Mcp.model_validate({"type": "mcp", "name": "odd", "command": COMMAND}), context)
    toolset.begin()
    yield lambda name: next(tool for tool in toolset.tools() if tool.name == f"odd_{name}")
    toolset.close()


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Any]:
    made: list[Assistant] = []

    def build(*answers: Any, trust: bool = True, **fields: Any) -> tuple[Assistant, Scripted]:
        model = Scripted(*answers)
        tool = {"type": "mcp", "name": "odd", **({"command": COMMAND} if "url" not in fields else {}), **fields}
        made.append(Assistant.from_dict({**SPEC, "tools": [tool]}, base_dir=tmp_path, model=model, trust=trust))
        return made[-1], model

    yield build
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("add", {"a": 2, "b": 3}, "5"),
        ("add", {"a": 2}, "3"),
        ("table", {}, '{\n  "rows": [\n    1,\n    2\n  ]\n}'),
        ("garbage", {}, "after all"),
    ],
)
def test_a_tool_of_a_server_is_called(tool: str, arguments: dict[str, Any], told: str, served: Any) -> None:
    assert served(tool).invoke(arguments) == told


def test_a_result_of_ten_megabytes_is_cut(served: Any) -> None:
    told = served("huge").invoke({})
    assert len(told) < 7000 and told.endswith("(Shortened: 9,994,000 more characters were left out.)")


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("add", {"a": "x"}, "a: expected integer, got 'x'"),
        ("add", {}, "missing: a"),
        ("fail", {}, "Error executing tool fail: no such person"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(tool: str, arguments: dict[str, Any], told: str, served: Any) -> None:
    with pytest.raises(ToolError) as raised:
        served(tool).invoke(arguments)
    assert raised.value.message == told


def test_pictures_files_and_orders_in_a_result(assistant: Any) -> None:
    a, model = assistant(call("odd_mixed"), "There.", tools=["mixed"])
    events = list(a.stream("Show me", thread_id="t"))
    (image,) = [e.data for e in events if e.type == "image"]
    assert Path(image["path"]).is_file() and image["tool"] == "odd"
    sent = model.history[1][-1].content
    assert sent.count("</tool_result>") == 1 and sent.endswith("</tool_result>")
    for part in (
        "[image img_1: a picture from odd] It is shown to the person.", "(A picture that cannot be ",
        "(A sound of 3 bytes, audio/wav, which cannot be played here.)", "notes: file:///notes.txt",
        "file:///a.txt:\ninside", "(A file, file:///a.zip, 3 bytes of application/zip",
    ):  # fmt: skip
        assert part in sent
    assert model.bound == ["odd_mixed"], "what the spec does not allow is not there"


def test_a_server_that_dies_in_a_call_is_started_again(assistant: Any) -> None:
    a, _ = assistant(call("odd_die"), "It died.", call("odd_add", a=1), "Two.")
    reply = a.chat("Die", thread_id="t")
    assert (reply.text, reply.tool_calls[0].status) == ("It died.", "error")
    assert "cannot be used (" in reply.tool_calls[0].result
    assert "its last words were: out of cheese" in reply.tool_calls[0].result
    reply = a.chat("And now?", thread_id="t")
    assert (reply.text, reply.tool_calls[0].result) == ("Two.", "2")


def test_a_server_that_changes_its_tools(assistant: Any) -> None:
    a, model = assistant(call("odd_grow"), "Grown.", call("odd_extra"), "Done.")
    a.chat("Grow", thread_id="t")
    assert "odd_extra" not in model.bound
    assert a.chat("More", thread_id="t").tool_calls[0].result == "more"
    assert "odd_extra" in model.bound


def test_a_slow_call_ends_and_its_progress_is_shown(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection.ServerConnection.call, "__defaults__", (0.5,))
    a, _ = assistant(call("odd_slow"), "Too slow.", call("odd_add", a=1), "Two.")
    events = list(a.stream("Wait", thread_id="t"))
    assert {"stage": "tools", "text": "odd: on the way"} in [e.data for e in events]
    result = events[-1].data["tool_calls"][0]
    assert result["result"] == f"The tool failed: {Path(sys.executable).name} did not answer within 0.5 seconds"
    assert a.chat("And now?", thread_id="t").tool_calls[0].result == "2", "the server is still there"


def test_a_secret_of_a_server_is_hidden(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cr3t-t0k3n")
    a, model = assistant(call("odd_secret"), "Hm.", env={"ODD_TOKEN": "${env:MY_TOKEN}"})
    reply = a.chat("Tell", thread_id="t")
    assert reply.tool_calls[0].result == "the token is •••"
    assert "s3cr3t" not in str(model.history) + str(a.history("t"))


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["no-such-program-here"], "no-such-program-here"),
        ([*COMMAND, "broken"], "its last words were: the configuration is missing"),
        ([*COMMAND, "mute"], "did not "),
    ],
)
def test_a_server_that_does_not_start_is_said_and_the_turn_goes_on(
    command: list[str], why: str, assistant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 3.0 if command[-1] == "mute" else 20.0)
    a, model = assistant("Hello.", "Again.", command=command)
    assert a.chat("Hi", thread_id="t").text == "Hello."
    assert model.bound == ["odd"]
    assert "The tool odd is not available here: " in model.history[0][0].content
    assert why in model.history[0][0].content
    assert a.chat("Hi", thread_id="t").text == "Again."


def test_a_command_needs_trust(assistant: Any, tmp_path: Path) -> None:
    a, _ = assistant("Hello.", trust=False)
    with pytest.raises(NotReadyError) as raised:
        a.chat("Hi")
    assert raised.value.code == "trust_required"
    spec = Mcp.model_validate({"type": "mcp", "command": COMMAND})
    with pytest.raises(NotReadyError):
        make(spec, ToolContext(tmp_path, tmp_path)).tools()


def test_a_tool_that_the_server_does_not_have_is_said(tmp_path: Path) -> None:
    spec = Mcp.model_validate({"type": "mcp", "command": COMMAND, "tools": ["ad"]})
    toolset = make(spec, ToolContext(tmp_path, tmp_path, True))
    try:
        with pytest.raises(NotReadyError, match=r"the server has no tool ad; it has: add, table, fail"):
            toolset.tools()
    finally:
        toolset.close()


def test_a_closed_assistant_leaves_no_server_behind(assistant: Any) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    a, _ = assistant(call("odd_add", a=1), "Two.")
    a.chat("Add")
    started = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert started
    a.close()
    assert psutil.wait_procs(started, timeout=10)[1] == []


def test_an_assistant_that_nobody_closes_leaves_no_server_behind(tmp_path: Path) -> None:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    toolset = make(Mcp.model_validate({"type": "mcp", "command": COMMAND}), ToolContext(tmp_path, tmp_path, True))
    toolset.tools()
    started = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    del toolset
    gc.collect()
    assert started and psutil.wait_procs(started, timeout=10)[1] == []


@pytest.fixture(scope="module")
def over_http() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = subprocess.Popen([*COMMAND, "http", str(port)], stderr=subprocess.DEVNULL, env={**os.environ})
    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/mcp"
    running.kill()
    running.wait()


def test_a_server_over_http(over_http: str, assistant: Any) -> None:
    a, model = assistant(call("odd_add", a=4), "Five.", url=over_http, tools=["add"], trust=False)
    reply = a.chat("Add")
    assert (reply.tool_calls[0].result, model.bound) == ("5", ["odd_add"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/mcp", "{server}/nothing"])
def test_an_address_without_a_server(url: str, over_http: str, assistant: Any) -> None:
    address = url.format(server=over_http.removesuffix("/mcp"))
    a, model = assistant("Hello.", url=address, trust=False)
    assert a.chat("Hi").text == "Hello."
    assert "The tool odd is not available here: the server cannot be used (" in model.history[0][0].content


@pytest.mark.skipif(sys.platform == "win32", reason="there the SDK starts it")
def test_a_server_that_writes_an_endless_line_is_ended(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "MOST_BYTES", 2**20)
    one, model = assistant("It is not there.", command=[*COMMAND, "endless"])
    assert one.chat("Hello").text == "It is not there."
    assert "it writes a line of more than 1 MB" in model.history[0][0].content


def test_a_server_that_starts_slowly_is_told_of(assistant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SLOW_SECONDS", 0.05)
    one, _ = assistant("There.", command=[*COMMAND, "late"])
    said = [event.data.get("text", "") for event in one.stream("Hello") if event.type == "progress"]
    assert any(text.startswith("odd: ") and text.endswith("is starting") for text in said)
