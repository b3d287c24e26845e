"""Structured answers: flat schemas filled from the message, gptsmith's own through composers, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ValidationError

from gptsmith.assistants.drafting import Drafting
from gptsmith.errors import NotReadyError
from gptsmith.models.chat.embedded.arguments import fill_params
from gptsmith.models.chat.embedded.conversation import read_conversation
from gptsmith.models.chat.embedded.toolbox import read_params
from gptsmith.models.chat.embedded.words import content_stems

Composer = Callable[[list[BaseMessage], Drafting | None], BaseModel]
C = TypeVar("C", bound=Composer)

COMPOSERS: dict[type, Composer] = {}
_HINT = "connect a model that can: set `model: ollama:qwen3:8b` in the spec or the variable OPENAI_API_KEY"
_SCALARS = ("string", "integer", "number", "boolean")


class NotSupported(NotReadyError):
    """The embedded model cannot fill this schema."""


def not_supported(what: str) -> NotSupported:
    """Return the error for something that the embedded model does not do."""
    return NotSupported(f"the embedded model cannot {what}", code="not_supported", hint=_HINT)


def register_composer(schema: type[BaseModel]) -> Callable[[C], C]:
    """Make the decorated function the way in which `schema` is composed from messages."""

    def keep(composer: C) -> C:
        COMPOSERS[schema] = composer
        return composer

    return keep


def composer_of(schema: Any) -> Composer | None:
    """Return the composer of `schema`; the module that a schema names as its `COMPOSER` is loaded when it is needed."""
    if not isinstance(schema, type):
        return None
    if schema not in COMPOSERS and (module := getattr(schema, "COMPOSER", None)):
        import_module(module)
    return COMPOSERS.get(schema)


def parameters_of(schema: Any) -> dict[str, Any]:
    """Return the JSON schema of the object; raises NotSupported unless it is flat: scalars, enums, lists of scalars."""
    function = convert_to_openai_tool(schema)["function"]
    parameters: dict[str, Any] = function.get("parameters") or {}
    for p in read_params(parameters):
        flat = p.type in _SCALARS or bool(p.enum) or (p.type == "array" and p.items in _SCALARS)
        if not flat:
            raise not_supported(f"fill nested schemas ({function.get('name', 'schema')}.{p.name})")
    return parameters


def compose(schema: Any, messages: Sequence[BaseMessage], drafting: Drafting | None = None) -> Any:
    """Return an instance of `schema` (or a dict, for a JSON schema) made from the last message.

    `drafting` watches a schema of the builder's that is written part by part.

    Raises NotSupported when the schema is nested, or when the message does not name a required field.
    """
    composer = composer_of(schema)
    if composer is not None:
        return composer(list(messages), drafting)
    parameters = parameters_of(schema)
    talk = read_conversation(list(messages))
    params = read_params(parameters)
    values = fill_params(params, talk.words, set(content_stems(str(parameters.get("description", "")))))
    whole = [p for p in params if p.required and p.type == "string" and not p.enum and p.name not in values]
    if len(whole) == 1:  # the one free text of a schema is what the person said
        values[whole[0].name] = talk.words
    missing = [p.name for p in params if p.required and p.name not in values]
    if missing:
        raise not_supported(f"find {', '.join(missing)} in the message")
    if not (isinstance(schema, type) and issubclass(schema, BaseModel)):
        return values
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise not_supported(f"make a valid {schema.__name__} of the message") from error
