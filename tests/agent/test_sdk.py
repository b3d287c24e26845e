"""The SDK: making an assistant, its place in chains, graphs and agents, and the tests inside a spec."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph

from gptsmith import Assistant, Event, NotReadyError, ProviderError, Reply, SpecError, UsageError
from gptsmith.agent.runtime.spec_tests import failures_of
from gptsmith.assistants.format.spec import TOOL_TYPES, Expect
from gptsmith.tools import register_tool
from tests.support.loopback import Loopback, bad_tool_json, calls, close, status
from tests.support.scripted import Scripted, call

SPEC: dict[str, Any] = {
    "schema": "assistant/v1",
    "id": "tile-guide",
    "name": "Tiles",
    "description": "Knows.",
    "instructions": "Be kind.",
}
TEXT = "schema: assistant/v1\nname: Tiles\ndescription: Knows.\ninstructions: Be kind.\n"


def assistant(*answers: Any, always: Any = None, base_dir: Path | None = None, **fields: Any) -> tuple[Any, Scripted]:
    model = Scripted(*answers, always=always)
    return Assistant.from_dict({**SPEC, **fields}, base_dir=base_dir, model=model), model


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "guide.md").write_text("The panel of the ship was made in 1755. It has 42 tiles.", "utf-8")
    return folder


KNOWLEDGE = [{"name": "guide", "paths": ["./guide.md"]}]

# -- making one ----------------------------------------------------------------------------------------------------


def test_three_ways_to_make_one(tmp_path: Path) -> None:
    file = tmp_path / "tile-guide.assistant.yaml"
    file.write_text(TEXT, "utf-8")
    model = Scripted(always="Hello.")
    made = [
        Assistant.from_file(file, model=model),
        Assistant.from_yaml(TEXT, model=model),
        assistant(always="Hello.")[0],
    ]
    assert [a.chat("Hi").text for a in made] == ["Hello."] * 3
    assert [a.spec.id for a in made] == ["tile-guide", "tiles", "tile-guide"]
    assert len({a.folder for a in made}) == 3
    assert repr(made[0]) == "Assistant('tile-guide')"
    assert isinstance(made[0], Runnable)
    assert [len(a.threads()) for a in made] == [1, 1, 1]


def test_one_is_named_by_its_id_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = tmp_path / "assistants" / "specs"
    specs.mkdir(parents=True)
    (specs / "tile-guide.assistant.yaml").write_text(TEXT, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert Assistant.from_file("tile-guide", model=Scripted()).spec.name == "Tiles"
    assert Assistant.from_file("museum-guide", model=Scripted()).spec.name == "Museum guide"
    assert Assistant.check("tile-guide") == []
    with pytest.raises(UsageError, match=r'^no assistant is called "tile-gide"; did you mean tile-guide\?'):
        Assistant.from_file("tile-gide")


def test_a_wrong_spec_is_refused_with_every_problem(tmp_path: Path) -> None:
    file = tmp_path / "bad.assistant.yaml"
    file.write_text(TEXT + "colour: blue\nlimits: {max_iterations: 0}\n", "utf-8")
    problems = Assistant.check(file)
    assert [(p.line, p.path, p.severity) for p in problems] == [
        (5, "colour", "error"),
        (6, "limits.max_iterations", "error"),
    ]
    with pytest.raises(SpecError) as raised:
        Assistant.from_file(file)
    assert raised.value.diagnostics == problems


def test_check_warns_of_a_setting_without_effect(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    path = tmp_path / "r.assistant.yaml"
    path.write_text(
        "schema: assistant/v1\nname: R\ndescription: D\ninstructions: I\n"
        "knowledge:\n  - {name: k, paths: [./a.txt], retrieval: {rerank: true}, embedding_model: openai:small}\n"
        "  - {name: l, paths: [./a.txt], retrieval: {rerank: true}}\n"
    )
    assert [str(d) for d in Assistant.check(path)] == [
        f"{path}:6:53: knowledge[0].retrieval.rerank: reranking has no effect with openai:small, which gives no"
        " vectors of single words; remove it, or name a model of this machine"
    ]


@pytest.mark.usefixtures("no_picture_weights")
def test_check_warns_of_tools_that_cannot_run(tmp_path: Path) -> None:
    file = tmp_path / "draw.assistant.yaml"
    file.write_text(TEXT + "tools:\n  - {type: image_generation, name: draw}\n", "utf-8")
    (problem,) = Assistant.check(file)
    assert str(problem) == (
        f"{file}:6:5: tools[0]: draw: the embedded model for drawing is not part of this release; "
        "name a diffusers folder or hub id, or openai:<images model>"
    )
    assert (problem.severity, problem.code) == ("warning", "missing_weights")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ('tools:\n  - {type: python, ref: "tools.py:price"}\n', "run the code of tools.py:price"),
        ("tools:\n  - {type: mcp, name: files, command: [serve, files]}\n", "start serve files"),
        ("knowledge:\n  - {name: k, paths: [../outside.txt]}\n", "read outside its folder: ../outside.txt"),
    ],
)
def test_what_needs_trust_does_not_run_without_it(tmp_path: Path, more: str, what: str) -> None:
    (tmp_path / "outside.txt").write_text("The vault opens at nine.")
    folder = tmp_path / "spec"
    folder.mkdir()
    (folder / "tools.py").write_text("def price() -> int:\n    return 1\n")
    (folder / "t.assistant.yaml").write_text(TEXT + more)
    a = Assistant.from_file(folder / "t.assistant.yaml", model=Scripted(always="Hello."))
    with pytest.raises(NotReadyError) as raised:
        a.chat("Hi")
    assert raised.value.code == "trust_required"
    assert str(raised.value) == (
        f"this assistant wants to {what}; read it, then run with --trust (trust=True in Python)"
    )
    trusted = Assistant.from_file(folder / "t.assistant.yaml", model=Scripted(always="Hello."), trust=True)
    assert trusted.chat("Hi").text.startswith("Hello.")


def test_a_copy_has_its_own_model_and_the_same_threads() -> None:
    a, _ = assistant(always="One.")
    other = Scripted(always="Two.")
    b = a.with_(model=other)
    thread = a.chat("Hi").thread_id
    assert b.chat("Hi", thread_id=thread).text == "Two."
    assert [m.content for m in other.history[0][1:]] == ["Hi", "One.", "Hi"]


def test_welcome_and_starters_are_filled_in() -> None:
    starters = ["What is in {{city}}?", {"title": "Draw", "text": "Draw {{city}}"}]
    a, _ = assistant(welcome_message="Welcome to {{city}}.", conversation_starters=starters,
                     variables={"city": {"default": "Porto"}})  # fmt: skip
    assert a.welcome_message == "Welcome to Porto."
    assert [(s.title, s.text) for s in a.starters] == [
        ("What is in Porto?", "What is in Porto?"),
        ("Draw", "Draw Porto"),
    ]
    assert a.with_(variables={"city": "Lisbon"}).welcome_message == "Welcome to Lisbon."


def test_nothing_waits_for_approval() -> None:
    a, _ = assistant("Hi.")
    with pytest.raises(UsageError) as raised:
        a.resume("t1", decisions=[{"type": "approve"}])
    assert str(raised.value) == "nothing waits for approval on thread t1; send a message with chat()"


def test_which_model_answers_and_where_text_goes() -> None:
    a = Assistant.from_dict({**SPEC, "model": "ollama:qwen3:8b"})
    assert a.model_name == "ollama:qwen3:8b"
    assert a.leaves_machine is None
    assert a.with_(model="openai:gpt-4o-mini").leaves_machine == "api.openai.com"


# -- chains, graphs, agents ----------------------------------------------------------------------------------------


def test_it_is_a_link_of_a_chain_that_streams(guide: Path) -> None:
    a, model = assistant(always="In 1755 [1]. Surely [9].", base_dir=guide, knowledge=KNOWLEDGE)
    prompt = ChatPromptTemplate.from_messages([("user", "When was the {what} made?")])
    chain = prompt | a | StrOutputParser()
    assert chain.invoke({"what": "ship"}) == "In 1755 [1]. Surely [unsupported]."
    pieces = list(chain.stream({"what": "ship"}))
    assert len(pieces) > 2 and "".join(pieces) == "In 1755 [1]. Surely [unsupported]."
    assert chain.batch([{"what": "ship"}] * 3) == ["In 1755 [1]. Surely [unsupported]."] * 3

    async def rest() -> tuple[str, str]:
        streamed = [piece async for piece in chain.astream({"what": "ship"})]
        return await chain.ainvoke({"what": "ship"}), "".join(streamed)

    assert asyncio.run(rest()) == ("In 1755 [1]. Surely [unsupported].",) * 2
    assert "<passages>" in model.history[0][-1].content
    assert a.threads() == [], "memory belongs to the host"


@pytest.mark.parametrize(
    "given",
    [
        "Hi",
        HumanMessage("Hi"),
        [HumanMessage("Hi")],
        [("user", "Hi")],
        {"messages": [{"role": "user", "content": "Hi"}]},
    ],
)
def test_what_a_chain_may_hand_on(given: Any) -> None:
    a, model = assistant(always="Hello.")
    answer = a.invoke(given)
    assert (type(answer), answer.content) == (AIMessage, "Hello.")
    assert model.history[0][-1].content == "Hi"
    assert [type(c) for c in a.transform(iter([given]))] == [AIMessageChunk]


def test_the_answer_in_a_chain_carries_its_reply(guide: Path) -> None:
    a, _ = assistant("The panel was made in 1755 [1].", base_dir=guide, knowledge=KNOWLEDGE)
    reply = Reply.model_validate(a.invoke("When was the ship made?").additional_kwargs["gptsmith"])
    assert [(c.source, c.quote) for c in reply.citations] == [("guide.md", "The panel of the ship was made in 1755.")]


def test_streaming_messages_yields_events_and_stores_nothing() -> None:
    a, _ = assistant("Hello you.", RuntimeError("down"))
    events = list(a.stream([HumanMessage("Hi")]))
    assert events[0] == Event(type="text", data={"text": "Hello"})
    assert events[-1].type == "done"
    assert [e.type for e in a.stream([HumanMessage("Hi")])] == ["error"]
    with pytest.raises(ProviderError, match="the model did not answer"):
        list(Assistant.from_dict(SPEC, model=Scripted(RuntimeError("x"))).transform(iter(["Hi"])))
    assert a.threads() == []


def test_it_is_a_node_of_another_graph(guide: Path) -> None:
    a, model = assistant(always="In 1755 [1].", base_dir=guide, knowledge=KNOWLEDGE)
    host: Any = StateGraph(MessagesState)
    host.add_node("tiles", a.graph)
    host.add_edge(START, "tiles")
    host.add_edge("tiles", END)
    graph = host.compile()
    earlier = [HumanMessage("Hello"), AIMessage("Yes?"), HumanMessage("When was the ship made?")]
    done = graph.invoke({"messages": earlier})
    assert [m.content for m in done["messages"]] == ["Hello", "Yes?", "When was the ship made?", "In 1755 [1]."]
    assert "<passages>" in model.history[0][-1].content
    tokens = [c.content for c, _ in graph.stream({"messages": earlier}, stream_mode="messages", subgraphs=False)]
    assert "In 1755 [1]." in "".join(tokens)

    async def run() -> Any:
        return await graph.ainvoke({"messages": earlier})

    assert asyncio.run(run())["messages"][-1].content == "In 1755 [1]."


def test_limits_and_guardrails_hold_in_a_host_too() -> None:
    def loop(messages: list[Any]) -> AIMessage:
        return call("image_generation", id=f"c{len(messages)}", request="x")

    a, _ = assistant(always=loop, tools=[{"type": "image_generation"}], limits={"max_iterations": 3})
    assert "I stopped here: this assistant may think 3 times about one message." in a.invoke("Hi").content
    rails = [{"type": "pii", "apply_to": ["input", "output"]}]
    b, model = assistant(always="Mail ana@x.org", guardrails=rails)
    assert b.invoke("I am me@home.org").content == "Mail [email]"
    assert model.history[0][-1].content == "I am [email]"
    seen = [c.content for c, _ in b.graph.stream({"messages": [HumanMessage("Hi")]}, stream_mode="messages")]
    assert "ana@x.org" not in "".join(seen)


def test_it_is_a_tool_of_another_agent() -> None:
    a, _ = assistant("It is blue.")
    tool = a.as_tool()
    assert (tool.name, tool.description, sorted(tool.args)) == ("tile_guide", "Tiles: Knows.", ["request"])
    boss = create_agent(Scripted(call("tile_guide", request="Which colour?"), "They say blue."), tools=[tool])
    done = boss.invoke({"messages": [HumanMessage("Ask the guide.")]})
    assert [m.content for m in done["messages"]][2:] == ["It is blue.", "They say blue."]


def test_an_assistant_that_asks_another_streams_only_its_own_words() -> None:
    inner, _ = assistant(always="Inner words about blue.")
    register_tool(inner.as_tool(), name="ask_tiles")
    try:
        model = Scripted(
            call("ask_tiles", request="Colour?"), "They say blue.", call("ask_tiles", request="?"), "Blue."
        )
        outer = Assistant.from_dict({**SPEC, "id": "boss", "tools": [{"type": "ask_tiles"}]}, model=model)
        events = list(outer.stream("Which colour?"))
        assert "".join(e.data["text"] for e in events if e.type == "text") == "They say blue."
        assert events[-1].data["tool_calls"][0]["result"] == "Inner words about blue."
        assert "".join(c.content for c in outer.transform(iter(["Which?"]))) == "Blue."
    finally:
        TOOL_TYPES.pop("ask_tiles")


@pytest.mark.parametrize("way", ["chat", "stream", "transform", "invoke", "run_tests"])
def test_no_run_takes_anything_of_the_graph_around_it(way: str, tmp_path: Path) -> None:
    """Only a Runnable's callbacks are handed on, as LangChain has it."""
    tests = [{"name": "hello", "message": "Hi", "expect": {"contains": ["blue"]}}]
    a, _ = assistant(always="It is blue.", tests=tests)
    heard: list[str] = []

    class Ear(BaseCallbackHandler):
        def on_chat_model_start(self, *_args: Any, **_about: Any) -> None:
            heard.append("model")

    def ask(state: Any) -> Any:
        said = {
            "chat": lambda: a.chat("Hi").text,
            "stream": lambda: list(a.stream("Hi"))[-1].data["text"],
            "transform": lambda: "".join(c.content for c in a.transform(iter(["Hi"]))),
            "invoke": lambda: a.invoke("Hi").content,
            "run_tests": lambda: "It is blue." * a.run_tests()[0].passed,
        }[way]()
        return {"messages": [AIMessage(said)]}

    host = StateGraph(MessagesState)
    host.add_node("ask", ask)
    host.add_edge(START, "ask")
    with SqliteSaver.from_conn_string(str(tmp_path / "host.sqlite")) as saver:
        graph = host.compile(checkpointer=saver)
        config: RunnableConfig = {"configurable": {"thread_id": "h"}, "callbacks": [Ear()]}
        done = graph.invoke({"messages": [HumanMessage("Hi")]}, config)
        assert done["messages"][-1].content == "It is blue."
        kept = [c.metadata.get("source") for c in saver.list({"configurable": {"thread_id": "h"}})]
        spaces = {c.config["configurable"].get("checkpoint_ns") for c in saver.list(None)}
    assert (len(kept), spaces) == (3, {""}), "nothing of ours is among the host's checkpoints"
    assert heard == (["model"] if way == "invoke" else [])


# -- tests inside a spec -------------------------------------------------------------------------------------------


def test_the_tests_of_a_spec_run_in_threads_of_their_own(guide: Path) -> None:
    tests = [
        {"name": "year", "message": "When was the ship made?", "expect": {"contains": ["1755"], "cites": ["guide.md"]}},
        {"name": "tiles", "message": "How many tiles?", "expect": {"contains": ["43"], "not_contains": ["42"]}},
        {"name": "down", "message": "Why?", "expect": {}},
    ]
    answers = ("In 1755 [1].", "It has 42 tiles [1].", ProviderError("the model is down"))
    a, _ = assistant(*answers, base_dir=guide, knowledge=KNOWLEDGE, tests=tests)
    results = a.run_tests()
    assert [(r.name, r.passed, r.failures) for r in results] == [
        ("year", True, []),
        ("tiles", False, ["does not contain '43'", "contains '42'"]),
        ("down", False, ["the model is down"]),
    ]
    assert results[0].reply and results[0].reply["text"] == "In 1755 [1]."
    assert a.threads() == []


REPLY = Reply.model_validate(
    {
        "thread_id": "t",
        "text": "The  Ship is from 1755 [1].",
        "citations": [{"id": 1, "source": "docs/guide.pdf", "quote": "1755"}],
        "tool_calls": [{"id": "c", "name": "draw"}],
        "images": [{"path": "a.png"}],
    }
)


@pytest.mark.parametrize(
    ("expect", "failures"),
    [
        ({"contains": ["the ship IS"], "not_contains": ["1812"], "matches": r"from \d{4}"}, []),
        ({"cites": ["guide.pdf", "docs/guide.pdf", "./docs/guide.pdf"], "calls": ["draw"], "images": 1}, []),
        ({"matches": r"^\d+$"}, [r"does not match '^\\d+$'"]),
        ({"matches": "(?i)SHIP.*[{]?1{1}755 [[]1]"}, []),
        ({"cites": ["uide.pdf"]}, ["does not cite uide.pdf"]),
        ({"calls": ["sing"], "not_calls": ["draw"]}, ["does not call sing", "calls draw"]),
        ({"images": 0}, ["shows 1 pictures, not 0"]),
        ({"says_unknown": True}, ["does not say that it does not know"]),
        ({"says_unknown": False}, []),
    ],
)
def test_what_a_test_may_expect(expect: dict[str, Any], failures: list[str]) -> None:
    assert failures_of(REPLY, Expect(**expect)) == failures


# -- a hosted model over the wire ----------------------------------------------------------------------------------


def hosted(server: Loopback, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Assistant:
    monkeypatch.setenv("SERVER_KEY", server.api_key)
    model = {"provider": "openai", "name": "scripted", "base_url": server.base_url, "api_key": "${env:SERVER_KEY}"}
    base = fields.pop("base_dir", None)
    return Assistant.from_dict({**SPEC, "model": model, **fields}, base_dir=base)


def test_a_whole_conversation_over_the_wire(loopback: Loopback, monkeypatch: pytest.MonkeyPatch, guide: Path) -> None:
    knowledge = [{**KNOWLEDGE[0], "mode": "tool"}]
    loopback.push(calls(search_guide={"query": "ship"}), "The panel was made in 1755 [1].", "You are welcome.")
    a = hosted(loopback, monkeypatch, knowledge=knowledge, base_dir=guide)
    events = list(a.stream("When was the ship made?", thread_id="t"))
    kinds = [e.type for e in events if e.type not in ("text", "progress")]
    assert kinds == ["tool_call", "tool_result", "citation", "done"], loopback.refused
    assert sum(e.type == "text" for e in events) > 1
    assert a.chat("Thanks!", thread_id="t").text == "You are welcome."
    assert [m["role"] for m in loopback.history[-1]["messages"]] == [
        "system", "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    assert loopback.refused == []


def test_trouble_over_the_wire_never_costs_the_thread(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, guide: Path
) -> None:
    knowledge = [{**KNOWLEDGE[0], "mode": "tool"}]
    a = hosted(loopback, monkeypatch, knowledge=knowledge, base_dir=guide)
    loopback.push(bad_tool_json("search_guide"), bad_tool_json("search_guide"))
    assert a.chat("One", thread_id="t").finish_reason == "truncated"
    loopback.push(close("The panel was made in 1755 and then it", after=2))
    cut = list(a.stream("Two", thread_id="t"))[-1].data
    assert cut["finish_reason"] == "truncated" and cut["tool_calls"] == []
    loopback.always = status(500)
    with pytest.raises(ProviderError):
        a.chat("Three", thread_id="t")
    loopback.always = None
    loopback.push("All is well.")
    assert a.chat("Four", thread_id="t").text == "All is well."
    said = [m["content"] for m in loopback.history[-1]["messages"] if m["role"] == "user"]
    assert said == ["One", "Two", "Three", "Four"]
    assert loopback.refused == []


def test_a_model_that_sees_is_shown_the_picture(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (20, 10), "blue").save(tmp_path / "tile.png")
    loopback.push("A blue tile.", "Still blue.")
    a = hosted(loopback, monkeypatch)
    a.chat("What is this?", files=[str(tmp_path / "tile.png")], thread_id="t")
    a.chat("Sure?", thread_id="t")
    shown = loopback.history[0]["messages"][-1]["content"]
    assert shown[0] == {"type": "text", "text": "What is this?\n[image img_1: tile.png]"}
    assert shown[1]["type"] == "image_url" and shown[1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert loopback.history[1]["messages"][1]["content"] == shown
    assert loopback.refused == []


# -- what a model remarks on its own words ---------------------------------------------------------------------------

REMARK = "A small language model writes these answers."


def remarked(text: str) -> AIMessage:
    return AIMessage(content=text, response_metadata={"remark": REMARK})


def remarks(events: list[Event]) -> list[str]:
    return [str(event.data["text"]) for event in events if event.type == "progress" and event.data["stage"] == "model"]


def test_what_a_model_remarks_is_said_once_in_a_conversation() -> None:
    made, _ = assistant("From a file.", remarked("One."), remarked("Two."), remarked("Three."))
    said = []
    for thread in ("a", "a", "a", "b"):
        events = list(made.stream("Write.", thread_id=thread))
        said.append((remarks(events), events[-1].data["remark"]))
    assert said == [([], ""), ([REMARK], REMARK), ([], ""), ([REMARK], REMARK)]


def test_on_messages_that_a_host_keeps_the_first_answer_carries_the_remark() -> None:
    made, _ = assistant(always=remarked("One."))
    first = list(made.stream([HumanMessage("Write.")]))
    later = list(made.stream([HumanMessage("Write."), AIMessage("One."), HumanMessage("On.")]))
    assert (remarks(first), remarks(later)) == ([REMARK], [])
