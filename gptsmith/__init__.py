"""gptsmith: describe an assistant in plain words, get a readable YAML spec, chat with it.

This is the one public door; everything else may move. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gptsmith.agent.assistant import Assistant
    from gptsmith.agent.builder import Builder
    from gptsmith.agent.events import Citation, Event, Reply
    from gptsmith.agent.pictures import Pictures
    from gptsmith.errors import (
        Diagnostic,
        FetchError,
        GptsmithError,
        KnowledgeError,
        NotReadyError,
        ProviderError,
        SpecError,
        ThreadBusyError,
        ToolError,
        UsageError,
    )
    from gptsmith.models.shelf import Shelf

__version__ = "0.1.0"

_HOMES = {
    "Assistant": "gptsmith.agent.assistant",
    "Builder": "gptsmith.agent.builder",
    "Citation": "gptsmith.agent.events",
    "Event": "gptsmith.agent.events",
    "Pictures": "gptsmith.agent.pictures",
    "Reply": "gptsmith.agent.events",
    "Shelf": "gptsmith.models.shelf",
}

__all__ = [
    "Assistant",
    "Builder",
    "Citation",
    "Diagnostic",
    "Event",
    "FetchError",
    "GptsmithError",
    "KnowledgeError",
    "NotReadyError",
    "Pictures",
    "ProviderError",
    "Reply",
    "Shelf",
    "SpecError",
    "ThreadBusyError",
    "ToolError",
    "UsageError",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "gptsmith.errors")), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
