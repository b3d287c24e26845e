"""What a model of this machine is asked to do: small tasks, with code that decides, or whole ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from PIL import Image
from pydantic import BaseModel

from gptsmith import Assistant, Builder, Pictures
from gptsmith.agent.builder.language.answers import ChangeSet
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import ProviderError, UsageError
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.local import engine as engines
from gptsmith.models.chat.local.chat_model import WHOLE_BYTES, find_local_model
from gptsmith.models.chat.local.engine import EngineAddress, LocalEngine
from gptsmith.models.shelf import Shelf
from gptsmith.models.shelf import shelf as shelves
from tests.support.loopback import Loopback
from tests.support.model_server import small_catalogue
from tests.support.tiny_gguf import CHATML, write_gguf

SAYS = "A comet is ice and dust."
SPEC = """
schema: assistant/v1
name: Night sky
description: A patient guide to the stars for children.
instructions: Explain with small words.
"""
WHOLE = {"tasks": "whole", "context": 65536}  # the model that is made here reads each letter as a token
TOOLS = (
    "{% if tools %}<|im_start|>system\nYou may call functions:\n<tools>{% for tool in tools %}\n{{ tool | tojson }}"
    "{% endfor %}\n</tools>\nFor each call, return a json object within tool_call tags:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n{% endif %}'
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}{% for c in m.tool_calls or [] %}"
    "\n<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(autouse=True)
def own_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Engines of this test alone, which end with it."""
    monkeypatch.setenv("GPTSMITH_MODELS", str(tmp_path / "models"))
    yield
    engines.stop_all_engines()


@tool
def draw(request: str) -> str:
    """Draw a picture."""
    return request


class Colour(BaseModel):
    """A colour."""

    name: str
    warm: bool = False


# -- which path --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "options", "whole"),
    [
        (5000, {}, False),
        (WHOLE_BYTES, {}, True),
        (5000, {"tasks": "whole"}, True),
        (WHOLE_BYTES, {"tasks": "small"}, False),
    ],
)
def test_the_path_of_an_own_file_is_told_by_its_size_unless_it_is_named(
    size: int, options: dict[str, Any], whole: bool, tmp_path: Path
) -> None:
    with (tmp_path / "my.gguf").open("wb") as file:
        file.write(b"GGUF")
        file.truncate(size)  # of which the disk keeps four bytes
    spec = ModelSpec(provider="local", name="./my.gguf", options=options)
    assert find_local_model(spec, base_dir=tmp_path).whole is whole


def test_the_catalogue_tells_the_path_of_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = small_catalogue({"small": {"w": b"GGUF"}}).models
    chat += small_catalogue({"large": {"w": b"GGUF"}}, whole_tasks=True).models
    chat += small_catalogue({"seer": {"w": b"GGUF"}}, kind="vision").models
    catalogue = small_catalogue({}).model_copy(update={"models": chat})
    monkeypatch.setattr(shelves, "catalogue", lambda: catalogue)
    for model in chat:
        (Shelf().root / model.name).mkdir(parents=True)
        (Shelf().root / model.name / "w").write_bytes(b"GGUF")
    found = {model.name: find_local_model(ModelSpec(provider="local", name=model.name)).whole for model in chat}
    assert found == {"small": False, "large": True, "seer": True}


def test_a_path_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model\.options\.tasks is 'all'; write whole or small, or leave it out"):
        make_chat_model(ModelSpec(provider="local", name="x", options={"tasks": "all"}), base_dir=tmp_path)


# -- small tasks -------------------------------------------------------------------------------------------------------


def test_a_small_file_of_ones_own_writes_within_what_code_decides(tmp_path: Path) -> None:
    write_gguf(tmp_path / "my.gguf", SAYS)
    (tmp_path / "notes.md").write_text("# Notes\n\nThe dome opens at nine.\n")
    more = "model: local:./my.gguf\nknowledge: [{name: notes, paths: [./notes.md]}]\n"
    guide = Assistant.from_yaml(SPEC + more, base_dir=tmp_path)
    free = guide.chat("Write two sentences about the moon.", thread_id="t")
    assert (free.text, free.model) == (SAYS, "local:./my.gguf") and free.remark
    found = guide.chat("When does the dome open?", thread_id="t")
    assert "nine" in found.text and found.citations


def test_the_builder_words_with_a_small_file_what_code_has_designed(tmp_path: Path) -> None:
    write_gguf(tmp_path / "my.gguf", SAYS)
    model = make_chat_model(ModelSpec(provider="local", name="./my.gguf"), base_dir=tmp_path)
    draft = Builder(model).build("A guide to the night sky for children. It never gives medical advice.")
    assert "medical advice" in str(draft.spec.instructions)
    assert list(engines.engines_folder().glob("*/prefixes/*")), "the model was asked for nothing"


# -- whole tasks -------------------------------------------------------------------------------------------------------


def whole(tmp_path: Path, says: str, template: str = CHATML) -> Any:
    write_gguf(tmp_path / "my.gguf", says, template=template, context=65536)
    return make_chat_model(ModelSpec(provider="local", name="./my.gguf", options=WHOLE), base_dir=tmp_path)


@pytest.mark.parametrize("says", ['{"name": "amber", "warm": true}', "Sure! I like amber a lot."])
def test_an_answer_is_held_to_its_schema_whatever_the_model_would_say(says: str, tmp_path: Path) -> None:
    asking = whole(tmp_path, says).with_structured_output(Colour, include_raw=True)
    answer = asking.invoke("Which colour?")
    assert re.match(r'\{\s*"name"\s*:\s*"', answer["raw"].text)
    if says.startswith("{"):
        assert answer["parsed"] == Colour(name="amber", warm=True) and answer["parsing_error"] is None


def test_an_answer_that_was_cut_is_none(tmp_path: Path) -> None:
    write_gguf(tmp_path / "my.gguf", '{"name": "amber and a little red"')
    spec = ModelSpec(provider="local", name="./my.gguf", options=WHOLE, max_tokens=4)
    with pytest.raises(ProviderError, match="did not answer in the form that was asked for: its answer was cut"):
        make_chat_model(spec, base_dir=tmp_path).with_structured_output(Colour).invoke("Which colour?")


def test_the_builder_drafts_and_changes_by_the_prompts_of_hosted_models(tmp_path: Path) -> None:
    draft = {
        "name": "Star Talk",
        "description": "Explains the night sky to children.",
        "role": "You are a patient guide to the night sky for children.",
        "emphasis": ["Never give medical advice."],
        "guidelines": ["Explain with small words."],
        "welcome_message": "Hello! Which star do you want to know?",
        "conversation_starters": ["What is a comet?", "Why does the moon change?"],
    }
    model = whole(tmp_path, json.dumps(draft))
    built = Builder(model).build("A guide to the night sky for children. Never give medical advice.")
    assert built.spec.name == "Star Talk"
    assert "Never give medical advice." in str(built.spec.instructions)
    file = tmp_path / "star-talk.assistant.yaml"
    built.save(file)
    engines.stop_all_engines()
    changed = ChangeSet.model_validate(
        {"changes": [{"op": "set", "path": "name", "value": "Moon Talk", "words": "It is called Moon Talk now."}]}
    )
    model = whole(tmp_path, changed.model_dump_json(exclude_defaults=True))
    change = Builder(model).edit(file, "call it Moon Talk")
    assert "+name: Moon Talk" in change.diff


def test_a_call_of_a_tool_is_parsed_and_one_of_no_tool_is_not_run(tmp_path: Path) -> None:
    says = '<tool_call>\n{"name": "draw", "arguments": {"request": "a red fish"}}\n</tool_call>'
    model = whole(tmp_path, says, TOOLS).bind_tools([draw])
    for answer in (model.invoke("Draw a red fish"), *_streamed(model, "Draw a red fish")):
        assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("draw", {"request": "a red fish"})]
        assert answer.text == ""
    engines.stop_all_engines()
    other = whole(tmp_path, says.replace("draw", "shell"), TOOLS).bind_tools([draw]).invoke("Draw a red fish")
    assert not [call for call in other.tool_calls if call["name"] != "draw"]


def _streamed(model: Any, words: str) -> list[Any]:
    whole = None
    for chunk in model.stream(words):
        whole = chunk if whole is None else whole + chunk
    return [whole]


# -- models that see: none is small enough to be made here, so a server on loopback stands for the engine --------------


@pytest.fixture
def seer(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """A vision model on the shelf, whose engine is the server on loopback."""
    data = small_catalogue({"seer": {"w.gguf": b"GGUF", "mmproj.gguf": b"GGUF"}}, kind="vision", sees=True).model_dump()
    data["models"][0]["files"][1]["part"] = "projector"
    catalogue = small_catalogue({}).model_validate(data)
    monkeypatch.setattr(shelves, "catalogue", lambda: catalogue)
    folder = Shelf().root / "seer"
    folder.mkdir(parents=True)
    for name in ("w.gguf", "mmproj.gguf"):
        (folder / name).write_bytes(b"GGUF")
    address = EngineAddress(loopback.base_url.removesuffix("/v1"), loopback.api_key, "1")
    monkeypatch.setattr(LocalEngine, "address", lambda _: address)
    return loopback


def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (64, 48), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


def shown(server: Loopback) -> list[str]:
    parts = server.history[-1]["messages"][-1]["content"]
    return [part["image_url"]["url"][:22] for part in parts if part["type"] == "image_url"]


def test_an_attached_picture_goes_to_an_engine_that_sees(seer: Loopback, tmp_path: Path) -> None:
    seer.push("It is red.")
    guide = Assistant.from_yaml(SPEC + "model: local:seer\n", base_dir=tmp_path)
    assert guide.chat("What is this?", files=[picture(tmp_path)]).text == "It is red."
    assert shown(seer) == ["data:image/png;base64,"]
    model = find_local_model(ModelSpec(provider="local", name="seer"))
    assert model.projector is not None and model.projector.name == "mmproj.gguf"


def test_a_caption_is_written_by_an_engine_that_sees(seer: Loopback, tmp_path: Path) -> None:
    seer.push("A red square.")
    assert Pictures(captioner="local:seer").caption(picture(tmp_path)) == "A red square."
    assert shown(seer) == ["data:image/png;base64,"]


def test_a_model_without_eyes_is_shown_no_picture(tmp_path: Path) -> None:
    model = whole(tmp_path, SAYS)
    assert model.profile["image_inputs"] is False
    assert model.invoke([HumanMessage("What is a comet?")]).text == SAYS
