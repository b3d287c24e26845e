"""The tools of one `openapi` entry: its document, its operations, and what a call of one tells the model."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin

from langchain_core.tools import BaseTool

from gptsmith.assistants.format.paths import is_url, resolve
from gptsmith.assistants.format.problems import list_names
from gptsmith.assistants.format.service_documents import MAX_BYTES
from gptsmith.assistants.format.variables import expand_env
from gptsmith.errors import NotReadyError, ToolError
from gptsmith.tools.described_tool import DescribedTool
from gptsmith.tools.openapi.document import ApiDocument, OperationEntry, read_document
from gptsmith.tools.openapi.operation import Address, Operation, read_operation
from gptsmith.tools.openapi.signin import SignIn
from gptsmith.tools.registry import ToolContext, Toolset, call_name
from gptsmith.tools.results import trimmed, trimmed_text
from gptsmith.tools.service import HIDDEN, Answer, SecretValues, Service, ServiceRequest, origin

if TYPE_CHECKING:
    from gptsmith.tools.openapi import OpenApi

_MOST_TOOLS = 40  # a model that is shown more of them chooses badly
_DOCUMENT_SECONDS = 20.0


class Operations(Toolset):
    """The operations that the spec allows, each as a tool."""

    def __init__(self, spec: OpenApi, context: ToolContext) -> None:
        super().__init__()
        self.spec = spec
        self._made: list[BaseTool] | None = None
        self._making = threading.Lock()
        self._headers: dict[str, str] = expand_env(spec.headers)
        server, _, query = (spec.server or "").partition("?")
        expanded, _, more = str(expand_env(server)).partition("?")
        self._server = expanded
        pairs = parse_qsl(query, keep_blank_values=True)  # read first: a variable may hold & and +
        self._query = [*parse_qsl(more, keep_blank_values=True), *((name, expand_env(value)) for name, value in pairs)]
        self._place: str = expand_env(spec.schema_) if is_url(spec.schema_) else ""
        self._secrets = SecretValues(spec.headers, spec.server, spec.schema_, headers=self._headers)
        self._trust = context.trust
        self.sign_in: SignIn | None = None  # known with the document: its tokens are for those addresses alone
        self._check_headers()
        if self._place:
            self.moving = True  # there is none until it is fetched
        else:
            self._made = self._tools_of(self._read(context))

    def _check_headers(self) -> None:
        for name, value in self._headers.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or re.search(r"[\x00-\x1f\x7f]", value):
                hint = "write one line of text; look for a line break at the end of the variable"
                raise NotReadyError(f"the header {name[:40]!r} cannot be sent", code="bad_header", hint=hint)

    def tools(self) -> list[BaseTool]:
        """Return the tools; the first time a document behind a URL is fetched."""
        with self._making:
            if self._made is None:
                self._made = self._tools_of(self._fetch())
            return self._made

    def begin(self) -> None:
        """Fetch the document beside everything else."""
        if self._made is None:
            threading.Thread(target=self._try, name="openapi", daemon=True).start()

    def _try(self) -> None:
        try:
            self.tools()
        except NotReadyError:
            return  # said when the tools are wanted

    # -- the document ----------------------------------------------------------------------------------------------

    def _read(self, context: ToolContext) -> ApiDocument:
        try:
            data = resolve(context.base_dir, self.spec.schema_, context.trust).read_bytes()
        except OSError as error:
            raise NotReadyError(
                f"{self.spec.schema_} cannot be read ({error.strerror})", code="bad_document", hint="correct the path"
            ) from error
        return read_document(data, self.spec.schema_)

    def _fetch(self) -> ApiDocument:
        service = Service([self._place], anywhere=self._trust, secrets=self._secrets)
        request = ServiceRequest(
            "GET", self._place, {"Accept": "application/json, application/yaml, text/*, */*;q=0.5"}
        )
        shown = self._secrets.hide(self._place.partition("?")[0])
        try:
            answer = service.send(request, seconds=_DOCUMENT_SECONDS, max_bytes=MAX_BYTES + 1)
        except ToolError as error:
            raise _no_document(shown, error.message) from error
        if answer.status != 200:
            raise _no_document(shown, f"the server answered {answer.reason}")
        return read_document(answer.data, shown)

    # -- its operations --------------------------------------------------------------------------------------------

    def _tools_of(self, document: ApiDocument) -> list[BaseTool]:
        fixed = [*self._headers, *(name for name, _ in self._query)]
        tools: list[BaseTool] = []
        entries = self._wanted(document)
        if self.spec.oauth is not None:
            self.sign_in = SignIn(self.spec.oauth, [str(origin(self._server_of(document, e))) for e in entries])
            fixed.append("Authorization")
        for entry in entries:
            operation = read_operation(document, entry, fixed)
            if isinstance(operation, str):
                if self.spec.operations is not None:
                    hint = "take it out of operations"
                    raise NotReadyError(f"{entry.id} cannot be called: {operation}", code="bad_document", hint=hint)
                continue
            name = call_name(self.spec.name, operation.id, [tool.name for tool in tools])
            about = f"{operation.description} ({document.title})" if document.title else operation.description
            call = self._caller(operation, self._server_of(document, entry))
            reads = {"reads": operation.method in ("get", "head")}
            made = DescribedTool(name=name, description=about, args_schema=operation.schema, call=call, metadata=reads)
            tools.append(made)
        if not tools:
            raise NotReadyError(f"{self.spec.schema_} has no operation that can be called", code="bad_document")
        if len(tools) > _MOST_TOOLS and self.spec.operations is None:
            what = f"{self.spec.schema_} has {len(tools)} operations, more than {_MOST_TOOLS}"
            raise NotReadyError(what, code="too_many_tools", hint="name the ones that are wanted under operations")
        return tools

    def _wanted(self, document: ApiDocument) -> list[OperationEntry]:
        entries = {entry.id: entry for entry in document.entries()}
        if self.spec.operations is None:
            return list(entries.values())
        unknown = [name for name in self.spec.operations if name not in entries]
        if unknown:
            raise NotReadyError(
                f"{self.spec.schema_} has no operation {', '.join(unknown)[:200]}",
                code="unknown_operation",
                hint=f"it has: {list_names(list(entries), 20)}",
            )
        return [entries[name] for name in dict.fromkeys(self.spec.operations)]

    def _server_of(self, document: ApiDocument, entry: OperationEntry) -> str:
        """Return the server of an operation; relative ones start where the document is."""
        if self._server:
            address = self._server
        else:
            first = next((one for one in entry.servers if isinstance(one, dict)), {})
            given = first.get("variables")
            values = given if isinstance(given, dict) else {}
            defaults = {k: str(v.get("default", "")) for k, v in values.items() if isinstance(v, dict)}
            raw = re.sub(r"\{([^{}]+)\}", lambda m: defaults.get(m[1], ""), str(first.get("url") or "/"))
            address = urljoin(self._place, raw) if self._place else raw
        if not re.match(r"https?://[^/]", address):
            what = f"{self.spec.schema_} does not say where the service is"
            raise NotReadyError(what, code="no_server", hint="add server: https://… to the tool")
        return address

    # -- a call ----------------------------------------------------------------------------------------------------

    def _caller(self, operation: Operation, server: str) -> Callable[[dict[str, Any]], str]:
        declared = [self._server, self._place] if self._place else [self._server, server]
        service = Service(filter(None, declared), anywhere=self._trust, secrets=self._secrets)
        at = Address(server, self._query, self._headers)

        def call(arguments: dict[str, Any]) -> str:
            signed, token = self._signed(at)
            try:
                return self._hidden(told(service.send(operation.request(signed, arguments))), token)
            except ToolError as error:
                raise ToolError(self._hidden(error.message, token), code=error.code, hint=error.hint) from None

        return call

    def _signed(self, at: Address) -> tuple[Address, str]:
        """Return the address with the token of the person who signed in, where the spec wants one."""
        if self.sign_in is None:
            return at, ""
        try:
            token = self.sign_in.bearer()
        except ToolError as error:
            raise ToolError(f"{self.spec.name}: {error.message}", code=error.code, hint=error.hint) from None
        return replace(at, headers={**at.headers, "Authorization": f"Bearer {token}"}), token

    def _hidden(self, text: str, token: str) -> str:
        return self._secrets.hide(text.replace(token, HIDDEN) if token else text)


def told(answer: Answer) -> str:
    """Return what the model is told of an answer.

    Raises:
        ToolError: the service refused, in one line.
    """
    if not 200 <= answer.status < 300:
        raise ToolError(f"the service answered {answer.reason}{_reason(answer)}", code="refused")
    if not answer.data.strip():
        return f"Done; the service answered {answer.reason} without any text."
    more = f"\n(The answer was longer than the {len(answer.data):,} bytes that are read.)" if answer.cut else ""
    kind = answer.kind
    if not kind or kind.endswith(("/json", "+json")):
        try:
            return trimmed(answer.json()) + more
        except (ValueError, RecursionError):
            return trimmed_text(answer.text()) + more
    if "html" in kind:
        return trimmed_text(words_of(answer)) + more
    if kind.startswith("text/") or kind.endswith(("/xml", "+xml", "/yaml", "/javascript")):
        return trimmed_text(answer.text()) + more
    return f"The service answered with {len(answer.data):,} bytes of {kind[:60]}, which cannot be shown as text."


def _reason(answer: Answer) -> str:
    """Return what the body of a refusal says, as one line."""
    text = ""
    try:
        text = _message(answer.json())
    except (ValueError, RecursionError):
        if "html" in answer.kind or answer.kind.startswith("text/") or not answer.kind:
            text = words_of(answer) if "<" in answer.text()[:500] else answer.text()
    line = " ".join(text.split()).lstrip("# ")
    return f": {line[:300]}{'…' if len(line) > 300 else ''}" if line else ""


def _message(data: Any) -> str:
    if isinstance(data, dict):
        for key in ("detail", "message", "error_description", "error", "errors", "title", "reason"):
            if data.get(key):
                return _message(data[key])
    if isinstance(data, list) and data and all(isinstance(item, dict) and "msg" in item for item in data):
        return "; ".join(f"{'.'.join(map(str, item.get('loc', [])))}: {item['msg']}" for item in data[:5])
    return data if isinstance(data, str) else trimmed(data, 300)


def words_of(answer: Answer) -> str:
    """Return the words of a page."""
    from gptsmith.rag.reading.formats.page import read
    from gptsmith.rag.reading.parsed import Raw, Unreadable

    try:
        return read(Raw(answer.data, answer.url, answer.kind, answer.charset)).text
    except Unreadable:
        return answer.text()


def _no_document(shown: str, why: str) -> NotReadyError:
    hint = "check the address, or save the document beside the spec"
    return NotReadyError(f"the document {shown} was not read: {why}", code="unreachable", hint=hint)
