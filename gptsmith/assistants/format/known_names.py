"""The names that a spec may hold, and the nearest right one for a wrong one."""

from __future__ import annotations

import difflib

# The names that other formats use for the fields of a spec.

_RIVALS = {
    "": {
        "instruction": "instructions",
        "system_prompt": "instructions",
        "system_message": "instructions",
        "system": "instructions",
        "prompt": "instructions",
        "additional_instructions": "instructions",
        "instructions_path": "instructions_file",
        "prompt_file": "instructions_file",
        "title": "name",
        "summary": "description",
        "starters": "conversation_starters",
        "prompt_starters": "conversation_starters",
        "suggestions": "conversation_starters",
        "welcome": "welcome_message",
        "greeting": "welcome_message",
        "first_message": "welcome_message",
        "llm": "model",
        "models": "model",
        "language_model": "model",
        "temperature": "model.temperature",
        "provider": "model.provider",
        "toolsets": "tools",
        "actions": "tools",
        "functions": "tools",
        "capabilities": "tools",
        "plugins": "tools",
        "documents": "knowledge",
        "files": "knowledge",
        "sources": "knowledge",
        "rag": "knowledge",
        "inputs": "variables",
        "parameters": "variables",
        "icon": "avatar",
        "picture": "avatar",
        "apiVersion": "schema",
        "$schema": "schema",
        "format": "schema",
        "evals": "tests",
        "max_iterations": "limits.max_iterations",
    },
    "model": {
        "model": "name",
        "id": "name",
        "api_base": "base_url",
        "endpoint": "base_url",
        "url": "base_url",
        "key": "api_key",
        "token": "api_key",
        "max_output_tokens": "max_tokens",
        "max_new_tokens": "max_tokens",
        "model_parameters": "options",
        "fallbacks": "fallback",
    },
    "knowledge": {
        "files": "paths",
        "file": "paths",
        "path": "paths",
        "folder": "paths",
        "docs": "paths",
        "url": "urls",
        "links": "urls",
        "id": "name",
        "top_k": "retrieval.top_k",
        "k": "retrieval.top_k",
        "chunk_size": "chunking.size",
        "strategy": "retrieval.strategy",
        "embedder": "embedding_model",
        "embeddings": "embedding_model",
    },
    "chunking": {"chunk_size": "size", "chunk_overlap": "overlap"},
    "retrieval": {"k": "top_k", "limit": "top_k", "type": "strategy", "mode": "strategy"},
    "memory": {"type": "history", "max": "max_messages", "window": "max_messages"},
    "limits": {
        "max_steps": "max_iterations",
        "max_turns": "max_iterations",
        "timeout": "timeout_seconds",
        "tool_calls": "max_tool_calls",
    },
    "tests": {"input": "message", "prompt": "message", "question": "message", "expected": "expect", "assert": "expect"},
    "expect": {
        "contain": "contains",
        "includes": "contains",
        "excludes": "not_contains",
        "regex": "matches",
        "citations": "cites",
        "tools": "calls",
        "tool_calls": "calls",
    },
    "conversation_starters": {"name": "title", "label": "title", "prompt": "text", "message": "text"},
    "tools": {"kind": "type", "tool": "type", "server": "url", "cmd": "command", "function": "ref", "spec": "schema"},
    "variables": {"value": "default", "enum": "choices", "options": "choices"},
}


def suggest(part: str, wrong: str, allowed: list[str]) -> str:
    """Return the name that was probably meant by `wrong` in the part of a spec (`model`, `knowledge`, …), or ""."""
    low = wrong.lower().replace("-", "_")
    for name in (wrong, low):
        rival = _RIVALS.get(part, {}).get(name, "")
        if rival and (rival.split(".")[0] in allowed):
            return rival
    return nearest(low, allowed)


def nearest(wrong: str, allowed: list[str]) -> str:
    """Return the allowed name that looks most like `wrong`, or "" when none does."""
    found = difflib.get_close_matches(wrong[:100].lower(), [name.lower() for name in allowed], n=1, cutoff=0.6)
    return next((name for name in allowed if found and name.lower() == found[0]), "")
