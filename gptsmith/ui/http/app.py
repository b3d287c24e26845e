"""The HTTP app: its routes, behind the guard."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from gptsmith import __version__
from gptsmith.ui.http import faults
from gptsmith.ui.http.door import At
from gptsmith.ui.http.guard import Guard, Limits
from gptsmith.ui.http.keys import Keys
from gptsmith.ui.http.metrics import KIND, Metrics
from gptsmith.ui.http.served import Served
from gptsmith.ui.http.uploads import Uploads

ROUTES = ("chat_completions", "responses", "models", "images", "files", "assistants")


@dataclass
class Settings:
    """What an app is made of."""

    served: Served
    keys: Keys = field(default_factory=Keys)
    limits: Limits = field(default_factory=Limits)
    uploads: Uploads = field(default_factory=Uploads)


def make_app(settings: Settings) -> FastAPI:
    """Return the app that serves assistants; nothing is loaded before it starts."""
    app = FastAPI(
        title="gptsmith",
        version=__version__,
        description="Assistants behind OpenAI's API, and gptsmith's own events beside it.",
        docs_url=None,
        redoc_url=None,
        lifespan=_life,
    )
    app.state.served, app.state.uploads, app.state.metrics = settings.served, settings.uploads, Metrics()
    app.state.ready = False
    faults.register(app)
    for name in ROUTES:
        app.include_router(importlib.import_module(f"gptsmith.ui.http.{name}").router)
    _add_state(app)
    app.add_middleware(Guard, keys=settings.keys, limits=settings.limits, metrics=app.state.metrics)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    warming = asyncio.create_task(asyncio.to_thread(_warm, app))
    try:
        yield
    finally:
        await asyncio.wait({warming})
        await asyncio.to_thread(app.state.served.close)


def _warm(app: FastAPI) -> None:
    """Load what the first turn needs, so that nobody waits for it."""

    try:
        for assistant in app.state.served.all():
            assistant.engine.begin()
    finally:
        app.state.ready = True


def _add_state(app: FastAPI) -> None:
    @app.get("/health", tags=["state"])
    async def health() -> dict[str, str]:
        """Say that the server runs."""
        return {"status": "ok", "version": __version__}

    @app.get("/ready", tags=["state"], response_model=None, responses={503: {"description": "It still loads."}})
    async def ready() -> JSONResponse:
        """Say whether a turn can begin at once."""
        done: bool = app.state.ready
        return JSONResponse({"ready": done}, 200 if done else 503)

    @app.get("/metrics", tags=["state"], response_class=Response)
    async def metrics(door: At) -> Response:
        """Return the counters, for Prometheus."""
        return Response(door.metrics.text(), media_type=KIND)


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the app."""
    return make_app(Settings(Served())).openapi()
