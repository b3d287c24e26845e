"""Tools that reach further, from words: services, servers, code, the web, memory, approvals, skills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Builder
from gptsmith.agent.builder.language.requests import AttachedCall
from gptsmith.agent.builder.reach.offers import list_offers, try_call
from gptsmith.agent.builder.reach.wishes import wishes
from gptsmith.assistants.format.loader import load_file
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.chat.factory import make_chat_model
from tests.support.loopback import Loopback, calls
from tests.support.web_service import Reply, WebService

DOCUMENT = """openapi: 3.1.0
info: {title: Boat yard, version: "1"}
servers: [{url: "SERVER"}]
paths:
  /boats/{number}:
    get:
      operationId: getBoat
      summary: Look up one boat by its number
      parameters: [{name: number, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: It}}
    delete:
      operationId: cancelBoat
      summary: Cancel the repair of a boat
      parameters: [{name: number, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: Gone}}
  /berths:
    get: {operationId: listBerths, summary: List the berths, responses: {"200": {description: All}}}
"""
TIDES = "https://tides.example.org/mcp"
SPEC = """schema: assistant/v1
name: Yard desk
description: Answers questions about boats.
instructions: |
  You are the desk of a small yard.
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What a person may attach."""
    folder = tmp_path / "attached"
    (folder / "varnish").mkdir(parents=True)
    (folder / "varnish" / "SKILL.md").write_text(
        "---\nname: varnish\ndescription: Advises on varnish.\n---\nDo.\n", "utf-8"
    )
    (folder / "yard.yaml").write_text(DOCUMENT.replace("SERVER", "http://127.0.0.1:9"), "utf-8")
    (folder / "repairs.csv").write_text("boat,hours\nGull,3\n", "utf-8")
    (folder / "rates.py").write_text(
        'def rate(hours: int) -> int:\n    """Tell what hours cost."""\n    return hours * 60\n', "utf-8"
    )
    return folder


WANTED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "look up boats in our yard API, here is its document",
        "yard.yaml",
        {"tools": [{"type": "openapi", "name": "yard", "operations": ["getBoat"]}]},
    ),
    (
        "it looks up boats and cancels repairs in our yard API",
        "yard.yaml",
        {
            "tools": [
                {"type": "openapi", "operations": ["getBoat"]},
                {"type": "openapi", "operations": ["cancelBoat"], "requires_approval": True},
            ]
        },
    ),
    (
        "use my tide server https://tides.example.org/mcp and ask me before it sends anything",
        "",
        {"tools": [{"type": "mcp", "name": "tide", "url": "https://tides.example.org/mcp", "requires_approval": True}]},
    ),
    ("let it run Python on the CSV I attach", "repairs.csv", {"tools": [{"type": "code"}]}),
    (
        "it uses the MCP server `uvx mcp-server-time`",
        "",
        {"tools": [{"type": "mcp", "command": ["uvx", "mcp-server-time"]}]},
    ),
    (
        "use the MCP server `/opt/own/mcp-server-clock --utc`",
        "",
        {"tools": [{"type": "mcp", "name": "clock", "command": ["/opt/own/mcp-server-clock", "--utc"]}]},
    ),
    ("it searches the web for tides", "", {"tools": [{"type": "web"}], "missing": ["web search"]}),
    (
        "it searches the web with Brave",
        "",
        {
            "tools": [{"type": "web", "search": {"provider": "brave", "api_key": "${env:BRAVE_API_KEY}"}}],
            "missing": ["the key of Brave"],
        },
    ),
    ("remember what I tell it", "", {"facts": True}),
    ("use the attached skill", "varnish", {"skills": 1}),
    ("tell prices with the function rate", "rates.py", {"tools": [{"type": "python", "name": "rate"}]}),
    ("it looks up tickets in our ticket API", "", {"missing": ["the ticket API"]}),
    ("use our MCP server for tickets", "", {"missing": ["the MCP server"]}),
]  # fmt: skip


def check(spec: Any, missing: list[str], expect: dict[str, Any]) -> None:
    assert len(spec.tools) == len(expect.get("tools", []))
    for tool, wanted in zip(spec.tools, expect.get("tools", []), strict=True):
        said = tool.model_dump(by_alias=True, exclude_none=True)
        assert {key: said.get(key) for key in wanted} == wanted
    assert spec.memory.facts is expect.get("facts", False)
    assert len(spec.skills) == expect.get("skills", 0)
    assert [what for what in missing if what in expect.get("missing", [])] == expect.get("missing", [])


@pytest.mark.parametrize(("words", "attached", "expect"), WANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_words_become_tools_in_a_new_assistant(words: str, attached: str, expect: dict[str, Any], files: Path) -> None:
    built = Builder("embedded").build(
        f"A desk for a boat yard. {words[:1].upper()}{words[1:]}.", [files / attached] if attached else []
    )
    check(built.spec, [m.what for m in built.missing], expect)


@pytest.mark.parametrize(("words", "attached", "expect"), WANTED, ids=lambda v: v if isinstance(v, str) else "")
def test_words_become_tools_in_an_edit(
    words: str, attached: str, expect: dict[str, Any], files: Path, tmp_path: Path
) -> None:
    file = tmp_path / "yard.assistant.yaml"
    file.write_text(SPEC, "utf-8")
    change = Builder("embedded").edit(file, words, [files / attached] if attached else [])
    if change.words:
        change.apply()
    check(load_file(file).spec, [m.what for m in change.missing], expect)


@pytest.mark.parametrize(
    "words",
    [
        "It never searches the web and does not run Python.",
        "A tutor who explains how an API works and how to run Python.",
        "It reminds people to bring an anchor, remember to be short.",
        "Ask one question before you answer.",
        "It keeps boats and sails in order.",
        "It answers from https://example.org/tides.",
    ],
)
def test_words_that_reach_for_nothing(words: str) -> None:
    found = wishes(words, [], [], {})
    assert (found.tools, found.skills, found.remembers, found.missing) == ([], [], False, [])


def test_a_test_is_written_for_what_can_be_called(files: Path) -> None:
    built = Builder("embedded").build("A desk that looks up boats in our API.", [files / "yard.yaml"])
    calls_of = [test.expect.calls for test in built.spec.tests if test.expect.calls]
    assert calls_of == [[f"{built.spec.tools[0].name}_getBoat"]]
    assert built.spec.knowledge == []


@pytest.fixture
def server() -> Any:
    with Loopback() as running:
        yield running


def hosted(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setenv("KEY", server.api_key)
    spec = ModelSpec(provider="openai", name="scripted", base_url=server.base_url, api_key="${env:KEY}")
    return Builder(make_chat_model(spec))


@pytest.mark.parametrize(
    ("tool", "kept", "why"),
    [
        ({"schema": "yard.yaml", "operations": ["getBoat", "sinkBoat"]}, {"operations": ["getBoat"]}, ""),
        ({"schema": "yard.yaml", "operations": ["cancelBoat"]}, {"requires_approval": True}, ""),
        ({"schema": "https://evil.example/openapi.json"}, None, "Attach its OpenAPI document"),
        ({"schema": "yard.yaml", "server": "https://evil.example"}, None, "Say its address"),
        ({"type": "mcp", "url": "https://evil.example/mcp"}, None, "Give the address of its MCP server"),
        ({"type": "mcp", "command": ["sh", "-c", "id"]}, None, "Give the address of its MCP server"),
        ({"type": "mcp", "url": TIDES, "headers": {"Authorization": "Bearer abc"}}, None, "Keys never stand"),
        (
            {"type": "mcp", "url": TIDES, "headers": {"Authorization": "Bearer ${env:TIDES}"}},
            {"headers": {"Authorization": "Bearer ${env:TIDES}"}},
            "",
        ),
        ({"type": "python", "settings": {"ref": "../../secret.py:run"}}, None, "Attach the Python file"),
        ({"type": "assistant", "ref": "somebody-else"}, None, "Name the assistant"),
        ({"type": "code", "settings": {"packages": ["pandas"], "frobnicate": 1}}, {"packages": ["pandas"]}, ""),
    ],
)
def test_what_a_hosted_model_proposes_is_held_against_what_is_there(
    tool: dict[str, Any],
    kept: dict[str, Any] | None,
    why: str,
    server: Loopback,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draft = {
        "name": "Yard", "description": "Answers about boats.", "role": "You help.",
        "tools": [{"name": "reach", "description": "Reaches.", "type": "openapi", **tool}],
    }  # fmt: skip
    server.push(calls(Draft=draft))
    said = "A boat desk with the tide server at https://tides.example.org/mcp."
    built = hosted(server, monkeypatch).build(said, [files / "yard.yaml"])
    mine = [one.model_dump(by_alias=True, exclude_none=True) for one in built.spec.tools if one.name == "reach"]
    if kept is None:
        assert mine == []
        assert any(missing.how.startswith(why) for missing in built.missing)
    else:
        assert {key: mine[0].get(key) for key in kept} == kept
    asked = server.history[0]["messages"][1]["content"]
    assert "yard.yaml | get | getBoat | Look up one boat by its number" in asked


def test_the_offers_are_listed_and_one_is_tried(files: Path, tmp_path: Path) -> None:
    with WebService(**{"GET /berths": Reply({"free": ["B4"]})}) as service:
        document = files / "yard.yaml"
        document.write_text(DOCUMENT.replace("SERVER", service.url), "utf-8")
        file = tmp_path / "yard.assistant.yaml"
        file.write_text(f"{SPEC}tools:\n  - {{type: openapi, name: yard, schema: ./attached/yard.yaml}}\n", "utf-8")
        (offer,) = list_offers(load_file(file))
        assert list(offer.calls) == ["yard_getBoat", "yard_cancelBoat", "yard_listBerths"]
        assert offer.harmless == ["yard_listBerths"]
        assert service.seen == []
        assert "B4" in try_call(load_file(file), "yard_listBerths", {})
        with pytest.raises(GptsmithError, match="number"):
            try_call(load_file(file), "yard_getBoat", {})
        with pytest.raises(UsageError, match="there is no tool yard_sink"):
            try_call(load_file(file), "yard_sink", {})


def test_a_command_is_not_started_to_be_listed_without_trust(tmp_path: Path) -> None:
    file = tmp_path / "yard.assistant.yaml"
    file.write_text(f"{SPEC}tools:\n  - {{type: mcp, name: x, command: [touch, {tmp_path / 'ran'}]}}\n", "utf-8")
    (offer,) = list_offers(load_file(file))
    assert "--trust" in offer.why and not (tmp_path / "ran").exists()


def test_a_call_of_a_request_is_read_back_as_it_was() -> None:
    call = AttachedCall(file="a.yaml", method="get", id="getA", about="Get one | or two", sample="")
    from gptsmith.agent.builder.language.requests import BuildRequest, read_request

    asked = BuildRequest(description="x", calls=[call], skills={"varnish/": "Advises: on varnish."})
    read = read_request(asked.to_text())
    assert read is not None and read.skills == asked.skills and read.calls[0].id == "getA"
