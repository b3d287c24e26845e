"""Assistants that ask other assistants: answers, pictures, limits, trust, circles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith import Assistant
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.format.loader import load_file
from gptsmith.ui.web.state.bundles import Consent
from tests.support.scripted import Scripted, call


def write(folder: Path, name: str, more: str = "") -> Path:
    path = folder / f"{name}.assistant.yaml"
    text = f"schema: assistant/v1\nname: {name.title()}\ndescription: Knows {name}.\ninstructions: I am {name}.\n{more}"
    path.write_text(text, "utf-8")
    return path


def tool(ref: str, name: str = "shop", more: str = "") -> str:
    return f"tools:\n  - {{type: assistant, name: {name}, ref: {ref}{more}}}\n"


def test_another_assistant_answers_with_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "prices.md").write_text("A tile costs 4 euros.\n", "utf-8")
    write(tmp_path, "shop", "knowledge: [{name: prices, paths: [./prices.md], mode: always}]\n")
    model = Scripted(call("shop", "c1", request="What does a tile cost?"), "A tile costs 4 euros [1].", "Four euros.")
    a = Assistant.from_file(write(tmp_path, "desk", tool("./shop.assistant.yaml")), model=model)
    events = list(a.stream("What does a tile cost?", thread_id="t"))
    reply = events[-1].data
    assert reply["text"] == "Four euros."
    assert [(c["name"], c["result"]) for c in reply["tool_calls"]] == [("shop", "A tile costs 4 euros (prices.md).")]
    assert reply["usage"]["total_tokens"] == 45
    assert "I am shop." in model.history[1][0].text
    assert "Asking Shop" in [e.data.get("text") for e in events if e.type == "progress"]
    assert "Knows shop." in a.engine.tools[0].description


def test_an_id_names_an_assistant_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = tmp_path / "assistants" / "specs"
    specs.mkdir(parents=True)
    write(specs, "shop")
    desk = write(specs, "desk", tool("shop"))
    monkeypatch.chdir(tmp_path)
    a = Assistant.from_file(desk, model=Scripted(call("shop", request="Hi"), "Hello.", "It says hello."))
    assert a.chat("Ask the shop").text == "It says hello."


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a": tool("./a.assistant.yaml")}, "in a circle (a -> a)"),
        ({"a": tool("./b.assistant.yaml"), "b": tool("./a.assistant.yaml")}, "in a circle (a -> b -> a)"),
        (
            {"a": tool("./b.assistant.yaml"), "b": tool("./c.assistant.yaml"), "c": tool("./d.assistant.yaml"),
             "d": tool("./e.assistant.yaml"), "e": ""},
            "too deep (a -> b -> c -> d -> e)",
        ),
        ({"a": tool("nobody-of-this-name")}, "cannot be asked: no assistant is called"),
        ({"a": tool("./b.assistant.yaml"), "b": "wrong: 1\n"}, "cannot be asked"),
    ],
)  # fmt: skip
def test_a_chain_that_cannot_run_is_told_and_the_turn_goes_on(files: dict[str, str], told: str, tmp_path: Path) -> None:
    for name, more in files.items():
        write(tmp_path, name, more)
    path = tmp_path / "a.assistant.yaml"
    assert told in " ".join(d.message for d in Assistant.check(path))
    a = Assistant.from_file(path, model=Scripted(call("shop", request="Hi"), "Sorry."))
    reply = a.chat("Ask")
    assert reply.text.startswith("Sorry.")
    assert [c.status for c in reply.tool_calls] == ["error"]


def test_limits_are_summed_and_approvals_hold_inside(tmp_path: Path) -> None:
    write(tmp_path, "clerk", "memory: {facts: true}\n")
    write(
        tmp_path,
        "shop",
        "tools: [{type: assistant, name: clerk, ref: ./clerk.assistant.yaml, requires_approval: true}]\n",
    )
    desk = write(tmp_path, "desk", "limits: {max_tool_calls: 2}\n" + tool("./shop.assistant.yaml"))
    model = Scripted(
        call("shop", "c1", request="Hi"), call("clerk", "c2", request="Hi"), "I may not.",
        call("shop", "c3", request="Again"), "Enough.",
    )  # fmt: skip
    reply = Assistant.from_file(desk, model=model).chat("Ask")
    assert reply.finish_reason == "limit"
    assert [(c.name, c.status) for c in reply.tool_calls] == [("shop", "ok"), ("shop", "error")]
    assert "approval, which cannot be asked for here" in str(model.history[2])


def test_what_a_helper_needs_is_asked_for(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    more = "tools:\n  - {type: mcp, name: m, command: [run, me], env: {KEY: '${env:SECRET}'}}\n"
    shop = write(inner, "shop", more + "  - {type: python, name: p, ref: './code.py:f'}\n")
    (inner / "code.py").write_text("def f(): pass\n")
    loaded = load_file(write(tmp_path, "desk", tool("./inner/shop.assistant.yaml")))
    assert [(need.kind, need.name, need.path) for need in trust_needs(loaded)] == [
        ("code", "inner/code.py:f", "tools[0].ref"),
        ("command", "run me", "tools[0].ref"),
        ("variable", "SECRET", "tools[0].ref"),
    ]
    consent = Consent(tmp_path / "state")
    consent.trust(loaded)
    assert consent.trusts(loaded)
    for change in (shop, inner / "code.py"):
        before = change.read_text()
        change.write_text(before + "\n# changed\n")
        assert not consent.trusts(loaded)
        change.write_text(before)
    assert consent.trusts(loaded)


def test_a_path_outside_the_folder_needs_trust(tmp_path: Path) -> None:
    write(tmp_path, "shop")
    folder = tmp_path / "own"
    folder.mkdir()
    desk = write(folder, "desk", tool("../shop.assistant.yaml"))
    answers: list[Any] = [call("shop", request="Hi"), "Hello.", "It says hello."]
    assert Assistant.from_file(desk, trust=True, model=Scripted(*answers)).chat("Ask").text == "It says hello."
    assert [need.kind for need in trust_needs(load_file(desk))] == ["path"]
