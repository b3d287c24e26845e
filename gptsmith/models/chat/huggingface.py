"""A causal language model on this machine, through transformers, as a LangChain chat model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError, ProviderError
from gptsmith.models.chat.sampling import Sampler
from gptsmith.models.chat.weights import Weights, load
from gptsmith.models.chat.window import TooLongError

MAX_TOKENS = 1024  # of an answer, where the spec says nothing
ROLES = {"system": "system", "human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "tool": "tool"}


def load_huggingface(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> HuggingFaceChatModel:
    """Load the model that `spec` names; see `weights.load` for what a name is and what is raised."""
    weights = load(spec, base_dir=base_dir, trust=trust)
    profile = {} if weights.context is None else {"max_input_tokens": weights.context}
    return HuggingFaceChatModel(spec=spec, weights=weights, profile=profile)


class HuggingFaceChatModel(BaseChatModel):
    """Writes one token after the other, streamed; leaving the stream stops the computation.

    Uses the tokenizer's chat template, with control tokens in messages taken as plain text; without a template, plain
    `User:` and `Assistant:` lines. Tools only where the template has a place for them; their calls stand in the
    text, where the guard around the model reads them.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    spec: ModelSpec
    weights: Any = Field(repr=False, exclude=True)

    @property
    def model_name(self) -> str:
        """The model's label, as `huggingface:name`."""
        return f"huggingface:{self.spec.name}"

    @property
    def _llm_type(self) -> str:
        return "gptsmith-huggingface"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    @property
    def supports_tools(self) -> bool:
        """Whether the chat template has a place for tools."""
        template = self._weights.tokenizer.chat_template
        return "tools" in template if isinstance(template, str) else "tool_use" in (template or {})

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return len(self._weights.tokenizer(text)["input_ids"])

    @property
    def _weights(self) -> Weights:
        weights: Weights = self.weights
        return weights

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return this model with `tools`; raises NotReadyError where the template has no place for them.

        `tool_choice` is a wish that a local model cannot be held to.
        """
        if not self.supports_tools:
            raise NotReadyError(
                f"{self.model_name} cannot call tools: its chat template has no place for them",
                code="missing_model",
                hint="choose a model that was trained to call tools, or take the tools out",
            )
        return self.bind(tools=[convert_to_openai_tool(t) for t in tools])

    def sampler(self) -> Sampler:
        """Return a sampler for one answer: the spec's settings, where it says nothing the model's own.

        Without a temperature anywhere the likeliest token is taken, unless top-k or top-p ask for a draw.
        """
        own = self._weights.model.generation_config
        draws = bool(getattr(own, "do_sample", False))
        temperature, top_k, top_p = self.spec.temperature, self.spec.top_k, self.spec.top_p
        if temperature is None:
            asked = top_k is not None or top_p is not None
            temperature = (getattr(own, "temperature", None) or 1.0) if draws else (1.0 if asked else 0.0)
        if draws:
            top_k = top_k if top_k is not None else (getattr(own, "top_k", None) or None)
            top_p = top_p if top_p is not None else getattr(own, "top_p", None)
        return Sampler(temperature=float(temperature), top_k=top_k, top_p=top_p, seed=self.spec.seed)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop=stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        tools: list[dict[str, Any]] = kwargs.get("tools") or []
        prompt, plain = self._prompt(messages, tools)
        stops = [*self.spec.stop, *(stop or []), *(["\nUser:"] if plain else [])]
        writer = Writing(self._weights, prompt, self.sampler(), stops, self.spec.max_tokens or MAX_TOKENS)
        for text in writer:
            yield ChatGenerationChunk(message=AIMessageChunk(content=text))
        read, wrote = len(prompt), len(writer.written)
        usage = UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", usage_metadata=usage, chunk_position="last"),
            generation_info={"finish_reason": writer.finish, "model_name": self.model_name},
        )

    def _prompt(self, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> tuple[list[int], bool]:
        """Return the prompt's token ids, and whether it is in plain lines for lack of a template."""
        tokenizer = self._weights.tokenizer
        turns = [_turn(m) for m in messages]
        if not tokenizer.chat_template:
            lines = [t["content"] if t["role"] == "system" else f"{t['role'].title()}: {t['content']}" for t in turns]
            return list(tokenizer("\n\n".join([*lines, "Assistant:"]))["input_ids"]), True
        from jinja2 import TemplateError

        keywords: dict[str, Any] = {"add_generation_prompt": True, "sanitize_control_tokens": True}
        if tools:
            keywords["tools"] = tools
        for form in (turns, _alternating(turns)):
            try:
                return list(tokenizer.apply_chat_template(form, **keywords)["input_ids"]), False
            except TemplateError:
                continue  # many templates know no system role, or want strict turns: the second form has both
        raise ProviderError(
            f"the chat template of {self.model_name} does not take this conversation",
            code="rejected",
            hint="start a new thread, or choose another model",
        )


class Writing:
    """One answer being written: iterate for its text; then `finish` is stop or length, `written` holds the ids."""

    def __init__(self, weights: Weights, prompt: list[int], sampler: Sampler, stops: list[str], limit: int) -> None:
        self.weights = weights
        self.prompt = prompt
        self.sampler = sampler
        self.stops = [s for s in stops if s]
        self.limit = limit
        self.written: list[int] = []
        self.finish = "length"
        if weights.context is not None:
            self.limit = min(limit, weights.context - len(prompt))
        if self.limit < 1:
            raise TooLongError("this model", limit=weights.context, sent=len(prompt))
        own = weights.model.generation_config.eos_token_id
        self.ends = {*(own if isinstance(own, list) else [own]), weights.tokenizer.eos_token_id} - {None}

    def __iter__(self) -> Iterator[str]:
        """Yield text as soon as it is certain: whole characters, and nothing that may be part of a stop string."""
        held = ""
        for text in self._texts():
            ready, held = _before(held + text, self.stops)
            cut = min((at for s in self.stops if (at := (ready + held).find(s)) >= 0), default=None)
            if cut is not None:
                self.finish = "stop"
                if (ready + held)[:cut]:
                    yield (ready + held)[:cut]
                return
            if ready:
                yield ready
        if held:
            yield held

    def _texts(self) -> Iterator[str]:
        """Yield the new characters of each token; half a character waits for its other half."""
        decode, start, shown = self.weights.tokenizer.decode, 0, 0
        for token in self._tokens():
            self.written.append(token)
            before = decode(self.written[start:shown], skip_special_tokens=True)
            text = decode(self.written[start:], skip_special_tokens=True)
            if len(text) > len(before) and not text.endswith("�"):
                start, shown = shown, len(self.written)
                yield text[len(before) :]
        before = decode(self.written[start:shown], skip_special_tokens=True)
        if rest := decode(self.written[start:], skip_special_tokens=True)[len(before) :]:
            yield rest

    def _tokens(self) -> Iterator[int]:
        model, device = self.weights.model, self.weights.device
        ids, cache = torch.tensor([self.prompt], device=device), None
        for _ in range(self.limit):
            with torch.inference_mode():  # entered for each token: a generator must not leave it on between them
                out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache = out.past_key_values
            token = self.sampler.pick(out.logits[0, -1])
            if token in self.ends:
                self.finish = "stop"
                return
            yield token
            ids = torch.tensor([[token]], device=device)


def _before(text: str, marks: list[str]) -> tuple[str, str]:
    """Split `text` before the longest end that may begin one of `marks`."""
    for at in range(max(0, len(text) - max(map(len, marks), default=1) + 1), len(text)):
        if any(mark.startswith(text[at:]) for mark in marks):
            return text[:at], text[at:]
    return text, ""


def _turn(message: BaseMessage) -> dict[str, Any]:
    """Return a message as chat templates read it."""
    role = ROLES.get(message.type)
    if role is None:
        raise ProviderError(f"a local model cannot read a message of type {message.type}", code="rejected")
    if not isinstance(message.content, str) and any(
        isinstance(b, dict) and b.get("type") not in ("text", "tool_use", "reasoning") for b in message.content
    ):
        raise ProviderError(
            "this local model reads text only", code="rejected", hint="describe the picture, or choose a vision model"
        )
    turn: dict[str, Any] = {"role": role, "content": str(message.text)}
    if isinstance(message, ToolMessage):
        turn["name"] = message.name or ""
    if isinstance(message, AIMessage) and message.tool_calls:
        turn["tool_calls"] = [
            {"type": "function", "function": {"name": c["name"], "arguments": c["args"]}} for c in message.tool_calls
        ]
    return turn


def _alternating(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the turns for strict templates: the system text before the first question, neighbours joined."""
    out: list[dict[str, Any]] = []
    for turn in turns:
        role = "assistant" if turn["role"] == "assistant" else "user"
        if out and out[-1]["role"] == role:
            out[-1] = {**out[-1], "content": f"{out[-1]['content']}\n\n{turn['content']}"}
        else:
            out.append({"role": role, "content": turn["content"]})
    return out
