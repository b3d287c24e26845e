"""The Ollama server of this machine, when there is one, and the models that it has."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from gptsmith.assistants.spec import ModelSpec
from gptsmith.models.chat.providers import PROVIDERS, address, is_loopback

_MOST = 200


@dataclass(frozen=True)
class Ollama:
    """A running server: its address and the names of its models."""

    url: str
    models: tuple[str, ...]

    def spec(self, model: str) -> ModelSpec:
        """Return how one of its models is named; by its OpenAI-compatible side where LangChain's package is missing."""
        if find_spec("langchain_ollama") is not None:
            return ModelSpec(provider="ollama", name=model)
        return ModelSpec(provider="openai", name=model, base_url=f"{self.url}/v1")


def find_ollama(timeout: float = 1.0) -> Ollama | None:
    """Ask this machine's Ollama for its models; None when it does not answer, or `OLLAMA_HOST` is another machine."""
    import httpx

    parts = urlsplit(address(ModelSpec(provider="ollama")) or PROVIDERS["ollama"].url)
    host = parts.hostname or ""
    if not is_loopback(host):
        return None
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else f'[{host}]' if ':' in host else host}:{parts.port or 11434}"  # noqa: S104
    try:
        answer = httpx.get(f"{url}/api/tags", timeout=timeout, trust_env=False)
        found = [str(entry["name"]) for entry in answer.json()["models"][:_MOST]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):  # nothing there, or something else than Ollama
        return None
    return Ollama(url, tuple(name[:_MOST] for name in found))
