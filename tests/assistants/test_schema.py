"""The JSON Schema and the reference page: generated, and of one mind with the loader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from gptsmith.assistants.format import spec
from gptsmith.assistants.format.loader import load_text
from gptsmith.assistants.format.reader import read_yaml
from gptsmith.assistants.format.schema import json_schema, reference, schema_text
from gptsmith.assistants.format.spec import load_tool_types
from gptsmith.errors import SpecError

SMALL = "schema: assistant/v1\nname: Night sky\ndescription: Stars for children.\ninstructions: Explain.\n"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


GOOD = [
    SMALL,
    SMALL + "model: ollama:qwen3:8b\n",
    SMALL + "model: {provider: openai, name: gpt-4o-mini, temperature: 1, api_key: '${env:KEY:-x}'}\n",
    SMALL + "model:\n",
    SMALL + "variables: {city: {default: Porto, choices: [Porto, Lisboa], required: true}}\n",
    SMALL + "conversation_starters: [Hello, {title: a, text: b}]\n",
    SMALL + "knowledge: [{name: a, urls: ['https://example.org'], retrieval: {top_k: 50}, chunking: {size: 200}}]\n",
    SMALL + "tools: [{type: image_generation}, {type: image_generation, name: b, caption_upsampling: false}]\n",
    SMALL + "tools: [{type: image_generation, caption_upsampling: {temperature: 0.1}}]\n",
    SMALL + "tools: [{type: openapi, schema: 'https://example.org/a.json'}, {type: image_captioning, detail: short}]\n",
    SMALL + "memory: {history: none}\nlimits: {max_iterations: 1}\nguardrails: [{type: pii}]\n",
    SMALL + "tests: [{name: a, message: b, expect: {contains: [c], images: 0}}]\n",
    SMALL + "metadata: {anything: [1, {a: ~}]}\nx-a: 1\nx-builder: {locked: [name]}\n",
]
BAD = [
    "name: a\n",
    SMALL.replace("v1", "v2"),
    SMALL.replace("instructions", "instruction"),
    SMALL.replace("Explain.", "12"),
    SMALL.replace("Explain.", ""),
    SMALL + "instructions_file: a.md\n",
    SMALL + "id: A\n",
    SMALL + "y-a: 1\n",
    SMALL + "version: 1.0\n",
    SMALL + "model: 5\n",
    SMALL + "model: {name: x}\n",
    SMALL + "model: {provider: a, api_key: sk-x}\n",
    SMALL + "model: {provider: a, temperature: 2.1}\n",
    SMALL + "model: {provider: a, seed: '1'}\n",
    SMALL + "variables: {City: {}}\n",
    SMALL + "conversation_starters: [1]\n",
    SMALL + "conversation_starters: [{title: a}]\n",
    SMALL + "conversation_starters: ['']\n",
    SMALL + "knowledge: [{urls: ['https://example.org']}]\n",
    SMALL + "knowledge: [{name: a, urls: ['https://example.org'], mode: sometimes}]\n",
    SMALL + "knowledge: [{name: a}]\n",
    SMALL + "tools: [{type: nope}]\n",
    SMALL + "tools: [{name: a}]\n",
    SMALL + "tools: [image_generation]\n",
    SMALL + "tools: [{type: image_generation, count: 9}]\n",
    SMALL + "tools: [{type: image_generation, sise: 1x1}]\n",
    SMALL + "tools: [{type: openapi}]\n",
    SMALL + "tools: [{type: image_generation, max_calls: true}]\n",
    SMALL + "memory: {summarize: yes}\n",
    SMALL + "limits: {max_iterations: 0}\n",
    SMALL + "guardrails: [{type: pii, entities: [names]}]\n",
    SMALL + "tests: [{name: a, message: b}]\n",
    SMALL + "x-builder: {lock: []}\n",
]


@pytest.mark.parametrize(("text", "good"), [*((text, True) for text in GOOD), *((text, False) for text in BAD)])
def test_loader_and_schema_agree(text: str, good: bool, schema: dict[str, Any]) -> None:
    try:
        load_text(text, ".")
        loads = True
    except SpecError:
        loads = False
    assert loads is good
    assert Draft202012Validator(schema).is_valid(read_yaml(text).data) is good


def test_the_schema_is_a_schema_and_describes_every_field(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(schema_text()) == schema
    nodes = {"": schema, **{cls: schema["$defs"][cls] for cls in vars(spec) if cls in schema["$defs"]}}
    bare = [
        f"{name}.{field}"
        for name, node in nodes.items()
        for field, value in node.get("properties", {}).items()
        if not value.get("description")
    ]
    assert bare == []


def test_every_tool_type_is_in_the_schema(schema: dict[str, Any]) -> None:
    names = {ref["$ref"].rsplit("/", 1)[1] for ref in schema["properties"]["tools"]["items"]["anyOf"]}
    assert names == {cls.__name__ for cls in load_tool_types().values()}
    assert all(schema["$defs"][name]["properties"]["type"]["const"] in load_tool_types() for name in names)


class Payload(BaseModel):
    """What a caller hands in."""

    text: str = "a|b"
    count: int | None = None


def test_the_reference_names_every_field_and_the_payloads() -> None:
    page = reference([Payload])
    for name, node in json_schema()["$defs"].items():
        for field in node["properties"]:
            assert f"| `{field}` |" in page, f"{name}.{field}"
    for type_name in load_tool_types():
        assert f"## Tool `{type_name}`" in page
    assert page.endswith(
        "### Payload\n\nWhat a caller hands in.\n\n| field | type | default | meaning |\n|---|---|---|---|\n"
        '| `text` | text | `"a\\|b"` |  |\n| `count` | whole number |  |  |\n'
    )
    assert "| `top_k` | whole number, 1-50 |  | Passages at most; default: budget. |" in page
    assert reference() == reference()
