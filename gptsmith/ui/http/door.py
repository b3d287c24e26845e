"""What each route of the HTTP door has at hand: the assistants, who asks, the counters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from gptsmith import Assistant
from gptsmith.ui.http.faults import no_assistant
from gptsmith.ui.http.keys import ANYBODY, Key
from gptsmith.ui.http.metrics import Metrics
from gptsmith.ui.http.served import Served
from gptsmith.ui.http.uploads import Uploads


@dataclass
class Door:
    """The parts of one app, and who asks in this request."""

    served: Served
    metrics: Metrics
    uploads: Uploads
    key: Key

    async def assistant(self, id: str) -> Assistant:
        """Return an assistant that this key opens.

        Raises:
            Refusal: there is none of that name, or it is not this key's.
        """
        found = await asyncio.to_thread(self.served.find, id) if self.key.opens(id) else None
        if found is None:
            raise no_assistant(id)
        return found

    async def assistants(self) -> list[Assistant]:
        """Return the assistants that this key opens."""
        every = await asyncio.to_thread(self.served.all)
        return [one for one in every if self.key.opens(one.spec.id or "assistant")]


def _door(request: Request) -> Door:
    app = request.app.state
    key = cast("Key", getattr(request.state, "key", ANYBODY))
    return Door(app.served, app.metrics, app.uploads, key)


At = Annotated[Door, Depends(_door)]
