"""The embedded chat model: grammar and a sentence encoder, no language model."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolCall
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import ChatPromptValue, PromptValue
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from numpy.typing import NDArray
from pydantic import Field

from gptsmith.errors import GptsmithError, ProviderError
from gptsmith.models.chat.drafting import drafting_of
from gptsmith.models.chat.embedded import words
from gptsmith.models.chat.embedded.answer import THRESHOLD, read_out, what_follows
from gptsmith.models.chat.embedded.arguments import composer_of, fill_schema, parameters_of
from gptsmith.models.chat.embedded.conversation import (
    Conversation,
    question_of,
    read_conversation,
    said_before,
    text_of,
    wants_more,
)
from gptsmith.models.chat.embedded.floor import CONNECT, not_in_my_words
from gptsmith.models.chat.embedded.intents import NONE, Intent, read_intent
from gptsmith.models.chat.embedded.lookups import is_talk
from gptsmith.models.chat.embedded.manners import dress, is_plain_talk, read_manners, small_talk
from gptsmith.models.chat.embedded.replies import (
    SILENT,
    SURE,
    answer_from,
    ask_for,
    asked_before,
    quoted,
    report,
    spoken,
)
from gptsmith.models.chat.embedded.tasks import chatting, find_writer, minded
from gptsmith.models.chat.embedded.tasks.threads import stand_alone
from gptsmith.models.chat.embedded.toolbox import Tool, read_tools
from gptsmith.models.chat.local.writer import Writer
from gptsmith.models.embedding import load_embedder
from gptsmith.models.embedding.remembered import remembered
from gptsmith.models.text import split_sentences

FREE = "\0free"
"""Stands for a reply that the local model is to write."""
_GET = "get it again with `gptsmith models get`"
_LONGEST = 4000  # characters of a message that are read for talk
_ASKING = re.compile(
    r"\?\s*$|^\W*(?:who|what|when|where|why|how|which|whose|is|are|do|does|did|can|tell|compare)\b", re.I
)
_PIECE = re.compile(r"\s*\S+|\s+$")


class EmbeddedChatModel(BaseChatModel):
    """Chooses tools, quotes passages and says who it is; it does not write freely.

    `mind` is the local model that writes, the default one where it is None.
    `answer_threshold` is the chance from which a sentence is taken for an answer to a question.
    """

    model_name: str = "embedded"
    mind: Any = Field(default=None, exclude=True)
    profile: Any = Field(default={"image_inputs": False}, exclude=True)
    answer_threshold: float = THRESHOLD

    @property
    def _llm_type(self) -> str:
        return "gptsmith-embedded"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools; `tool_choice` "none" takes them away again, other values change nothing."""
        shown = [] if tool_choice == "none" else [convert_to_openai_tool(t) for t in tools]
        return self.bind(tools=shown, **kwargs)

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a runnable that fills `schema` from the last message.

        Flat schemas and gptsmith's own. Raises NotSupported for a nested schema at once, and on use when the message
        does not name a required field; `include_raw` gives that error back instead, as `parsing_error`.
        """
        if composer_of(schema) is None:
            parameters_of(schema)

        def fill(given: LanguageModelInput, config: RunnableConfig) -> Any:
            messages, watching = _messages(given, self), drafting_of(config)
            if not include_raw:
                with minded(self.mind):
                    return fill_schema(schema, messages, watching)
            try:
                with minded(self.mind):
                    parsed, wrong = fill_schema(schema, messages, watching), None
            except ValueError as error:
                parsed, wrong = None, error
            text = parsed.model_dump_json() if hasattr(parsed, "model_dump_json") else ""
            return {"raw": self._message(text, [], messages), "parsed": parsed, "parsing_error": wrong}

        return RunnableLambda(fill, name="embedded_structured_output")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with minded(self.mind):
            text, calls = self._reply(messages, kwargs.get("tools") or [], stop)
        message = self._message(text, calls, messages)
        if text == FREE:
            written = chatting.answer(self._writer(), read_conversation(messages))
            message = self._message("".join(written).strip(), calls, messages, _remark(messages), written.finish)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with minded(self.mind):
            text, calls = self._reply(messages, kwargs.get("tools") or [], stop)
        id = f"run-{uuid.uuid4()}"
        pieces: Iterator[str] = iter(_PIECE.findall(text))
        remark = _remark(messages) if text == FREE else ""
        written = chatting.answer(self._writer(), read_conversation(messages)) if remark else None
        pieces = written or pieces
        text = ""
        for piece in pieces:
            text += piece
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece, id=id))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        whole = self._message(text, calls, messages, remark, written.finish if written else "stop")
        parts = [
            tool_call_chunk(name=c["name"], args=_json(c["args"]), id=c["id"], index=i) for i, c in enumerate(calls)
        ]
        last = AIMessageChunk(
            content="",
            id=id,
            tool_call_chunks=parts,
            usage_metadata=whole.usage_metadata,
            response_metadata=whole.response_metadata,
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)

    def _message(
        self, text: str, calls: list[ToolCall], messages: Sequence[BaseMessage], remark: str = "", finish: str = "stop"
    ) -> AIMessage:
        read = sum(_count(text_of(m)) for m in messages)
        wrote = _count(text) + sum(_count(_json(c["args"])) for c in calls)
        return AIMessage(
            content=text,
            tool_calls=calls,
            usage_metadata=UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote),
            response_metadata={
                "finish_reason": "tool_calls" if calls else finish,
                "model_name": self.model_name,
                **({"remark": remark} if remark else {}),
            },
        )

    def _reply(
        self, messages: list[BaseMessage], tools: list[dict[str, Any]], stop: list[str] | None
    ) -> tuple[str, list[ToolCall]]:
        talk = read_conversation(messages)
        box = read_tools(tools)
        intent = NONE if talk.results else self._intent(talk, box)
        if intent.calls and intent.tool is not None:
            return "", [
                ToolCall(name=intent.tool.name, args=intent.args, id=f"call_{uuid.uuid4().hex[:24]}", type="tool_call")
            ]
        text = self._words(talk, box, intent)
        if text != FREE:
            manners = read_manners(talk.role.instructions)
            if text.startswith(CONNECT):  # to ask what else one would like to know makes it absurd
                manners = replace(manners, asks_back=False)
            text = dress(spoken(text, words.language_of(talk.words)), manners)
        for mark in stop or []:
            text = text.partition(mark)[0] if mark else text
        return text, []

    def _intent(self, talk: Conversation, box: list[Tool]) -> Intent:
        attached = talk.picture is not None and talk.picture.age == 0 and not talk.picture.drawn
        if not box or (small_talk(talk.words, talk.role, box) and not attached):  # "who is this?" asks of the picture
            return NONE
        last = talk.earlier[-1] if talk.earlier else None
        pending = last.words if last and asked_before(last.reply) else ""
        intent = read_intent(talk, box, pending=pending)
        if not any(tool.kind == "search" for tool in box) or (intent.tool and intent.tool.kind != "search"):
            return intent
        asked = self._question(talk)
        if asked == talk.words:
            return intent
        meant = read_intent(replace(talk, words=asked), box)
        return meant if meant.tool is not None and meant.tool.kind == "search" else intent

    def _words(self, talk: Conversation, box: list[Tool], intent: Intent) -> str:
        """Return the reply of the code; FREE where the model is to write one, that of the floor where there is none."""
        writes = find_writer() is not None
        if talk.results:
            return report(talk, self._encode, self.answer_threshold)
        if intent.tool is not None:
            return ask_for(intent.tool, intent.missing)
        if talk.files and (said := read_out(talk.words, talk.files, talk.passages or [])):
            return quoted(said)
        if (small := small_talk(talk.words, talk.role, box)) and (not writes or is_plain_talk(talk)):
            return small
        foreign, freely = words.language_of(talk.words), FREE if writes else not_in_my_words()
        role = f"{talk.role.name}: {talk.role.description}".strip(" :")
        told = [s.text for s in split_sentences(talk.words[:_LONGEST])] if foreign == "en" else []
        idle = bool(told) and all(is_talk(text, role) for text in told)
        found = self._from_passages(talk, surely=idle)
        if found and not found.startswith(SILENT):
            return found
        if idle or (found == f"{SILENT}." and not any(_ASKING.search(text) for text in told) and foreign == "en"):
            return freely  # nothing was asked of the files, so that nothing is said of them
        if foreign != "en" and not writes:
            note = f"I work best in English, and this looks like {words.name_of(foreign)}; your words stay as they are."
            return f"{found} {note}" if found else note
        return found or freely

    def _writer(self) -> Writer:
        with minded(self.mind):
            writer = find_writer()
        if writer is None:  # it was there a moment ago
            raise ProviderError("the local model was removed while it was needed", code="unavailable", hint=_GET)
        return writer

    def _question(self, talk: Conversation) -> str:
        """Return what is asked in full: said by the local model where the words lean on what was said before."""
        joined = question_of(talk)
        writer = find_writer()
        if joined == talk.words or writer is None or wants_more(talk.words):
            return joined
        try:
            return stand_alone(writer, talk.words, talk.earlier[-1].words, talk.earlier[-1].reply) or joined
        except GptsmithError:
            return joined

    def _from_passages(self, talk: Conversation, *, surely: bool) -> str:
        """Return the answer from the passages; empty when the message carries no block of them.

        `surely` says that only a sentence that answers beyond doubt is wanted.
        """
        if talk.passages is None:
            return ""
        question, passages, least = self._question(talk), talk.passages, self.answer_threshold
        if question == talk.words:
            return answer_from(question, passages, self._encode, max(least, SURE) if surely else least)
        said = said_before(talk)
        if wants_more(talk.words):
            on = what_follows(said, passages)
            if on:
                return quoted(on)
            least *= 0.5
        again = "" if wants_more(talk.words) else talk.words
        return answer_from(question, passages, self._encode, 0.8 * least, said, again)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Encode a question, or what files say: that comes again with the next question and is remembered."""
        embedder = load_embedder("embedded")
        return remembered().encode(embedder, texts) if len(texts) > 1 else embedder.encode(texts)


def _remark(messages: Sequence[BaseMessage]) -> str:
    """Return what is to be known of free answers, in the language in which the conversation began."""
    said = [read_conversation([m]).words for m in messages if isinstance(m, HumanMessage)]
    return spoken(chatting.REMARK, words.language_of(said[0] if said else ""))


def _count(text: str) -> int:
    return load_embedder("embedded").count_tokens(text) if text else 0


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _messages(given: LanguageModelInput, model: BaseChatModel) -> list[BaseMessage]:
    prompt: PromptValue = model._convert_input(given)
    return list(prompt.messages) if isinstance(prompt, ChatPromptValue) else prompt.to_messages()
