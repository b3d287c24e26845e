"""`/v1/models`, `/v1/embeddings`: the assistants by name, and the sentence encoder."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gptsmith import Assistant
from gptsmith.ui.http.door import At
from gptsmith.ui.http.faults import Refusal, wrong

router = APIRouter()
ENCODER = ("embedded", "all-minilm-l6-v2")
MOST_TEXTS = 2048


@router.get("/v1/models", tags=["openai"])
async def list_models(door: At) -> dict[str, Any]:
    """List the assistants that this key opens."""
    return {"object": "list", "data": [_model(one) for one in await door.assistants()]}


@router.get("/v1/models/{model}", tags=["openai"])
async def get_model(model: str, door: At) -> dict[str, Any]:
    """Describe an assistant."""
    return _model(await door.assistant(model))


def _model(assistant: Assistant) -> dict[str, Any]:
    spec, created = assistant.spec, 0
    if assistant.loaded.path is not None and assistant.loaded.path.exists():
        created = int(assistant.loaded.path.stat().st_mtime)
    plain = {"id": spec.id or "assistant", "object": "model", "created": created, "owned_by": "gptsmith"}
    return plain | {"name": spec.name, "description": spec.description}


class EmbeddingRequest(BaseModel):
    """Texts for the encoder that comes with gptsmith."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=200, description="`embedded`.")
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


@router.post("/v1/embeddings", tags=["openai"])
async def embeddings(request: EmbeddingRequest, door: At) -> dict[str, Any]:
    """Turn texts into vectors of length one."""
    if request.model.lower() not in ENCODER:
        raise Refusal(404, f"The encoder here is called {ENCODER[0]}.", code="model_not_found", param="model")
    given = [request.input] if isinstance(request.input, str) else list(request.input)
    texts = [text for text in given if isinstance(text, str)]
    if len(texts) != len(given):
        told = "Send texts, not tokens (LangChain: check_embedding_ctx_length=False)."
        raise wrong(told, "input", "unsupported_value")
    if not texts or len(texts) > MOST_TEXTS or not all(texts):
        raise wrong(f"Send 1 to {MOST_TEXTS} texts, none of them empty.", "input")
    from gptsmith.models.embedding import load_embedder

    encoder = await asyncio.to_thread(load_embedder)
    if request.dimensions not in (None, encoder.dimensions):
        raise wrong(f"Its vectors have {encoder.dimensions} dimensions.", "dimensions", "unsupported_value")
    vectors = await asyncio.to_thread(encoder.encode, texts)
    tokens = await asyncio.to_thread(lambda: sum(encoder.count_tokens(text) for text in texts))
    packed = request.encoding_format == "base64"
    data = [
        {
            "object": "embedding",
            "index": number,
            "embedding": base64.b64encode(row.astype("<f4").tobytes()).decode() if packed else row.tolist(),
        }
        for number, row in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": ENCODER[0], "usage": usage}
