"""Answers held to a JSON schema by the server that writes them: llama.cpp makes a grammar of it, token by token."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

_ASK = "Answer with one JSON object and nothing else. This is its schema, with what each field means:"


def constrained(model: BaseChatModel, schema: dict[str, Any] | type) -> Runnable[LanguageModelInput, dict[str, Any]]:
    """Return a runnable that gives back the message, what it says as `schema`, and what was wrong with it.

    The schema stands behind the system prompt too: a grammar tells a model what it may write, not what is meant.
    """
    tool = convert_to_openai_tool(schema)["function"]
    form = {"name": tool["name"], "schema": tool["parameters"]}
    # in the body, since OpenAI's client reads such an answer by itself and breaks on one that was cut
    asking = model.bind(extra_body={"response_format": {"type": "json_schema", "json_schema": form}})
    told = f"{_ASK}\n{json.dumps(tool['parameters'], ensure_ascii=False, separators=(',', ':'))}"

    def ask(given: LanguageModelInput) -> list[BaseMessage]:
        prompt: PromptValue = model._convert_input(given)
        messages = prompt.to_messages()
        if messages and isinstance(messages[0], SystemMessage):
            return [SystemMessage(f"{messages[0].text}\n\n{told}"), *messages[1:]]
        return [SystemMessage(told), *messages]

    return RunnableLambda(ask) | asking | RunnableLambda(lambda answer: _read(answer, schema))


def _read(answer: AIMessage, schema: dict[str, Any] | type) -> dict[str, Any]:
    try:
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return {"raw": answer, "parsed": schema.model_validate_json(answer.text), "parsing_error": None}
        return {"raw": answer, "parsed": json.loads(answer.text), "parsing_error": None}
    except (ValidationError, ValueError) as error:
        return {"raw": answer, "parsed": None, "parsing_error": error}
