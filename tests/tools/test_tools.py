"""Tools: the spec classes of the contract's types, the registry, and tools that cannot run here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gptsmith.assistants.format.spec import TOOL_TYPES, load_tool_types
from gptsmith.errors import ToolError, UsageError
from gptsmith.tools import ToolContext, make_tools, not_ready, register_tool

CONTEXT = ToolContext(Path(), Path())

DEFAULTS: dict[str, dict[str, Any]] = {
    "image_generation": {
        "model": "embedded", "size": None, "steps": None, "guidance_scale": None, "sampler": None, "seed": None,
        "count": 1, "negative_prompt": None, "caption_upsampling": True, "embed_parameters": True,
    },
    "image_captioning": {"model": "embedded", "detail": "descriptive"},
    "image_recognition": {"model": "embedded", "labels": []},
    "mcp": {"url": "https://example.org/mcp", "command": None, "headers": {}, "env": {}, "tools": None},
    "openapi": {"schema_": "./api.yaml", "server": None, "headers": {}, "operations": None, "oauth": None},
    "python": {"ref": "./tools.py:price", "network": False, "timeout_seconds": 30, "memory_mb": 1024},
    "code": {"packages": ["pandas", "matplotlib"], "timeout_seconds": 30, "memory_mb": 1024},
    "web": {"search": None, "max_results": 5},
}  # fmt: skip
REQUIRED = {
    "mcp": {"url": "https://example.org/mcp"},
    "openapi": {"schema": "./api.yaml"},
    "python": {"ref": "./tools.py:price"},
}


@pytest.mark.parametrize("kind", sorted(DEFAULTS))
def test_a_type_has_the_fields_and_defaults_of_the_contract(kind: str) -> None:
    tool = load_tool_types()[kind].model_validate({"type": kind, **REQUIRED.get(kind, {})})
    common = {"type": kind, "name": kind, "description": "", "requires_approval": False, "max_calls": None}
    assert tool.model_dump() == common | DEFAULTS[kind]


@pytest.mark.parametrize(
    "data",
    [
        {"type": "image_generation", "count": 9},
        {"type": "image_generation", "count": "2"},
        {"type": "image_generation", "size": "big"},
        {"type": "image_generation", "sampler": "magic"},
        {"type": "image_generation", "colour": "blue"},
        {"type": "image_generation", "caption_upsampling": {"top": 1}},
        {"type": "image_captioning", "detail": "long"},
        {"type": "mcp"},
        {"type": "mcp", "url": "https://example.org", "command": ["x"]},
        {"type": "openapi"},
        {"type": "web", "search": {"provider": "searxng"}},
        {"type": "web", "search": {"provider": "brave", "url": "https://x.example"}},
        {"type": "web", "search": {"provider": "brave", "api_key": "plain"}},
        {"type": "python", "ref": "tools.price"},
        {"type": "python", "ref": "tools.py:price", "max_calls": 0},
    ],
)
def test_what_the_contract_does_not_allow_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load_tool_types()[data["type"]].model_validate(data)


CANNOT_RUN = {
    "mcp": {"url": "${env:NO_SUCH_SERVER}"},
    "openapi": {"schema": "./no-such.yaml"},
    "code": {"packages": ["no_such_package"]},
    "web": {"search": {"provider": "brave", "api_key": "${env:NO_SUCH_KEY}"}},
}
CALLS = {
    "image_generation": ["count", "image", "mode", "request", "seed"],
    "image_captioning": ["detail", "image"],
    "image_recognition": ["image", "labels"],
    "mcp": ["request"],
    "openapi": ["request"],
    "python": ["request"],
    "code": ["code"],
    "web": ["request"],
}


@pytest.mark.parametrize("kind", sorted(CALLS))
@pytest.mark.usefixtures("no_picture_weights")
def test_a_tool_that_cannot_run_is_offered_and_says_so(kind: str) -> None:
    data = {"type": kind, "name": "my_tool", **REQUIRED.get(kind, {}), **CANNOT_RUN.get(kind, {})}
    spec = load_tool_types()[kind].model_validate(data)
    error = not_ready(spec, CONTEXT)
    codes = {
        "mcp": "missing_variable",
        "openapi": "bad_document",
        "python": "bad_function",
        "code": "missing_package",
        "web": "missing_variable",
    }
    code = codes.get(kind, "missing_weights")
    assert error is not None and (error.code, error.exit_code) == (code, 4)
    tool = make_tools(spec, CONTEXT).tools()[0]
    assert tool.name == "my_tool"
    assert sorted(tool.args) == CALLS[kind]
    assert tool.metadata and tool.metadata["unavailable"].startswith("The tool my_tool is not available here: ")
    arguments = {"request": "x", "image": "img_1", "code": "1"}
    with pytest.raises(ToolError, match="is not available here"):
        tool.invoke({k: v for k, v in arguments.items() if k in tool.args})


def test_a_program_registers_its_own_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptsmith.assistants.format.spec.TOOL_TYPES", TOOL_TYPES)

    def price(tile: str, pieces: int = 1) -> int:
        """Return the price of tiles in cents."""
        return len(tile) * pieces

    register_tool(price)
    spec = TOOL_TYPES["price"].model_validate({"type": "price", "name": "tile_price", "description": "What it costs."})
    try:
        tool = make_tools(spec, CONTEXT).tools()[0]
        assert (tool.name, tool.description) == ("tile_price", "What it costs.")
        assert tool.invoke({"tile": "blue", "pieces": 3}) == 12
        assert not_ready(spec, CONTEXT) is None
        with pytest.raises(ValidationError):
            TOOL_TYPES["price"].model_validate({"type": "price", "unknown": 1})
    finally:
        TOOL_TYPES.pop("price")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mcp", "'mcp' is one of gptsmith's own tool types; pass another name="),
        ("two words", "'two words' cannot be the name of a tool; pass name= with letters, digits, _ and -"),
    ],
)
def test_a_name_that_cannot_be_registered(name: str, message: str) -> None:
    load_tool_types()
    with pytest.raises(UsageError) as raised:
        register_tool(lambda request: request, name=name)
    assert str(raised.value) == message
