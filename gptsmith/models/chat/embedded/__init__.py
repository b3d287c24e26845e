"""The embedded chat model, which needs nothing but the packaged sentence encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gptsmith.models.chat.embedded.model import EmbeddedChatModel

__all__ = ["EmbeddedChatModel"]


def __getattr__(name: str) -> Any:
    """Load the model on first use: it brings LangChain and numpy."""
    if name == "EmbeddedChatModel":
        from gptsmith.models.chat.embedded.model import EmbeddedChatModel

        return EmbeddedChatModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
