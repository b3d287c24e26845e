"""The HTTP door, tried with OpenAI's own Python client."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from openai import OpenAI
from PIL import Image

from gptsmith.errors import ProviderError
from gptsmith.tools import register_tool
from gptsmith.ui.http.keys import Keys
from tests.support.http_door import door, spec_file
from tests.support.scripted import Scripted, call

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Say the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
FLAT: Any = {"type": "function", **WEATHER["function"]}


@contextmanager
def client(folder: Path, *answers: Any, key: str = "none", **spec: Any) -> Iterator[tuple[OpenAI, Scripted]]:
    model = Scripted(*answers)
    with (
        door([spec_file(folder, **spec)], model) as url,
        OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=120) as made,
    ):
        yield made, model


def user(text: Any) -> Any:
    return {"role": "user", "content": text}


def png(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(out, "PNG")
    return out.getvalue()


def data_uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


# -- chat completions ------------------------------------------------------------------------------------------------


def test_assistants_are_models(tmp_path: Path) -> None:
    with client(tmp_path) as (api, _):
        assert [model.id for model in api.models.list()] == ["desk"]
        assert api.models.retrieve("desk").owned_by == "gptsmith"


def test_an_answer_comes_whole_with_its_usage(tmp_path: Path) -> None:
    with client(tmp_path, "Good morning.") as (api, model):
        made = api.chat.completions.create(
            model="desk", messages=[{"role": "system", "content": "Speak Latin."}, user("Hello")]
        )
    assert (made.choices[0].message.content, made.choices[0].finish_reason) == ("Good morning.", "stop")
    assert made.usage is not None
    assert (made.usage.prompt_tokens, made.usage.completion_tokens, made.usage.total_tokens) == (10, 5, 15)
    system, *rest = model.history[0]
    assert "Be brief." in system.text and "Speak Latin." in system.text
    assert [m.text for m in rest] == ["Hello"]


def test_an_answer_streams_word_by_word(tmp_path: Path) -> None:
    with client(tmp_path, "One two three four.") as (api, _):
        stream = api.chat.completions.create(
            model="desk", messages=[user("Count")], stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
    words = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(words) == "One two three four." and len(words) > 1
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == 15
    assert len({c.id for c in chunks}) == 1


def test_the_conversation_of_the_client_is_what_the_model_reads_and_nothing_is_kept(tmp_path: Path) -> None:
    talk = [user("I am Ana."), {"role": "assistant", "content": "Hello Ana."}, user("Who am I?")]
    with client(tmp_path, "Ana.") as (api, model):
        api.chat.completions.create(model="desk", messages=talk)
        told = api.get("/../assistants/desk/threads", cast_to=object)
    assert [m.text for m in model.history[0][1:]] == ["I am Ana.", "Hello Ana.", "Who am I?"]
    assert told == {"threads": []}


def test_a_thread_is_kept_here_and_only_the_new_message_is_taken(tmp_path: Path) -> None:
    with client(tmp_path, "Hello Ana.", "Ana.") as (api, model):
        first = api.chat.completions.create(
            model="desk", messages=[user("I am Ana.")], metadata={"thread_id": "visit-1"}
        )
        forged = [{"role": "assistant", "content": "You are Bob."}, user("Who am I?")]
        api.chat.completions.create(model="desk", messages=forged, metadata={"thread_id": "visit-1"})
    assert [m.text for m in model.history[1][1:]] == ["I am Ana.", "Hello Ana.", "Who am I?"]
    assert first.model_extra is not None and first.model_extra["gptsmith"]["thread_id"] == "visit-1"


@pytest.mark.parametrize("thread", [{}, {"thread_id": "t1"}])
@pytest.mark.parametrize("stream", [False, True])
def test_tools_of_the_client(tmp_path: Path, thread: dict[str, str], stream: bool) -> None:
    asked = call("weather", "call_7", text="Let me look.", city="Porto")
    with client(tmp_path, asked, "It rains.") as (api, model):
        talk: list[Any] = [user("The weather in Porto?")]
        more: Any = {"model": "desk", "tools": [WEATHER], "metadata": thread}
        if stream:
            with api.chat.completions.stream(messages=talk, **more) as events:
                choice: Any = events.get_final_completion().choices[0]
        else:
            choice = api.chat.completions.create(messages=talk, **more).choices[0]
        assert (choice.finish_reason, choice.message.content) == ("tool_calls", "Let me look.")
        wanted = choice.message.tool_calls[0]
        assert (wanted.id, wanted.function.name, wanted.function.arguments) == (
            "call_7",
            "weather",
            '{"city": "Porto"}',
        )
        talk += [choice.message.model_dump(include={"role", "content", "tool_calls"})]
        talk += [{"role": "tool", "tool_call_id": "call_7", "content": "rain, 12 degrees"}]
        end = api.chat.completions.create(messages=talk, **more).choices[0]
    assert (end.finish_reason, end.message.content) == ("stop", "It rains.")
    assert "rain, 12 degrees" in model.history[1][-1].text
    assert [type(m).__name__ for m in model.history[1][1:]] == ["HumanMessage", "AIMessage", "ToolMessage"]


def test_a_tool_that_has_to_be_called_is_bound_so(tmp_path: Path) -> None:
    chosen: list[Any] = []

    class Bound(Scripted):
        def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
            chosen.append(kwargs.get("tool_choice"))
            return super().bind_tools(tools, **kwargs)

    with (
        door([spec_file(tmp_path)], Bound(call("weather", city="Porto"))) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as api,
    ):
        choice: Any = {"type": "function", "function": {"name": "weather"}}
        api.chat.completions.create(model="desk", messages=[user("?")], tools=[WEATHER], tool_choice=choice)
    assert chosen and all(one == choice for one in chosen)


def test_a_picture_is_seen_and_what_a_tool_shows_comes_back(tmp_path: Path) -> None:
    def answer(messages: Any) -> Any:
        kinds = [block["type"] for block in messages[-1].content]
        return AIMessage(content=f"I see {kinds.count('image')} picture. " + messages[-1].text.splitlines()[-1])

    with (
        door([spec_file(tmp_path)], Scripted(answer, profile={"image_inputs": True})) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as api,
    ):
        parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": data_uri(png())}}]
        said = api.chat.completions.create(model="desk", messages=[user(parts)]).choices[0].message.content
    assert said is not None and said.startswith("I see 1 picture.") and "img_1" in said
    assert list((tmp_path / "gptsmith-home" / "state").rglob("img_*")) == []


@pytest.mark.parametrize("stream", [False, True])
def test_pictures_that_are_drawn_come_with_the_answer(tmp_path: Path, stream: bool) -> None:
    tool = {"type": "image_generation", "name": "draw", "steps": 1, "caption_upsampling": False}
    with client(tmp_path, call("draw", request="a red circle"), "Here it is.", tools=[tool]) as (api, _):
        more: Any = {"model": "desk", "messages": [user("Draw a red circle")]}
        if stream:
            chunks = [c.choices[0].delta.model_extra or {} for c in api.chat.completions.create(stream=True, **more)]
            images = [image for extra in chunks for image in extra.get("images", [])]
        else:
            made = api.chat.completions.create(**more)
            images = (made.choices[0].message.model_extra or {})["images"]
            assert (made.model_extra or {})["gptsmith"]["images"][0]["prompt"] == "a red circle"
    url = images[0]["image_url"]["url"]
    assert Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).format == "PNG"


@pytest.mark.parametrize("stream", [False, True])
def test_citations_are_annotations(tmp_path: Path, stream: bool) -> None:
    (tmp_path / "guide.md").write_text("# Ship\n\nThe panel of the ship was painted in 1755 by Bartolomeu Antunes.\n")
    knowledge = [{"name": "guide", "paths": ["./guide.md"], "mode": "always"}]
    with client(tmp_path, "It was painted in 1755 [1].", knowledge=knowledge) as (api, _):
        more: Any = {"model": "desk", "messages": [user("When was the panel of the ship painted?")]}
        if stream:
            deltas = [c.choices[0].delta.model_extra or {} for c in api.chat.completions.create(stream=True, **more)]
            notes = [note for extra in deltas for note in extra.get("annotations", [])]
        else:
            made = api.chat.completions.create(**more)
            assert made.choices[0].message.annotations is not None
            notes = [note.model_dump() for note in made.choices[0].message.annotations]
            assert (made.model_extra or {})["gptsmith"]["citations"][0]["source"] == "guide.md"
    assert notes[0]["type"] == "file_citation"
    cited = notes[0]["file_citation"]
    assert (cited["filename"], cited["index"]) == ("guide.md", 1) and "1755" in cited["quote"]


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"model": "nobody"}, openai.NotFoundError, "The model 'nobody' does not exist"),
        ({"model": "../../etc/passwd"}, openai.NotFoundError, "does not exist"),
        ({"messages": []}, openai.BadRequestError, "messages: List should have at least 1 item"),
        ({"messages": [{"role": "robot", "content": "x"}]}, openai.BadRequestError, "not from 'robot'"),
        ({"messages": [user([{"type": "video", "video": "x"}])]}, openai.BadRequestError, "type 'video'"),
        ({"n": 2}, openai.BadRequestError, "n has to be 1"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "in its own words"),
        ({"tools": [{"type": "web_search"}]}, openai.BadRequestError, "Only functions can be given"),
        ({"tools": [WEATHER, WEATHER]}, openai.BadRequestError, "The name weather is taken"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, openai.BadRequestError, "tool_choice is"),
        ({"metadata": {"thread_id": "../x"}}, openai.BadRequestError, "A thread id has"),
        ({"metadata": {"var_city": "Porto"}, "messages": [user("x")]}, None, ""),
        ({"metadata": {"var_city": "x", "thread_id": "t"}}, openai.BadRequestError, "no variable city"),
        ({"messages": [{"role": "assistant", "content": "x"}], "metadata": {"thread_id": "t"}},
         openai.BadRequestError, "has to be the user's"),
        ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}], "metadata": {"thread_id": "t"}},
         openai.BadRequestError, "No call waits"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said(tmp_path: Path, change: Any, kind: Any, said: str) -> None:
    with client(tmp_path, "Fine.") as (api, _):
        asked: Any = {"model": "desk", "messages": [user("Hello")], **change}
        if kind is None:
            assert api.chat.completions.create(**asked).choices[0].message.content == "Fine."
            return
        with pytest.raises(kind) as raised:
            api.chat.completions.create(**asked)
    assert said in raised.value.body["message"]
    assert set(raised.value.body) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.png", "https://example.org/x.png", "file:///etc/passwd", "x"])
def test_pictures_are_not_fetched(tmp_path: Path, url: str) -> None:
    with client(tmp_path, "Fine.") as (api, model):
        with pytest.raises(openai.BadRequestError, match="addresses are not fetched"):
            api.chat.completions.create(
                model="desk", messages=[user([{"type": "image_url", "image_url": {"url": url}}])]
            )
        assert model.history == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("code", "kind"),
    [("rate_limited", openai.RateLimitError), ("unavailable", openai.InternalServerError),
     ("timeout", openai.InternalServerError)],
)  # fmt: skip
def test_a_model_that_fails_is_a_status(tmp_path: Path, code: str, kind: Any, stream: bool) -> None:
    with client(tmp_path, ProviderError("the model is away", code=code)) as (api, _), pytest.raises(kind) as raised:
        api.chat.completions.create(model="desk", messages=[user("Hello")], stream=stream)
    assert raised.value.body["code"] == code and "the model is away" in raised.value.body["message"]


# -- responses -------------------------------------------------------------------------------------------------------


def test_a_response_and_the_one_that_follows_it(tmp_path: Path) -> None:
    with client(tmp_path, "Hello Ana.", "Ana.") as (api, model):
        first = api.responses.create(model="desk", input="I am Ana.", instructions="Speak Latin.")
        second = api.responses.create(model="desk", input="Who am I?", previous_response_id=first.id)
        with pytest.raises(openai.BadRequestError, match="has gone on"):
            api.responses.create(model="desk", input="Again?", previous_response_id=first.id)
        with pytest.raises(openai.NotFoundError, match="There is no response"):
            api.responses.create(model="desk", input="?", previous_response_id="resp_abc_1_0")
    assert (first.output_text, second.output_text, first.status) == ("Hello Ana.", "Ana.", "completed")
    assert second.usage is not None and second.usage.total_tokens == 15
    assert [m.text for m in model.history[1][1:]] == ["I am Ana.", "Hello Ana.", "Who am I?"]
    assert "Speak Latin." in model.history[0][0].text and "Speak Latin." not in model.history[1][0].text


def test_the_events_of_a_response(tmp_path: Path) -> None:
    with client(tmp_path, "One two three.") as (api, _), api.responses.stream(model="desk", input="Count") as stream:
        events = list(stream)
        end = stream.get_final_response()
    kinds = [event.type for event in events]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
    assert "".join(deltas) == "One two three." == end.output_text and len(deltas) > 1
    assert [event.sequence_number for event in events] == list(range(len(events)))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kept", [True, False])
def test_a_response_calls_the_clients_tool(tmp_path: Path, stream: bool, kept: bool) -> None:
    with client(tmp_path, call("weather", "call_7", text="Let me look.", city="Porto"), "It rains.") as (api, model):
        more: Any = {"model": "desk", "tools": [FLAT], "store": kept}
        if stream:
            with api.responses.stream(input="The weather?", **more) as events:
                first: Any = events.get_final_response()
        else:
            first = api.responses.create(input="The weather?", **more)
        wanted = first.output[-1]
        assert (wanted.type, wanted.name, wanted.arguments) == ("function_call", "weather", '{"city": "Porto"}')
        result: Any = {"type": "function_call_output", "call_id": wanted.call_id, "output": "rain"}
        if kept:
            end = api.responses.create(input=[result], previous_response_id=first.id, **more)
        else:
            items = [user("The weather?"), *(item.model_dump() for item in first.output), result]
            end = api.responses.create(input=items, **more)
    assert end.output_text == "It rains."
    assert "rain" in model.history[1][-1].text


def test_a_response_cites_and_draws(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text("# Ship\n\nThe panel of the ship was painted in 1755 by Bartolomeu Antunes.\n")
    knowledge = [{"name": "guide", "paths": ["./guide.md"], "mode": "always"}]
    tool = {"type": "image_generation", "name": "draw", "steps": 1, "caption_upsampling": False}
    answers = (call("draw", request="a red circle"), "It was painted in 1755 [1].")
    asked: Any = {"model": "desk", "input": "When was the panel of the ship painted?"}
    more = {"knowledge": knowledge, "tools": [tool]}
    with client(tmp_path, *answers, **more) as (api, _), api.responses.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        made: Any = stream.get_final_response()
    image = next(item for item in made.output if item.type == "image_generation_call")
    assert Image.open(io.BytesIO(base64.b64decode(image.result))).format == "PNG"
    note = made.output[-1].content[0].annotations[0]
    assert (note.type, note.filename, note.index) == ("file_citation", "guide.md", 23)
    assert "response.output_text.annotation.added" in kinds and "response.image_generation_call.completed" in kinds


# -- the rest --------------------------------------------------------------------------------------------------------


def test_embeddings_are_those_of_the_encoder(tmp_path: Path) -> None:
    from gptsmith.models.embedding import load_embedder

    with client(tmp_path) as (api, _):
        packed = api.embeddings.create(model="embedded", input=["a ship", "a tile"])
        plain = api.embeddings.create(model="embedded", input="a ship", encoding_format="float")
        with pytest.raises(openai.BadRequestError, match="Send texts, not tokens"):
            api.embeddings.create(model="embedded", input=[1, 2])
    row = load_embedder().encode(["a ship"])[0]
    assert packed.data[0].embedding == pytest.approx(row.tolist(), abs=1e-5)
    assert plain.data[0].embedding == pytest.approx(packed.data[0].embedding, abs=1e-5)


def test_pictures_are_drawn(tmp_path: Path) -> None:
    with client(tmp_path) as (api, _):
        made = api.images.generate(prompt="a red apple", model="embedded", n=1, size="64x64")
        with pytest.raises(openai.BadRequestError, match="draws no pictures"):
            api.images.generate(prompt="a red circle", model="desk")
        with pytest.raises(openai.NotFoundError):
            api.images.generate(prompt="a red circle", model="some/weights")
    assert made.data is not None and made.data[0].b64_json is not None
    assert Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json))).format == "PNG"


def test_a_file_is_uploaded_asked_about_and_forgotten(tmp_path: Path) -> None:
    with client(tmp_path, "In 1755 [1].") as (api, model):
        text = b"The panel of the ship was painted in 1755 by Bartolomeu Antunes."
        kept = api.files.create(file=("../../ship.txt", text), purpose="user_data")
        assert (kept.filename, kept.bytes) == ("ship.txt", len(text))
        assert [one.id for one in api.files.list()] == [kept.id]
        assert api.files.content(kept.id).read() == text
        parts: Any = [{"type": "text", "text": "When?"}, {"type": "file", "file": {"file_id": kept.id}}]
        with pytest.raises(openai.BadRequestError, match="needs a conversation"):
            api.chat.completions.create(model="desk", messages=[user(parts)])
        made = api.chat.completions.create(model="desk", messages=[user(parts)], metadata={"thread_id": "t"})
        assert api.files.delete(kept.id).deleted
        with pytest.raises(openai.NotFoundError):
            api.files.retrieve(kept.id)
    assert "1755" in model.history[0][-1].text
    assert (made.model_extra or {})["gptsmith"]["citations"][0]["source"] == "ship.txt"


# -- keys ------------------------------------------------------------------------------------------------------------


def test_with_a_key_set_each_request_needs_one_and_sees_its_own(tmp_path: Path) -> None:
    keys = Keys()
    ana, bob = keys.add("ana"), keys.add("bob", ("other",))
    model = Scripted("Hello Ana.", "Hello.", "Fresh.")
    files = [spec_file(tmp_path), spec_file(tmp_path, "other")]
    with door(files, model) as url:

        def api(key: str) -> OpenAI:
            return OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)

        for wrong in ("none", "gsk_" + "0" * 12 + "_x", ana[:-1], ana + "x"):
            with pytest.raises(openai.AuthenticationError, match="not known"):
                api(wrong).models.list()
        assert [m.id for m in api(ana).models.list()] == ["desk", "other"]
        assert [m.id for m in api(bob).models.list()] == ["other"]
        with pytest.raises(openai.NotFoundError):
            api(bob).chat.completions.create(model="desk", messages=[user("Hi")])
        thread: Any = {"model": "other", "metadata": {"thread_id": "t"}}
        api(ana).chat.completions.create(messages=[user("I am Ana.")], **thread)
        api(bob).chat.completions.create(messages=[user("Who am I?")], **thread)
        assert [m.text for m in model.history[1][1:]] == ["Who am I?"]
        kept = api(ana).files.create(file=("a.txt", b"secret"), purpose="user_data")
        with pytest.raises(openai.NotFoundError):
            api(bob).files.content(kept.id)
        keys.revoke("ana")
        with pytest.raises(openai.AuthenticationError):
            api(ana).models.list()


def test_own_tools_run_here_and_are_told_beside_the_answer(tmp_path: Path) -> None:
    def stock() -> str:
        """Count the tiles."""
        return "seven"

    register_tool(stock)
    with client(tmp_path, call("stock"), "Seven.", tools=[{"type": "stock"}]) as (api, model):
        made = api.chat.completions.create(model="desk", messages=[user("How many?")])
        clash = {**WEATHER, "function": {**WEATHER["function"], "name": "stock"}}
        with pytest.raises(openai.BadRequestError, match="The name stock is taken"):
            api.chat.completions.create(model="desk", messages=[user("How many?")], tools=[clash])
    assert (made.choices[0].message.content, made.choices[0].message.tool_calls) == ("Seven.", None)
    assert (made.model_extra or {})["gptsmith"]["tool_calls"][0]["result"] == "seven"
    assert isinstance(model.history[0][-1], HumanMessage)


# -- LangChain ---------------------------------------------------------------------------------------------------------


def test_langchain_streams_calls_tools_and_goes_on(tmp_path: Path) -> None:
    from langchain_core.messages import ToolMessage
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    def weather(city: str) -> str:
        """Say the weather."""
        return f"rain in {city}"

    answers = ("One two three.", call("weather", "call_7", city="Porto"), "It rains.")
    with client(tmp_path, *answers) as (api, model):
        more: Any = {"base_url": str(api.base_url), "api_key": "none", "max_retries": 0}
        chat = ChatOpenAI(model="desk", **more)
        pieces = [piece.text for piece in chat.stream("Count") if piece.text]
        assert "".join(pieces) == "One two three." and len(pieces) > 1
        bound = chat.bind_tools([weather])
        talk: list[Any] = [HumanMessage("The weather in Porto?")]
        talk.append(bound.invoke(talk))
        assert talk[-1].tool_calls[0]["args"] == {"city": "Porto"}
        talk.append(ToolMessage("rain", tool_call_id="call_7"))
        assert bound.invoke(talk).text == "It rains."
        vectors = OpenAIEmbeddings(model="embedded", check_embedding_ctx_length=False, **more).embed_query("a ship")
    assert len(vectors) == 384
    assert [type(m).__name__ for m in model.history[2][1:]] == ["HumanMessage", "AIMessage", "ToolMessage"]
