"""`POST /v1/images/generations`: pictures by the embedded model, or by the model that an assistant draws with."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gptsmith.ui.http.door import At, Door
from gptsmith.ui.http.faults import Refusal, wrong

router = APIRouter()
_SIZE = re.compile(r"\d{2,4}x\d{2,4}\Z")


class ImageRequest(BaseModel):
    """A picture that is wished for."""

    model_config = ConfigDict(extra="ignore")

    prompt: str = Field(min_length=1, max_length=4000)
    model: str | None = Field(
        default=None, max_length=200, description="`embedded`, or the id of an assistant that draws."
    )
    n: int | None = Field(default=1, ge=1, le=8)
    size: str | None = None
    seed: int | None = Field(default=None, ge=0, le=2**63 - 1)
    response_format: Literal["b64_json", "url"] | None = None


@router.post("/v1/images/generations", tags=["openai"])
async def generate_images(request: ImageRequest, door: At) -> dict[str, Any]:
    """Draw pictures; `url` gives data URIs, since nothing is kept here."""
    from gptsmith import Pictures

    name = await _drawn_with(request.model, door)
    size = None if request.size in (None, "auto") else request.size
    if size is not None and not _SIZE.match(size):
        raise wrong("A size is <width>x<height> in pixels.", "size")
    pictures = Pictures(name)
    drawn = await asyncio.to_thread(
        lambda: pictures.draw(request.prompt, count=request.n or 1, seed=request.seed, size=size)
    )
    data = []
    for one in drawn:
        packed = base64.b64encode(await asyncio.to_thread(one.png)).decode()
        field = {"url": f"data:image/png;base64,{packed}"} if request.response_format == "url" else {"b64_json": packed}
        about = {"seed": one.record.seed, "size": one.record.size, "model": one.record.model, "notes": one.record.notes}
        data.append({**field, "revised_prompt": one.record.caption, "gptsmith": about})
    return {"created": int(time.time()), "data": data, "output_format": "png"}


async def _drawn_with(model: str | None, door: Door) -> str:
    """Return the picture model that a request names; no other name, which could fetch weights or send words away."""
    if model in (None, "", "embedded"):
        return "embedded"
    assistant = await door.assistant(str(model))
    for tool in assistant.spec.tools:
        if tool.type == "image_generation":
            return str(getattr(tool, "model", None) or "embedded")
    raise Refusal(400, f"{assistant.spec.name} draws no pictures.", code="unsupported_value", param="model")
