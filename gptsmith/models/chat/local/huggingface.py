"""A causal language model on this machine, through transformers, as a LangChain chat model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import NotReadyError, ProviderError
from gptsmith.models.chat.generating import Writing
from gptsmith.models.chat.local.weights import Weights, load

ROLES = {"system": "system", "human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "tool": "tool"}


def load_huggingface(spec: ModelSpec, *, base_dir: Path | None = None, trust: bool = False) -> HuggingFaceChatModel:
    """Load the model that `spec` names; see `weights.load` for what a name is and what is raised."""
    weights = load(spec, base_dir=base_dir, trust=trust)
    profile = {} if weights.context is None else {"max_input_tokens": weights.context}
    return HuggingFaceChatModel(spec=spec, weights=weights, profile=profile)


class HuggingFaceChatModel(BaseChatModel):
    """Writes with transformers' own `generate`, streamed; leaving the stream stops the computation.

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
        with closing(Writing(self._weights, self.spec, prompt, stops)) as writing:
            for text in writing:
                yield ChatGenerationChunk(message=AIMessageChunk(content=text))
        read, wrote = len(prompt), writing.wrote
        usage = UsageMetadata(input_tokens=read, output_tokens=wrote, total_tokens=read + wrote)
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", usage_metadata=usage, chunk_position="last"),
            generation_info={"finish_reason": writing.finish, "model_name": self.model_name},
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
