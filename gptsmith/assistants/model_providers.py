"""The names that a model's provider may have: ours, and those that LangChain's `init_chat_model` knows."""

from __future__ import annotations

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


def meant(name: str) -> str:
    """Return the provider that was probably meant by a wrong name, or an empty text."""
    from gptsmith.assistants.rivals import nearest

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
