"""The providers of chat models: the one table of them, and the one that a wrong name probably means."""

from __future__ import annotations

from dataclasses import dataclass

from gptsmith.assistants.format.known_names import nearest


@dataclass(frozen=True)
class Provider:
    """A provider: its own address, the variable with its key, the variables with its address, how its server starts.

    `speaks` names the provider of LangChain whose protocol it speaks, where LangChain does not know it by its own name.
    `own` is one of gptsmith's own: no server, and no text leaves this machine. `meant` are other words for it, `models`
    what the names of its models begin with. `thinks_aloud` says that it may leave a model's thinking in the text.
    """

    url: str = ""
    variable: str = ""
    url_variables: tuple[str, ...] = ()
    start: str = ""
    speaks: str = ""
    own: bool = False
    meant: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    thinks_aloud: bool = False


PROVIDERS: dict[str, Provider] = {
    "embedded": Provider(own=True),
    "local": Provider(own=True),
    "huggingface": Provider(own=True, meant=("hf",)),
    "anthropic": Provider(
        "https://api.anthropic.com",
        "ANTHROPIC_API_KEY",
        ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"),
        meant=("claude",),
        models=("claude",),
    ),
    "anthropic_bedrock": Provider(),
    "azure_ai": Provider(),
    "azure_openai": Provider(meant=("azure",)),
    "baseten": Provider(),
    "bedrock": Provider(meant=("aws",)),
    "bedrock_converse": Provider(),
    "bedrock_mantle_anthropic": Provider(),
    "bedrock_mantle_openai": Provider(),
    "cohere": Provider("https://api.cohere.com", "COHERE_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", ("DEEPSEEK_API_BASE",)),
    "fireworks": Provider("https://api.fireworks.ai", "FIREWORKS_API_KEY"),
    "google_anthropic_vertex": Provider(),
    "google_genai": Provider(
        "https://generativelanguage.googleapis.com",
        "GOOGLE_API_KEY",
        meant=("google", "gemini"),
        models=("gemini",),
    ),
    "google_vertexai": Provider(meant=("vertex",)),
    "groq": Provider("https://api.groq.com", "GROQ_API_KEY", ("GROQ_API_BASE",)),
    "ibm": Provider(),
    "langsmith": Provider(),
    "litellm": Provider(),
    "meta": Provider(),
    "mistralai": Provider("https://api.mistral.ai", "MISTRAL_API_KEY", ("MISTRAL_BASE_URL",), meant=("mistral",)),
    "nvidia": Provider("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY", ("NVIDIA_BASE_URL",)),
    "ollama": Provider(
        "http://127.0.0.1:11434",
        "",
        ("OLLAMA_HOST",),
        "start it with `ollama serve`, and `ollama pull` the model",
        models=("llama", "qwen", "mistral", "gemma"),
        thinks_aloud=True,
    ),
    "openai": Provider(
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        meant=("gpt", "chatgpt", "lmstudio", "lm_studio", "vllm", "llamacpp", "llama_cpp", "http", "https"),
        models=("gpt-", "o1", "o3", "o4"),
    ),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", ("OPENROUTER_API_BASE",)),
    "perplexity": Provider("https://api.perplexity.ai", "PPLX_API_KEY"),
    "together": Provider("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "upstage": Provider(),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY", meant=("grok",)),
}
_QUOTES = " \t\"'“”„‟«»‘’‚`"
_LONGEST = 60  # characters; what is longer is no name of a model


def provider(name: str) -> Provider:
    """Return what is known of a provider; nothing of one that only the installed LangChain knows."""
    return PROVIDERS.get(name, Provider())


def is_own(name: str) -> bool:
    """Say whether models of this provider run here, in gptsmith itself."""
    return provider(name).own


def is_provider(name: str) -> bool:
    """Say whether models of this provider can be made, as far as its name tells."""
    return name in PROVIDERS or name.replace("-", "_").lower() in PROVIDERS or name in _newer()


def meant_provider(name: str) -> str:
    """Return the provider that was probably meant by a wrong name, or an empty text."""
    bare = name.strip(_QUOTES).lower().replace("-", "_")
    said = {word: known for known, row in PROVIDERS.items() for word in row.meant}
    return bare if bare in PROVIDERS else said.get(bare, "") or nearest(bare, list(PROVIDERS))


def provider_of(model: str) -> str:
    """Return the provider that a model of this name usually comes from; empty when it cannot be told."""
    if len(model) >= _LONGEST:
        return ""
    return next((known for known, row in PROVIDERS.items() if row.models and model.startswith(row.models)), "")


def _newer() -> tuple[str, ...]:
    """Return what the installed LangChain knows; a later release than the one read here may know more."""
    try:
        from langchain.chat_models import base
    except ImportError:
        return ()
    return tuple(getattr(base, "_BUILTIN_PROVIDERS", ()))
