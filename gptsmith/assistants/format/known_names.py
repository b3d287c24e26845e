"""The names that a spec may hold, and the nearest right one for a wrong one."""

from __future__ import annotations

import difflib

# The names that other formats use for the fields of a spec, and the nearest right name for a wrong one.

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


# The names that a model's provider may have: ours, and those that LangChain's `init_chat_model` knows.

OWN = ("embedded", "local", "huggingface")
LANGCHAIN = (
    "anthropic", "anthropic_bedrock", "azure_ai", "azure_openai", "baseten", "bedrock", "bedrock_converse",
    "bedrock_mantle_anthropic", "bedrock_mantle_openai", "cohere", "deepseek", "fireworks", "google_anthropic_vertex",
    "google_genai", "google_vertexai", "groq", "huggingface", "ibm", "langsmith", "litellm", "meta", "mistralai",
    "nvidia", "ollama", "openai", "openrouter", "perplexity", "together", "upstage", "xai",
)  # fmt: skip
_MEANT = {"google": "google_genai", "gemini": "google_genai", "vertex": "google_vertexai", "azure": "azure_openai",
          "claude": "anthropic", "gpt": "openai", "chatgpt": "openai", "mistral": "mistralai", "grok": "xai",
          "aws": "bedrock", "hf": "huggingface", "lmstudio": "openai", "lm_studio": "openai", "vllm": "openai",
          "llamacpp": "openai", "llama_cpp": "openai", "http": "openai", "https": "openai"}  # fmt: skip


def is_provider(name: str) -> bool:
    """Say whether models of this provider can be made, as far as its name tells."""
    return name in OWN or name.replace("-", "_").lower() in LANGCHAIN or name in _newer()


def meant_provider(name: str) -> str:
    """Return the provider that was probably meant by a wrong name, or an empty text."""

    bare = name.strip(" \t\"'“”„‟«»‘’‚`").lower().replace("-", "_")
    known = [*OWN, *LANGCHAIN]
    return bare if bare in known else _MEANT.get(bare, "") or nearest(bare, known)


def _newer() -> tuple[str, ...]:
    """Return what the installed LangChain knows; a later release than the one read here may know more."""
    try:
        from langchain.chat_models import base
    except ImportError:
        return ()
    return tuple(getattr(base, "_BUILTIN_PROVIDERS", ()))
