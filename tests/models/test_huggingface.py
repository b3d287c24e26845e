"""Local causal language models, on a tiny one that the test makes: real weights, real tokenizer, no network."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, UsageError
from gptsmith.models.chat.factory import make_chat_model
from gptsmith.models.chat.generating import Writing, drawing
from gptsmith.models.chat.limits import Deadlines
from gptsmith.models.chat.tool_calls import read_calls

TEMPLATE = (
    "{% if tools %}<|system|>{% for t in tools %}{{ t.function.name }} {% endfor %}<|end|>{% endif %}"
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STRICT = (
    "{% for m in messages %}{% if m.role == 'system' or (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "<|assistant|>"
)
PLAIN = "Good evening! The façade is blue – 青い. It was made in 1755."
CALL = '<tool_call>{"name": "draw", "arguments": {"request": "a fish"}}</tool_call>'
BARE = '{"name": "draw", "parameters": {"request": "a cat"}}'
LESSONS = [
    f"<|user|>Hello<|end|><|assistant|>{PLAIN}<|end|>",
    f"<|system|>draw <|end|><|user|>Draw a fish<|end|><|assistant|>Yes. {CALL}<|end|>",
    f"<|system|>draw <|end|><|user|>Bare<|end|><|assistant|>{BARE}<|end|>",
]


@tool
def draw(request: str) -> str:
    """Draw a picture."""
    return request


def save_tokenizer(folder: Path, template: str | None) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    raw.train_from_iterator(
        LESSONS,
        trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer model that has learnt the three lessons by heart."""
    from transformers import LlamaConfig, LlamaForCausalLM

    place = tmp_path_factory.mktemp("model")
    tokenizer = save_tokenizer(place, TEMPLATE)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=160,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
        model = LlamaForCausalLM(config)
        lessons = [torch.tensor([tokenizer(text)["input_ids"]]) for text in LESSONS]
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for _ in range(60):
            loss = sum(model(input_ids=ids, labels=ids).loss for ids in lessons)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.save_pretrained(place)
    return place


def make(folder: Path, **fields: Any) -> Any:
    return make_chat_model(ModelSpec(provider="huggingface", name=str(folder), options={"device": "cpu"}, **fields))


def bare(folder: Path, **fields: Any) -> Any:
    """Return the model itself, without the guard that reads its answers."""
    from gptsmith.models.chat.local.huggingface import load_huggingface

    return load_huggingface(ModelSpec(provider="huggingface", name=str(folder), options={"device": "cpu"}, **fields))


# ---- choosing a token


def chosen(logits: torch.Tensor, count: int = 1, **fields: Any) -> list[int]:
    """Return the tokens that are taken for the same `logits`, one after the other."""
    from transformers import GenerationConfig

    steps = drawing(ModelSpec(provider="huggingface", name="m", **fields), GenerationConfig())
    return [int(steps(None, logits[None]).argmax()) for _ in range(count)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"temperature": 1.0}, [0.4, 0.3, 0.2, 0.1]),
        ({"temperature": 0.5}, [0.533, 0.3, 0.133, 0.033]),
        ({"top_k": 2}, [0.571, 0.429, 0, 0]),
        ({"top_p": 0.6}, [0.571, 0.429, 0, 0]),
        ({"top_k": 2, "top_p": 0.5}, [1, 0, 0, 0]),  # after top-k the first has .571 of what is left
        ({"temperature": 0.5, "top_p": 0.5}, [1, 0, 0, 0]),  # and after the temperature .533
        ({"temperature": 0.0, "top_k": 3}, [1, 0, 0, 0]),
        ({}, [1, 0, 0, 0]),
    ],
)
def test_draws_follow_the_settings(fields: dict[str, Any], expected: list[float]) -> None:
    logits = torch.log(torch.tensor([0.4, 0.3, 0.2, 0.1]))
    counts = np.bincount(chosen(logits, 4000, seed=1, **fields), minlength=4) / 4000
    assert np.abs(counts - expected).max() < 0.03
    assert set(np.flatnonzero(counts)) == set(np.flatnonzero(expected))


def test_broken_numbers_are_said() -> None:
    with pytest.raises(ProviderError) as caught:
        chosen(torch.tensor([0.0, float("nan")]))
    assert str(caught.value) == ("the model computed no numbers for its next word; set options.dtype to float32")


# ---- writing


@pytest.mark.parametrize("temperature", [0, None])
def test_greedy_equals_argmax_of_the_bare_model(folder: Path, temperature: float | None) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    text = "<|user|>What is blue?<|end|><|assistant|>"
    ids, wrote = tokenizer(text)["input_ids"], list[int]()
    with torch.no_grad():
        for _ in range(40):
            token = int(model(input_ids=torch.tensor([ids + wrote])).logits[0, -1].argmax())
            if token == tokenizer.eos_token_id:
                break
            wrote.append(token)
    answer = make(folder, temperature=temperature, max_tokens=40).invoke("What is blue?")
    assert answer.content == tokenizer.decode(wrote)
    assert answer.usage_metadata == {
        "input_tokens": len(ids),
        "output_tokens": len(wrote),
        "total_tokens": len(ids) + len(wrote),
    }


def test_streams_whole_characters(folder: Path) -> None:
    pieces = [c.content for c in bare(folder).stream("Hello")]
    assert "".join(pieces) == PLAIN
    assert len([p for p in pieces if p]) > 5
    assert not any("�" in p for p in pieces)


@pytest.mark.parametrize("seed", range(6))
def test_odd_bytes_join_to_the_whole(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that babbles writes half characters: the pieces still join to what the tokenizer makes of the whole."""
    model = bare(folder, temperature=2.0, top_p=1.0, seed=seed, max_tokens=80)
    generate, made = model.weights.model.generate, []

    def watched(**given: Any) -> Any:
        made.append(generate(**given))
        return made[-1]

    monkeypatch.setattr(model.weights.model, "generate", watched)
    ids, _ = model._prompt([HumanMessage("?")], [])
    writing = Writing(model.weights, model.spec, ids)
    text = "".join(writing)
    writing.close()
    monkeypatch.undo()
    written = made[0][0, len(ids) :].tolist()
    assert text == model.weights.tokenizer.decode(written, skip_special_tokens=True)
    assert 0 <= len(written) - writing.wrote <= 1


def test_the_blanks_at_the_beginning_of_a_line_stay() -> None:
    """Tokenizers of the SentencePiece kind drop a blank in front of what is decoded alone."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    from gptsmith.models.chat.generating import _Texts

    words = ["▁if", "▁x", ":", "\n", "▁▁▁", "▁return", "\n", "▁▁", "end"]
    raw = Tokenizer(models.WordLevel({word: n for n, word in enumerate(dict.fromkeys(words))}, unk_token=":"))
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    texts = _Texts(PreTrainedTokenizerFast(tokenizer_object=raw), skip_prompt=True)
    for ids in [[0, 1], *([raw.token_to_id(word)] for word in words)]:
        texts.put(torch.tensor(ids))
    texts.end()
    assert "".join(texts) == "if x:\n    return\n  end"


def test_async_and_seeds(folder: Path) -> None:
    state = torch.random.get_rng_state()
    one, two = (asyncio.run(make(folder, temperature=1.5, seed=7).ainvoke("Hi")).content for _ in range(2))
    other = make(folder, temperature=1.5, seed=8).invoke("Hi").content
    assert one == two != other
    assert torch.equal(state, torch.random.get_rng_state()), "the process's own generator is untouched"


@pytest.mark.parametrize(
    "fields,call_stop,text,finish",
    [
        ({}, None, PLAIN, "stop"),
        ({"stop": [" It was"]}, None, "Good evening! The façade is blue – 青い.", "stop"),
        ({"stop": ["never", "blue –"]}, None, "Good evening! The façade is ", "stop"),
        ({}, ["Good"], "", "stop"),
        ({"stop": ["1755.x"]}, None, PLAIN, "stop"),
    ],
)
def test_stop(folder: Path, fields: dict[str, Any], call_stop: list[str] | None, text: str, finish: str) -> None:
    model = bare(folder, **fields)
    answer = model.invoke("Hello", stop=call_stop)
    assert (answer.content, answer.response_metadata["finish_reason"]) == (text, finish)
    assert "".join(c.content for c in model.stream("Hello", stop=call_stop)) == text


def test_max_tokens_and_context(folder: Path) -> None:
    answer = make(folder, max_tokens=4).invoke("Hello")
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.usage_metadata["output_tokens"] == 4
    with pytest.raises(ProviderError) as caught:
        make(folder).invoke("word " * 400)
    assert caught.value.code == "too_long"
    assert str(caught.value).startswith("the conversation is longer than this model can read")


def test_leaving_the_stream_stops_the_work(folder: Path) -> None:
    model, seen = bare(folder), []
    stream = model.stream("Hello")

    def slow(*_: Any) -> None:
        seen.append(1)
        while len(seen) > 8 and not stream.gi_running:  # does not run ahead of who reads
            time.sleep(0.001)

    handle = model.weights.model.register_forward_hook(slow)
    for _ in range(2):
        next(stream)
    stream.close()
    handle.remove()
    assert len(seen) < 20
    assert "generate" not in [thread.name for thread in threading.enumerate()]


def test_what_breaks_on_the_way_ends_the_stream(folder: Path) -> None:
    model = bare(folder)

    def breaks(*_: Any) -> None:
        raise RuntimeError("out of memory")

    handle = model.weights.model.register_forward_hook(breaks)
    with pytest.raises(ProviderError, match="huggingface"):
        make(folder).invoke("Hello")
    handle.remove()
    assert model.invoke("Hello").content == PLAIN


# ---- templates


def test_control_tokens_in_a_message_are_text(folder: Path) -> None:
    model = bare(folder)
    ids, _ = model._prompt([HumanMessage("a<|end|><|assistant|>b")], [])
    control = model.weights.tokenizer.convert_tokens_to_ids(["<|end|>", "<|assistant|>"])
    assert [ids.count(c) for c in control] == [1, 1]


def test_without_a_template(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m/chat_template.jinja").unlink()
    save_tokenizer(tmp_path / "m", None)
    model = bare(tmp_path / "m")
    ids, plain = model._prompt(
        [SystemMessage("Be kind."), HumanMessage("Hi"), AIMessage("Yes?"), HumanMessage("A")], []
    )
    assert plain
    assert model.weights.tokenizer.decode(ids) == "Be kind.\n\nUser: Hi\n\nAssistant: Yes?\n\nUser: A\n\nAssistant:"
    with pytest.raises(NotReadyError) as caught:
        model.bind_tools([draw])
    assert str(caught.value) == (
        f"huggingface:{tmp_path / 'm'} cannot call tools: its chat template has no place for them;"
        " choose a model that was trained to call tools, or take the tools out"
    )


def test_strict_template(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "m")
    save_tokenizer(tmp_path / "m", STRICT)
    model = bare(tmp_path / "m")
    ids, _ = model._prompt([SystemMessage("Be kind."), HumanMessage("Hi"), HumanMessage("again")], [])
    assert model.weights.tokenizer.decode(ids) == "<|user|>Be kind.\n\nHi\n\nagain<|end|><|assistant|>"


def test_pictures_are_refused(folder: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    with pytest.raises(ProviderError, match="reads text only"):
        make(folder).invoke([HumanMessage([picture])])


# ---- tools


def test_tool_call(folder: Path) -> None:
    model = make(folder).bind_tools([draw])
    answer = model.invoke("Draw a fish")
    assert (answer.content, answer.response_metadata["finish_reason"]) == ("Yes.", "tool_calls")
    assert [(c["name"], c["args"]) for c in answer.tool_calls] == [("draw", {"request": "a fish"})]
    lone = model.invoke("Bare")
    assert (lone.content, [c["args"] for c in lone.tool_calls]) == ("", [{"request": "a cat"}])
    # without tools the same words are only words
    assert make(folder).invoke("Hello").tool_calls == []
    history = [HumanMessage("Draw a fish"), answer, ToolMessage("done", tool_call_id=answer.tool_calls[0]["id"])]
    assert "<tool_call>" in bare(folder).weights.tokenizer.decode(bare(folder)._prompt(history, [])[0])


def test_a_call_that_was_cut_never_runs(folder: Path) -> None:
    whole = make(folder).bind_tools([draw]).invoke("Draw a fish").usage_metadata["output_tokens"]
    for limit in range(whole - 12, whole):
        answer = make(folder, max_tokens=limit).bind_tools([draw]).invoke("Draw a fish")
        assert answer.response_metadata["finish_reason"] == "length"
        assert answer.tool_calls == []


@pytest.mark.parametrize(
    "text,words,calls",
    [
        ("Just words.", "Just words.", []),
        ('{"not": "a call"}', '{"not": "a call"}', []),
        ('{"name": "other", "arguments": {}}', '{"name": "other", "arguments": {}}', []),
        ('<tool_call>\n{"name": "draw"}\n</tool_call>', "", [("draw", "{}")]),
        ('<tool_call>{"name": "draw", "arguments": "{\\"a\\": 1}"}</tool_call>', "", [("draw", '{"a": 1}')]),
        (
            'So: <tool_call>{"name":"draw","arguments":{}}</tool_call> <tool_call>{"name": "dr</tool_call>',
            "So:",
            [("draw", "{}"), (None, '"{\\"name\\": \\"dr"')],
        ),
    ],
)
def test_calls_written_as_text(text: str, words: str, calls: list[tuple[str | None, str]]) -> None:
    said, found = read_calls(text, ["draw"])
    assert (said, [(c["name"], c["args"]) for c in found]) == (words, calls)


# ---- what is missing


@pytest.mark.parametrize(
    "name,options,kind,code,message",
    [
        (
            "./nowhere",
            {},
            NotReadyError,
            "missing_weights",
            "the model folder ./nowhere is not there;"
            " name a folder with config.json, tokenizer.json and model.safetensors",
        ),
        (
            "somebody/model",
            {},
            NotReadyError,
            "missing_weights",
            "the weights of somebody/model are not on this machine and could not be downloaded;"
            " check the id and the network, or name a folder on this machine",
        ),
        (
            "",
            {},
            NotReadyError,
            "missing_model",
            'the model "huggingface" has no name; write huggingface:<folder or hub id>',
        ),
        (
            "x",
            {"trust_remote_code": True},
            UsageError,
            "usage",
            "huggingface:x does not take the option trust_remote_code; it takes device, dtype, revision",
        ),
        (
            "x",
            {"dtype": "int3"},
            UsageError,
            "usage",
            "model.options.dtype is 'int3'; use one of float32, float16, bfloat16",
        ),
    ],
)
def test_not_ready(
    name: str,
    options: dict[str, Any],
    kind: type[GptsmithError],
    code: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind) as caught:
        make_chat_model(ModelSpec(provider="huggingface", name=name, options=options))
    assert (str(caught.value), caught.value.code) == (message, code)


def test_pickled_weights_and_code_are_refused(folder: Path, tmp_path: Path) -> None:
    import json
    import shutil

    shutil.copytree(folder, tmp_path / "bin")
    (tmp_path / "bin/model.safetensors").unlink()
    torch.save({}, tmp_path / "bin/pytorch_model.bin")
    with pytest.raises(NotReadyError, match=r"\*\.safetensors of a causal language model"):
        make(tmp_path / "bin")
    shutil.copytree(folder, tmp_path / "code")
    config = json.loads((tmp_path / "code/config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"}}
    (tmp_path / "code/config.json").write_text(json.dumps(config))
    (tmp_path / "code/own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(NotReadyError, match="could not be loaded"):
        make(tmp_path / "code")
    assert not (tmp_path / "ran").exists()


def test_a_folder_outside_the_specs_folder_needs_trust(folder: Path, tmp_path: Path) -> None:
    spec = ModelSpec(provider="huggingface", name=str(folder), options={"device": "cpu"})
    with pytest.raises(NotReadyError) as caught:
        make_chat_model(spec, base_dir=tmp_path)
    assert caught.value.code == "trust_required"
    assert make_chat_model(spec, base_dir=tmp_path, trust=True).invoke("Hello").content == PLAIN


def test_as_a_fallback(folder: Path) -> None:
    spec = ModelSpec(provider="openai", name="m", base_url="http://127.0.0.1:9/v1", fallback=[f"huggingface:{folder}"])
    assert make_chat_model(spec, deadlines=Deadlines(retries=0)).invoke("Hello").content == PLAIN
