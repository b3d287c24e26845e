"""What an OpenAI-compatible service refuses in a chat request, with the words of its 400."""

from __future__ import annotations

import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

ROLES = {"system", "developer", "user", "assistant", "tool"}
PARTS = {"text", "image_url", "input_audio", "file", "refusal"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# fmt: off
KNOWN = {
    "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
    "max_tokens", "messages", "metadata", "modalities", "model", "n", "parallel_tool_calls", "prediction",
    "presence_penalty", "prompt_cache_key", "prompt_cache_retention", "reasoning_effort", "response_format",
    "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
    "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
}
# fmt: on
RANGES = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}


def fault(body: Any) -> str | None:
    """Return why the real service would refuse `body`, or None."""
    if not isinstance(body, dict):
        return "The body of the request must be an object."
    for check in (_top_level, _numbers, _tools, _tool_choice, _response_format, _messages):
        if why := check(body):
            return why
    return None


def _top_level(body: dict[str, Any]) -> str | None:
    if unknown := sorted(set(body) - KNOWN):
        return f"Unrecognized request argument supplied: {', '.join(unknown)}"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "you must provide a model parameter"
    if "stream_options" in body and not body.get("stream"):
        return "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        return "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
    stop = body.get("stop")
    if isinstance(stop, list) and len(stop) > 4:
        return "Invalid 'stop': array too long. Expected an array with maximum length 4."
    return None


def _numbers(body: dict[str, Any]) -> str | None:
    for name, (low, high) in RANGES.items():
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            return f"Invalid type for '{name}': expected a decimal."
        if value is not None and not low <= value <= high:
            return f"Invalid '{name}': expected a value between {low} and {high}, got {value}."
    for name in ("max_tokens", "max_completion_tokens", "n"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            return f"Invalid '{name}': expected an integer >= 1."
    return None


def _tools(body: dict[str, Any]) -> str | None:
    if "tools" not in body:
        return None
    if not isinstance(body["tools"], list) or not body["tools"]:
        return "Invalid 'tools': empty array. Expected an array with minimum length 1."
    seen: set[str] = set()
    for i, tool in enumerate(body["tools"]):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            return f"Missing or invalid parameter: 'tools[{i}].function'."
        name = function.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            return f"Invalid 'tools[{i}].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'."
        if name in seen:
            return f"Tool names must be unique: {name!r} is given twice."
        seen.add(name)
        if set(function) - {"name", "description", "parameters", "strict"}:
            return f"Unknown parameter in 'tools[{i}].function'."
        if why := _schema(function.get("parameters", {"type": "object"}), bool(function.get("strict"))):
            return f"Invalid schema for function '{name}': {why}"
    return None


def _tool_choice(body: dict[str, Any]) -> str | None:
    choice = body.get("tool_choice")
    if (choice is not None or "parallel_tool_calls" in body) and "tools" not in body:
        return "'tool_choice' and 'parallel_tool_calls' are only allowed when 'tools' are specified."
    if choice is None or choice in ("none", "auto", "required"):
        return None
    names = {t["function"]["name"] for t in body["tools"]}
    if not isinstance(choice, dict) or (choice.get("function") or {}).get("name") not in names:
        return "Tool choice not found in 'tools' parameter."
    return None


def _response_format(body: dict[str, Any]) -> str | None:
    form = body.get("response_format")
    if form is None:
        return None
    kind = form.get("type") if isinstance(form, dict) else None
    if kind == "json_object" and "json" not in str(body.get("messages")).lower():
        return "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
    if kind in ("text", "json_object"):
        return None
    if kind != "json_schema":
        return "Invalid value for 'response_format.type': expected one of 'text', 'json_object', 'json_schema'."
    given = form.get("json_schema")
    if not isinstance(given, dict) or not isinstance(given.get("name"), str) or not NAME.fullmatch(given["name"]):
        return "Missing or invalid parameter: 'response_format.json_schema.name'."
    if "schema" not in given:
        return "Missing required parameter: 'response_format.json_schema.schema'."
    if why := _schema(given["schema"], bool(given.get("strict"))):
        return f"Invalid schema for response_format '{given['name']}': {why}"
    return None


def _schema(schema: Any, strict: bool) -> str | None:
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"'."
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return error.message
    return _strict(schema, "()") if strict else None


def _strict(node: Any, where: str) -> str | None:
    """Check the rules of structured output: every object closed, every property required."""
    if isinstance(node, list):
        return next((why for i, n in enumerate(node) if (why := _strict(n, f"{where}[{i}]"))), None)
    if not isinstance(node, dict):
        return None
    properties = node.get("properties")
    if node.get("type") == "object" or isinstance(properties, dict):
        if node.get("additionalProperties") is not False:
            return f"In context={where}, 'additionalProperties' is required to be supplied and to be false."
        if set(node.get("required", [])) != set(properties or {}):
            return f"In context={where}, 'required' is required to include every key in properties."
    if "$ref" in node and len(node) > 1:
        return f"In context={where}, $ref cannot have keywords {sorted(set(node) - {'$ref'})}."
    inner = {k: v for k, v in node.items() if k not in ("enum", "const", "default", "examples", "properties", "$defs")}
    named = list((properties or {}).items()) + list((node.get("$defs") or {}).items()) + list(inner.items())
    return next((why for k, v in named if (why := _strict(v, f"{where}.{k}"))), None)


def _messages(body: dict[str, Any]) -> str | None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "Invalid 'messages': empty array. Expected an array with minimum length 1."
    waiting: set[str] = set()
    for i, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            return f"Invalid value for 'messages[{i}].role': expected one of {sorted(ROLES)}."
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
            waiting.discard(message["tool_call_id"])
        elif waiting:
            return f"'tool_calls' must be followed by tool messages; these have no response: {sorted(waiting)}"
        if why := _content(message, f"messages[{i}]"):
            return why
        if message["role"] == "assistant":
            waiting = {c["id"] for c in message.get("tool_calls") or []}
    return (
        f"'tool_calls' must be followed by tool messages; these have no response: {sorted(waiting)}"
        if waiting
        else None
    )


def _content(message: dict[str, Any], where: str) -> str | None:
    content = message.get("content")
    if content is None and not (message["role"] == "assistant" and message.get("tool_calls")):
        return f"Invalid value for '{where}.content': expected a string, got null."
    if isinstance(content, list):
        if not content or any(not isinstance(p, dict) or p.get("type") not in PARTS for p in content):
            return f"Invalid '{where}.content': expected parts of type {sorted(PARTS)}."
    elif content is not None and not isinstance(content, str):
        return f"Invalid type for '{where}.content'."
    name = message.get("name")
    if name is not None and not re.fullmatch(r"[^\s<|\\/>]{1,64}", name):
        return f"Invalid '{where}.name': string does not match pattern. Expected '^[^\\s<|\\\\/>]+$'."
    return _calls(message, where)


def _calls(message: dict[str, Any], where: str) -> str | None:
    if "tool_calls" not in message:
        return None
    given = message["tool_calls"]
    if message["role"] != "assistant" or not isinstance(given, list) or not given:
        return f"Invalid '{where}.tool_calls': expected an array with minimum length 1 in an assistant message."
    ids = [c.get("id") for c in given]
    if len(set(ids)) != len(ids) or not all(isinstance(i, str) and 0 < len(i) <= 40 for i in ids):
        return f"Invalid '{where}.tool_calls[].id': expected unique strings with maximum length 40."
    for call in given:
        function = call.get("function") or {}
        if call.get("type") != "function" or not NAME.fullmatch(str(function.get("name"))):
            return f"Invalid '{where}.tool_calls[].function.name'."
        if not isinstance(function.get("arguments"), str):
            return f"Invalid type for '{where}.tool_calls[].function.arguments': expected a string."
    return None
