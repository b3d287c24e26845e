"""`gptsmith mcp`, tried with the client of the official SDK."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("mcp")

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.memory import create_connected_server_and_client_session
from pydantic import AnyUrl

from gptsmith.ui.http.guard import Limits
from gptsmith.ui.http.keys import Keys
from gptsmith.ui.http.mcp_server import make_http_app, make_server
from gptsmith.ui.http.served import Served
from tests.support.http_door import serving, spec_file
from tests.support.scripted import Scripted, call

TALK = Callable[[ClientSession], Awaitable[Any]]


def talk(files: list[Path], model: Any, what: TALK) -> Any:
    """Connect the official client to a server in this process."""

    async def run() -> Any:
        server = make_server(Served(files, model=model))
        async with create_connected_server_and_client_session(server) as session:
            return await what(session)

    return asyncio.run(run())


def test_each_assistant_is_a_tool(tmp_path: Path) -> None:
    files = [spec_file(tmp_path, "night-sky"), spec_file(tmp_path, "desk")]

    async def what(session: ClientSession) -> Any:
        tools = (await session.list_tools()).tools
        answer = await session.call_tool("night_sky", {"request": "Hello"})
        wrong = await session.call_tool("night_sky", {"thread": "t1"})
        nobody = await session.call_tool("nobody", {"request": "Hello"})
        return tools, answer, wrong, nobody

    tools, answer, wrong, nobody = talk(files, Scripted("Good evening."), what)
    assert [tool.name for tool in tools] == ["night_sky", "desk"]
    assert (answer.isError, answer.content[0].text) == (False, "Good evening.")
    assert wrong.isError and "'request' is a required property" in wrong.content[0].text
    assert nobody.isError and "no assistant here is called 'nobody'" in nobody.content[0].text


def test_a_conversation_can_be_kept(tmp_path: Path) -> None:
    model = Scripted("Hello Ana.", "Ana.", "Who?")

    async def what(session: ClientSession) -> None:
        for request, more in (("I am Ana", {"thread": "t"}), ("Who am I?", {"thread": "t"}), ("Who am I?", {})):
            assert not (await session.call_tool("desk", {"request": request, **more})).isError

    talk([spec_file(tmp_path)], model, what)
    assert [len(history) for history in model.history] == [2, 4, 2]


def test_pictures_and_progress(tmp_path: Path) -> None:
    tool = {"type": "image_generation", "name": "draw", "steps": 1, "caption_upsampling": False}
    heard: list[str] = []

    async def progress(_number: float, _total: float | None, message: str | None) -> None:
        heard.append(message or "")

    async def what(session: ClientSession) -> Any:
        return await session.call_tool("desk", {"request": "Draw"}, progress_callback=progress)

    answer = talk([spec_file(tmp_path, tools=[tool])], Scripted(call("draw", request="a red circle"), "Here."), what)
    assert [block.type for block in answer.content] == ["text", "image"]
    assert answer.content[1].mimeType == "image/png"
    assert "Calling draw" in heard


def test_knowledge_is_read_and_cited(tmp_path: Path) -> None:
    (tmp_path / "the guide.md").write_text("# Ship\n\nThe panel of the ship was painted in 1755 by Antunes.\n")
    (tmp_path / "secret.txt").write_text("nobody's business")
    spec = spec_file(tmp_path, knowledge=[{"name": "guide", "paths": ["./the guide.md"], "mode": "always"}])

    async def what(session: ClientSession) -> Any:
        (resource,) = (await session.list_resources()).resources
        text = (await session.read_resource(resource.uri)).contents[0]
        answer = await session.call_tool("desk", {"request": "When was the panel of the ship painted?"})
        for other in (
            "gptsmith://desk/secret.txt",
            "gptsmith://desk/../secret.txt",
            "gptsmith://nobody/x",
            "file:///x",
        ):
            with pytest.raises(Exception, match=r"no such|is called"):
                await session.read_resource(AnyUrl(other))
        return resource, text, answer

    resource, text, answer = talk([spec], Scripted("It was painted in 1755 [1]."), what)
    assert resource.name == "the guide.md" and "1755" in text.text
    assert '[1] the guide.md: "' in answer.content[0].text


def test_starters_are_prompts(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, conversation_starters=["Hello", {"title": "Sketch", "text": "Draw a ship"}])

    async def what(session: ClientSession) -> Any:
        prompts = (await session.list_prompts()).prompts
        with pytest.raises(Exception, match="no prompt"):
            await session.get_prompt("desk_3")
        return prompts, await session.get_prompt("desk_2")

    prompts, second = talk([spec], Scripted(), what)
    assert [(prompt.name, prompt.title) for prompt in prompts] == [("desk_1", "Hello"), ("desk_2", "Sketch")]
    assert second.messages[0].content.text == "Draw a ship"


def test_over_standard_input_and_output(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, model="embedded")
    environment = {**os.environ, "GPTSMITH_MIND": "off", "GPTSMITH_FETCH": "off"}
    command = StdioServerParameters(command=sys.executable, args=["-m", "gptsmith", "mcp", str(spec)], env=environment)

    async def run() -> Any:
        async with stdio_client(command) as streams, ClientSession(*streams) as session:
            await session.initialize()
            return await session.call_tool("desk", {"request": "Hello"})

    answer = asyncio.run(run())
    assert not answer.isError and answer.content[0].text


def test_over_http_with_a_key(tmp_path: Path) -> None:
    keys = Keys()
    ana, bob = keys.add("ana"), keys.add("bob", ("other",))
    files = [spec_file(tmp_path), spec_file(tmp_path, "other")]

    async def run(url: str, key: str) -> Any:
        async with (
            httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client,
            streamable_http_client(f"{url}/mcp", http_client=client) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            return tools, await session.call_tool("desk", {"request": "Hello"})

    with serving(make_http_app(Served(files, model=Scripted("Good evening.")), keys, Limits())) as url:
        assert httpx.post(f"{url}/mcp", json={}, follow_redirects=True).status_code == 401
        tools, answer = asyncio.run(run(url, ana))
        assert (tools, answer.content[0].text) == (["desk", "other"], "Good evening.")
        tools, answer = asyncio.run(run(url, bob))
        assert tools == ["other"] and answer.isError


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "name the assistants to serve, or --library for all"),
        (["nobody-of-this-name"], "no assistant is called"),
        (["{spec}", "{spec}"], "are both called desk"),
        (["{spec}", "--http", "--host", "0.0.0.0"], "no key is set"),
    ],
)
@pytest.mark.parametrize("command", ["mcp", "serve"])
def test_what_cannot_be_served_is_said(tmp_path: Path, command: str, args: list[str], said: str) -> None:
    spec = str(spec_file(tmp_path))
    words = [arg.format(spec=spec) for arg in args if command == "mcp" or arg != "--http"]
    environment = {**os.environ, "GPTSMITH_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "gptsmith", command, *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 2 and said in done.stderr
