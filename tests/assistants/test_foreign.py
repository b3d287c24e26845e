"""Assistants of other programs come over: small files of each shape, what is left behind, hostile ones refused."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.assistants.files.library import Library
from gptsmith.assistants.foreign import FORMATS, read_foreign
from gptsmith.assistants.foreign.character_card import into_png
from gptsmith.assistants.foreign.written import FORMS, write_foreign
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import UsageError
from tests.support.scripted import Scripted

API = {"openapi": "3.1.0", "info": {"title": "Tides", "version": "1"}, "servers": [{"url": "https://example.org"}],
       "paths": {"/tides": {"get": {"operationId": "getTides", "responses": {"200": {"description": "ok"}}}}},
}  # fmt: skip
CARD = {
    "name": "Mira", "description": "{{char}} keeps a lighthouse and likes {{user}}.", "personality": "calm",
    "scenario": "A storm.", "first_mes": "Come in, {{user}}.", "mes_example": "<START>\n{{user}}: Hi\n{{char}}: Hello.",
    "creator_notes": "A keeper of a lighthouse.", "system_prompt": "", "post_history_instructions": "Stay calm.",
    "alternate_greetings": ["Who is there?"], "tags": ["sea"], "creator": "Ana", "character_version": "1.1",
    "extensions": {"depth": 4},
    "character_book": {"entries": [
        {"keys": ["lamp"], "content": "The lamp of {{char}} burns whale oil.", "enabled": True},
        {"keys": ["cat"], "content": "There is a cat.", "enabled": False},
    ]},
}  # fmt: skip


def lc(*name: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", *name], "kwargs": kwargs}


def template(text: str, *names: str) -> dict[str, Any]:
    return lc("PromptTemplate", template=text, input_variables=list(names), template_format="f-string")


CASES: list[tuple[str, str, Any, dict[str, Any], list[str]]] = [
    (
        "OpenAI GPT", "gpt.json",
        {"gizmo": {"id": "g-1", "instructions": "Explain the tides. Keep {{this}}.", "display": {
            "name": "Tide Teller", "description": "Knows the sea.", "prompt_starters": ["High tide?", ""],
            "welcome_message": "Ahoy."}},
         "tools": [{"type": "browser"}, {"type": "dalle"}, {"type": "python"},
                   {"type": "plugins_prototype", "metadata": {"json_schema": API, "auth": {"type": "oauth"}}}],
         "files": [{"name": "chart.pdf"}], "surprise": 1},
        {"name": "Tide Teller", "description": "Knows the sea.", "instructions": "Explain the tides. Keep {{{{this}}.",
         "welcome_message": "Ahoy.", "conversation_starters": ["High tide?"],
         "tools": [{"type": "web"}, {"type": "image_generation"}, {"type": "code"},
                   {"type": "openapi", "name": "action_4", "schema": "./tide-teller.files/action-4.json"}]},
        ["the key of action 4", "file chart.pdf", "surprise", "gizmo.id"],
    ),
    (
        "OpenAI GPT", "assistant.json",
        {"object": "assistant", "id": "asst_1", "name": "Desk", "description": None, "instructions": "Help.",
         "model": "gpt-4o", "tools": [{"type": "file_search"}, {"type": "function", "function": {"name": "lookup"}}],
         "temperature": 0.2},
        {"name": "Desk", "instructions": "Help."},
        ["file_search", "lookup", "model gpt-4o", "id", "object", "temperature"],
    ),
    (
        "OpenAI GPT", "pasted.txt",
        "Name: Tide Teller\nDescription: Knows the sea.\n\nInstructions:\nExplain the tides.\n- Be brief.\n\n"
        "Conversation starters:\n- High tide?\n2. Low tide?\nCapabilities:\n- Web Search\nKnowledge:\n- chart.pdf\n",
        {"name": "Tide Teller", "instructions": "Explain the tides.\n- Be brief.",
         "conversation_starters": ["High tide?", "Low tide?"], "tools": [{"type": "web"}]},
        ["file chart.pdf"],
    ),
    (
        "HuggingChat", "chat.json",
        {"_id": "x", "name": "Baker", "description": "Bakes.", "preprompt": "Talk of bread.", "modelId": "org/big",
         "exampleInputs": ["Sourdough?"], "rag": {"allowAllDomains": False, "allowedLinks": ["https://example.org/bread"],
         "allowedDomains": []}, "dynamicPrompt": True, "generateSettings": {"temperature": 0.5}, "userCount": 9},
        {"name": "Baker", "instructions": "Talk of bread.", "conversation_starters": ["Sourdough?"],
         "knowledge": [{"name": "links", "description": "Pages that it answers from",
                        "urls": ["https://example.org/bread"]}]},
        ["model org/big", "temperature: 0.5", "dynamicPrompt", "_id", "userCount"],
    ),
    (
        "Open WebUI", "models.json",
        [{"id": "baker", "name": "Baker", "base_model_id": "big", "params": {"system": "Talk of bread.", "top_k": 3},
          "meta": {"description": "Bakes.", "suggestion_prompts": [{"content": "Sourdough?"}], "toolIds": ["oven"],
                   "capabilities": {"vision": True, "web_search": True}, "knowledge": [{"name": "Recipes"}],
                   "tags": [{"name": "food"}]}}],
        {"name": "Baker", "description": "Bakes.", "instructions": "Talk of bread.", "tools": [{"type": "web"}],
         "conversation_starters": ["Sourdough?"], "metadata": {"tags": ["food"]}},
        ["model big", "knowledge Recipes", "tool oven", "params.top_k", "id"],
    ),
    (
        "LibreChat", "agent.json",
        {"id": "agent_1", "name": "Baker", "description": "Bakes.", "instructions": "Talk of bread.",
         "provider": "openAI", "model": "gpt-4o", "tools": ["web_search", "execute_code", "oven_mcp"],
         "agent_ids": ["agent_2"],
         "conversation_starters": ["Sourdough?"], "model_parameters": {"temperature": 1}},
        {"name": "Baker", "instructions": "Talk of bread.", "tools": [{"type": "web"}, {"type": "code"}]},
        ["tool oven_mcp", "helper agent_2", "model openAI:gpt-4o", "model_parameters", "id"],
    ),
    (
        "LibreChat", "preset.json",
        {"presetId": "p", "title": "Baker", "endpoint": "openAI", "model": "gpt-4o", "promptPrefix": "Talk of bread.",
         "greeting": "Hello!", "temperature": 0.7},
        {"name": "Baker", "instructions": "Talk of bread.", "welcome_message": "Hello!"},
        ["model openAI:gpt-4o", "temperature", "presetId"],
    ),
    (
        "docker agent", "team.yaml",
        "version: '2'\nagents:\n  root:\n    model: big\n    description: Bakes.\n    instruction: Talk of bread.\n"
        "    sub_agents: [taster]\n    commands: {bake: Bake me a bread}\n    toolsets:\n"
        "      - {type: mcp, remote: {url: 'https://example.org/mcp', headers: {Authorization: Bearer x}}}\n"
        "      - {type: mcp, ref: 'docker:duckduckgo'}\n      - {type: think}\n      - {type: fetch}\n"
        "  taster:\n    model: big\n    description: Tastes.\n    instruction: Judge bread.\n"
        "models:\n  big: {provider: openai, model: gpt-4o, temperature: 0.1}\n",
        {"name": "Team", "description": "Bakes.", "instructions": "Talk of bread.",
         "conversation_starters": [{"title": "bake", "text": "Bake me a bread"}],
         "tools": [{"type": "mcp", "name": "mcp", "url": "https://example.org/mcp"}, {"type": "web"}]},
        ["model openai:gpt-4o", "temperature: 0.1", "headers and env of mcp", "toolset docker:duckduckgo",
         "toolset think", "helper taster"],
    ),
    (
        "M365 declarative agent", "declarativeAgent.json",
        {"$schema": "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.4/schema.json",
         "version": "v1.4", "name": "Baker", "description": "Bakes.", "instructions": "$[file('told.txt')]",
         "conversation_starters": [{"title": "Bread", "text": "Sourdough?"}], "disclaimer": {"text": "Hot."},
         "capabilities": [{"name": "WebSearch", "sites": [{"url": "https://example.org/bread"}]},
                          {"name": "GraphicArt"}, {"name": "Email"}], "actions": [{"id": "a", "file": "plugin.json"}]},
        {"name": "Baker", "instructions": "Talk of bread.", "disclaimer": "Hot.",
         "conversation_starters": [{"title": "Bread", "text": "Sourdough?"}], "tools": [{"type": "image_generation"}]},
        ["search below its sites", "capability Email", "action plugin.json", "$schema", "version"],
    ),
    (
        "Character Card", "mira.json", {"spec": "chara_card_v2", "spec_version": "2.0", "data": CARD},
        {"name": "Mira", "description": "A keeper of a lighthouse.", "welcome_message": "Come in, you.",
         "version": "1.1", "metadata": {"author": "Ana", "tags": ["sea"], "notes": "A keeper of a lighthouse."},
         "variables": {"user": {"description": "What the person is called", "default": "User"}}},
        ["greeting 2: Who is there?", "lorebook entry cat", "keywords of the lorebook", "extensions", "spec",
         "spec_version"],
    ),
    (
        "Character Card", "old.json",
        {"name": "Mira", "description": "Keeps a lighthouse.", "personality": "calm", "scenario": "",
         "first_mes": "Hi.", "mes_example": ""},
        {"name": "Mira", "welcome_message": "Hi.",
         "instructions": "You are Mira.\n\n# Who you are\nKeeps a lighthouse.\n\n# Personality\ncalm"},
        [],
    ),
    (
        "AGENTS.md", "AGENTS.md", "# Bread shop\n\nA small shop for bread.\n\n- Run `make` first, keep {{names}}.\n",
        {"name": "Bread shop", "description": "A small shop for bread."}, [],
    ),
    (
        "LangChain prompt", "translator.json",
        {"_type": "prompt", "input_variables": ["language"], "template": "Translate into {language}. Use {{braces}}."},
        {"name": "translator", "instructions": "Translate into {{language}}. Use {braces}.",
         "variables": {"language": {"description": "Stands for language", "default": ""}}},
        ["_type", "input_variables"],
    ),
    (
        "LangChain prompt", "chain.json",
        lc("RunnableSequence", first=lc("chat", "ChatPromptTemplate", input_variables=["topic", "question"], messages=[
            lc("chat", "SystemMessagePromptTemplate", prompt=template("You know {topic}.", "topic")),
            lc("chat", "MessagesPlaceholder", variable_name="history"),
            lc("chat", "HumanMessagePromptTemplate", prompt=template("{question}", "question"))]),
           last={"lc": 1, "type": "not_implemented", "id": ["x"]}),
        {"name": "chain", "instructions": "You know {{topic}}.",
         "variables": {"topic": {"description": "Stands for topic", "default": ""}}},
        ["what follows the prompt", "input_variables"],
    ),
]  # fmt: skip


def put(folder: Path, name: str, data: Any) -> Path:
    (folder / "told.txt").write_text("Talk of bread.", "utf-8")
    path = folder / name
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "name", "data", "becomes", "left"), CASES, ids=[f"{form} {name}" for form, name, *_ in CASES]
)
def test_an_assistant_comes_over_and_answers(
    tmp_path: Path, form: str, name: str, data: Any, becomes: dict[str, Any], left: list[str]
) -> None:
    made = read_foreign(put(tmp_path, name, data))[0]
    assert made.format == form
    assert [part.what for part in made.left] == left or sorted(part.what for part in made.left) == sorted(left)
    assert all(part.why for part in made.left)
    path = made.save(Library(tmp_path / "library"))
    written = load_file(path).spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for field, value in becomes.items():
        if field == "tools":
            assert [{k: tool.get(k) for k in one} for tool, one in zip(written["tools"], value, strict=True)] == value
        else:
            assert written.get(field) == value
    with Assistant.from_file(path, model=Scripted("Hello."), trust=True) as assistant:
        assert assistant.spec.instructions


def test_every_format_is_tried() -> None:
    tried = {form for form, *_ in CASES} | {"Agent Skill"}
    assert len(tried) == len(FORMATS)


def test_helpers_of_a_team_come_too_and_a_taken_id_is_numbered(tmp_path: Path) -> None:
    data = next(data for form, _, data, *_ in CASES if form == "docker agent")
    library = Library(tmp_path / "library")
    paths = [one.save(library).name for _ in range(2) for one in read_foreign(put(tmp_path, "team.yaml", data))]
    assert paths == [f"{id}.assistant.yaml" for id in ("team", "taster", "team-2", "taster-2")]


def test_a_skill_becomes_an_assistant_that_has_it(tmp_path: Path) -> None:
    folder = tmp_path / "bread-advice"
    (folder / "scripts").mkdir(parents=True)
    text = "---\nname: bread-advice\ndescription: Bakes bread.\n---\n\nKnead long.\n"
    (folder / "SKILL.md").write_text(text, "utf-8")
    (folder / "scripts" / "bake.py").write_text("print('baked')", "utf-8")
    (made,) = read_foreign(folder)
    path = made.save(Library(tmp_path / "library"))
    assert [part.what for part in made.left] == ["scripts of the skill"]
    with Assistant.from_file(path, model=Scripted("Knead.")) as assistant:
        assert assistant.chat("How?").text == "Knead."
    assert (path.with_name("bread-advice.files") / "bread-advice" / "scripts" / "bake.py").is_file()


# -- pictures with a card in them, and hostile files -------------------------------------------------------------------


def png(width: int = 1, height: int = 1, *more: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    texts = b"".join(chunk(b"tEXt", text) for text in more)
    return b"\x89PNG\r\n\x1a\n" + head + texts + chunk(b"IDAT", zlib.compress(b"\0\x20\x40\xff")) + chunk(b"IEND", b"")


def test_a_card_in_a_picture_brings_the_picture_without_its_words(tmp_path: Path) -> None:
    path = tmp_path / "mira.png"
    path.write_bytes(into_png({"spec": "chara_card_v2", "spec_version": "2.0", "data": CARD}, png()))
    (made,) = read_foreign(path)
    spec = made.save(Library(tmp_path / "library"))
    avatar = spec.with_name("mira.files") / "avatar.png"
    assert avatar.read_bytes() == png()
    assert load_file(spec).spec.avatar == "./mira.files/avatar.png"
    assert "whale oil" in (spec.with_name("mira.files") / "lore.md").read_text("utf-8")


def test_the_newer_card_of_two_is_taken(tmp_path: Path) -> None:
    def words(name: str, who: str) -> bytes:
        card = {"spec": f"chara_card_{name}", "data": {**CARD, "name": who}}
        key = b"ccv3" if name == "v3" else b"chara"
        return key + b"\0" + base64.b64encode(json.dumps(card).encode())

    path = tmp_path / "two.png"
    path.write_bytes(png(1, 1, words("v2", "Old"), words("v3", "New")))
    assert read_foreign(path)[0].spec["name"] == "New"


HOSTILE: list[tuple[str, bytes, str]] = [
    ("bomb.png", png(60_000, 60_000, b"chara\0e30="), "million pixels"),
    ("plain.png", png(), "holds no character card"),
    ("damaged.png", png(1, 1, b"chara\0***"), "is damaged"),
    ("flipped.png", png()[:40] + b"x" + png()[41:], "is damaged"),
    ("cut.png", png()[:50], "is cut off"),
    ("length.png", png()[:8] + b"\xff\xff\xff\xff" + png()[12:], "is cut off"),
    ("deep.json", b'{"a":' * 30_000 + b"1" + b"}" * 30_000, "nested too deeply"),
    ("fairly-deep.json", b'{"instructions": ' * 45 + b"1" + b"}" * 45, "nested too deeply"),
    ("many.json", b"[" + b"1," * 60_000 + b"1]", "too many values"),
    ("large.json", b'{"name": "' + b"x" * 4_100_000 + b'"}', "larger than 4 MB"),
    ("cut.json", b'{"name": "x', "is no JSON"),
    ("binary.txt", b"\xff\xfe\x00\x01", "neither UTF-8 text nor a PNG"),
    ("nul.txt", b"Name: x\0\nInstructions: y", "neither UTF-8 text nor a PNG"),
    ("alias.yaml", b"a: &a [1]\nb: *a\n", "cannot be imported"),
    ("poem.txt", b"Roses are red.", "it is none of: Character Card"),
    ("list.json", b"[1, 2]", "it is none of"),
]


@pytest.mark.parametrize(("name", "raw", "said"), HOSTILE, ids=[name for name, *_ in HOSTILE])
def test_what_is_hostile_or_foreign_to_all_is_refused(tmp_path: Path, name: str, raw: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(UsageError, match=said):
        read_foreign(path)


@pytest.mark.parametrize("odd", [None, 7, "x", [], [None, 7, ["x"]], {}, {"a": {"b": 1}}, True, "x" * 5000])
@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c[2], dict)], ids=lambda case: f"{case[0]} {case[1]}")
def test_odd_values_in_odd_places_break_nothing(tmp_path: Path, case: Any, odd: Any) -> None:
    _, name, data, *_ = case
    places = [(data, key) for key in data] + [(v, k) for v in data.values() if isinstance(v, dict) for k in v]
    for holder, key in places:
        kept = holder[key]
        holder[key] = odd
        try:
            for one in read_foreign(put(tmp_path, name, data)):
                assert one.spec["name"] and one.spec["instructions"]
        except UsageError:
            pass  # it is then no file of any format
        finally:
            holder[key] = kept


def test_files_outside_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    (tmp_path / "in").mkdir()
    data = {"version": "v1.4", "name": "Baker", "description": "x", "instructions": "$[file('../secret.txt')]"}
    (made,) = read_foreign(put(tmp_path / "in", "agent.json", data))
    assert "secret" not in made.text("baker") and "instructions in" in made.left[0].what


# -- and back ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_there_and_back(tmp_path: Path, form: str) -> None:
    spec = {"schema": "assistant/v1", "id": "baker", "name": "Baker", "description": "Bakes bread.",
            "instructions": "Talk of bread.\nBe brief.", "welcome_message": "Hello!", "conversation_starters": ["Rye?"],
            "tools": [{"type": "web"}, {"type": "image_captioning"}], "memory": {"facts": True}}  # fmt: skip
    path = tmp_path / "baker.assistant.yaml"
    path.write_text(json.dumps(spec), "utf-8")
    text, ending, left = write_foreign(load_file(path), form)
    names = {part.what for part in left}
    assert "memory" in names and ("welcome_message" in names) == (form != "character-card")
    assert ("tool image_captioning" in names) == (form == "openai-gpt")
    name = "AGENTS.md" if form == "agents-md" else f"baker{ending}"
    (tmp_path / "back").mkdir()
    (made,) = read_foreign(put(tmp_path / "back", name, text))
    assert made.spec["name"] == "Baker" and "Talk of bread.\nBe brief." in made.spec["instructions"]
    assert made.spec["description"] == "Bakes bread."
