"""Local models: which file is meant, how the engine's process lives and dies, what a writer may write."""

from __future__ import annotations

from pathlib import Path

import pytest
from langchain_core.tools import tool
from pydantic import BaseModel

from gptsmith import Assistant
from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError
from gptsmith.models.chat import embedded
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.local.writer import Prompt, load_prompt
from gptsmith.models.chat.thinking import repeats

PROMPTS = Path(embedded.__file__).with_name("tasks") / "prompts"
SPEC = """
schema: assistant/v1
name: Night sky
description: A patient guide to the stars for children.
instructions: Explain with small words.
limits: {timeout_seconds: 900}
"""


@pytest.mark.parametrize(
    ("name", "options", "code", "said"),
    [
        ("", {}, "missing_model", 'the model "local" has no name'),
        ("nope", {}, "unknown_model", "no model is called 'nope'"),
        ("coder-1.5b", {}, "missing_weights", "the model coder-1.5b cannot be used: it is not on this machine"),
        ("./gone.gguf", {}, "missing_weights", "the file of local:./gone.gguf"),
        ("./text.gguf", {}, "missing_weights", "is not a GGUF file"),
        ("./empty.gguf", {}, "missing_weights", "is not a GGUF file"),
        ("../outside.gguf", {}, "trust_required", "../outside.gguf"),
        ("./text.gguf", {"n_ctx": 5}, "", "local:./text.gguf does not take the option n_ctx"),
        ("./text.gguf", {"context": "big"}, "", "model.options.context is 'big'"),
        ("sd-turbo", {}, "", "sd-turbo draws pictures, it does not chat"),
    ],
)
def test_what_is_no_local_model_is_said(
    name: str, options: dict[str, object], code: str, said: str, tmp_path: Path
) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "text.gguf").write_text("this is no model")
    (folder / "empty.gguf").touch()
    (tmp_path / "outside.gguf").write_bytes(b"GGUF")
    with pytest.raises(GptsmithError) as found:
        make_chat_model(ModelSpec(provider="local", name=name, options=options), base_dir=folder)
    assert said in str(found.value)
    assert code in ("", found.value.code)


def test_a_file_that_only_begins_like_a_model_ends_a_turn_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "torn.gguf").write_bytes(b"GGUF" + bytes(2000))
    guide = Assistant.from_yaml(SPEC + "model: local:./torn.gguf\n", base_dir=tmp_path)
    with pytest.raises(GptsmithError, match="has a damaged or incomplete file"):
        guide.chat("What is a comet?", thread_id="t1")
    assert [turn.message for turn in guide.history("t1")] == ["What is a comet?"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The comet is ice. " * 5, True),
        ("ha ha ha ha ha ha ha ha ha ha ha ha ha ha", True),
        ("One sentence, and then another one that says something else about the comet.", False),
        ("- red\n- blue\n- green\n- black\n- white\n- yellow\n- brown\n", False),
        ("", False),
    ],
)
def test_repetition_is_noticed(text: str, expected: bool) -> None:
    assert repeats(text) is expected


@pytest.mark.parametrize("file", sorted(PROMPTS.glob("*.txt")), ids=lambda file: file.stem)
def test_every_prompt_of_a_task_is_whole(file: Path) -> None:
    prompt = load_prompt(file)
    assert isinstance(prompt, Prompt)
    assert len(prompt.messages) >= 5


def test_a_prompt_that_does_not_alternate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("[system]\nYou write.\n[assistant]\nHello\n")
    with pytest.raises(ValueError, match=r"bad\.txt"):
        load_prompt(tmp_path / "bad.txt")


class Colour(BaseModel):
    """A colour."""

    name: str
    warm: bool = False


@pytest.mark.usefixtures("local_mind")
def test_a_real_model_is_held_to_a_schema_and_its_calls_are_parsed() -> None:
    spec = ModelSpec(provider="local", name="coder-1.5b", temperature=0, max_tokens=80, options={"tasks": "whole"})
    model = make_chat_model(spec)
    assert "red" in model.with_structured_output(Colour).invoke("Name the colour of a ripe tomato: red.").name.lower()
    answer = model.bind_tools([draw]).invoke("Draw a red fish.")
    assert [call["name"] for call in answer.tool_calls] == ["draw"]


@tool
def draw(request: str) -> str:
    """Draw a picture."""
    return request


@pytest.mark.usefixtures("local_mind")
def test_the_default_model_writes_and_says_that_it_is_small(tmp_path: Path) -> None:
    guide = Assistant.from_yaml(SPEC + "model: embedded\n", base_dir=tmp_path)
    events = list(guide.stream("Write two sentences about the moon for a child.", thread_id="t1"))
    assert events[-1].type == "done"
    text = "".join(str(e.data.get("text", "")) for e in events if e.type == "text")
    assert "moon" in text.lower()
    assert "language model, and none is connected" not in text
    said = [str(e.data["text"]) for e in events if e.type == "progress" and e.data["stage"] == "model"]
    assert said == [events[-1].data["remark"]] and "small language model" in said[0]
