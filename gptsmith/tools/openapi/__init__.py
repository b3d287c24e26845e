"""The `openapi` tool: the operations of a web service described by an OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gptsmith.assistants.format.paths import is_url, resolve
from gptsmith.assistants.format.service_documents import servers
from gptsmith.assistants.format.spec import ToolFacts, ToolSpec
from gptsmith.errors import UsageError
from gptsmith.tools.registry import STRICT, Request, ToolContext, tool_type

if TYPE_CHECKING:
    from gptsmith.tools.registry import Toolset


def make(spec: OpenApi, context: ToolContext) -> Toolset:
    """Return the tools. A document beside the spec is read here, one behind a URL when the tools are first wanted.

    Raises:
        NotReadyError: an environment variable is missing, or the document cannot be used.
    """
    from gptsmith.tools.openapi.operations import Operations

    return Operations(spec, context)


_HTTPS = r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])([:/]|$))"


class OAuth(BaseModel):
    """Signing in by the OAuth device flow, which the person starts: `gptsmith tools login FILE TOOL`."""

    model_config = STRICT

    device_url: str = Field(pattern=_HTTPS, description="Where a code is asked for (device authorization endpoint).")
    token_url: str = Field(pattern=_HTTPS, description="Where the token comes from.")
    client_id: str = Field(min_length=1, max_length=300, description="The public id of the client.")
    scopes: list[str] = Field(default=[], description="What the token may be used for.")


@tool_type(make, Request)
class OpenApi(ToolSpec):
    """Operations of a web service, each a tool of its own: `shop` with `getOrder` gives `shop_getOrder`."""

    model_config = STRICT
    TYPE: ClassVar[str] = "openapi"
    SUMMARY: ClassVar[str] = "Calls operations of a web service."
    FACTS: ClassVar[ToolFacts] = ToolFacts(
        label="Web service (OpenAPI)",
        first=("schema", "operations"),
        several=True,
        starts=True,
        words="service api",
    )

    type: Literal["openapi"] = "openapi"
    schema_: str = Field(alias="schema", min_length=1, description="Path or URL of the OpenAPI document.")
    server: str | None = Field(
        default=None,
        description="Address that replaces the document's own; its query (`?key=${env:KEY}`) goes with every call.",
    )
    headers: dict[str, str] = Field(default={}, description="Sent with every call; `${env:NAME}` allowed.")
    oauth: OAuth | None = Field(default=None, description="Signing in by a code, instead of a header with a key.")
    operations: list[str] | None = Field(
        default=None,
        description="Only these operation ids; default: all. One without an id is named `get /orders/{id}`.",
    )

    @classmethod
    def files_in(cls, data: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """Yield the document, unless it is behind an address."""
        schema = data.get("schema")
        return [("schema", schema)] if isinstance(schema, str) and not is_url(schema) else []

    @classmethod
    def addresses_in(cls, data: dict[str, Any], base_dir: Path | None) -> Iterable[tuple[str, Any]]:
        """Yield the server, else those that the document names, the document's own address, and where one signs in."""
        schema, found = data.get("schema"), list(super().addresses_in(data, base_dir))
        oauth = data.get("oauth")
        if isinstance(oauth, dict):
            found += [("oauth", oauth.get(key)) for key in ("device_url", "token_url")]
        if is_url(str(schema)):
            return [*found, ("schema", schema)]
        if data.get("server") or not isinstance(schema, str) or base_dir is None:
            return found
        try:
            named = servers(resolve(base_dir, schema, trust=True))
        except UsageError:  # said when the tools are made
            return found
        return [*found, *(("schema", url) for url in named if is_url(url))]
