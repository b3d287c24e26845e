"""What goes wrong at the HTTP door, told as OpenAI's API tells it: `{"error": {"message", "type", …}}`."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from gptsmith.errors import GptsmithError, NotReadyError, ProviderError, SpecError, ThreadBusyError, UsageError

_LOG = logging.getLogger(__name__)
_STATUS = {"not_found": 404, "rate_limited": 429, "timeout": 504, "too_long": 400, "undrawable": 400, "cancelled": 499}
_KINDS = ((UsageError, 400), (ThreadBusyError, 409), (NotReadyError, 503), (ProviderError, 502), (SpecError, 500))
_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    409: "conflict_error", 413: "invalid_request_error", 429: "rate_limit_error",
}  # fmt: skip


class Refusal(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None, retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.retry_after = status, message, code, param, retry_after


def wrong(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """Return the refusal of a request that cannot be answered as it is."""
    return Refusal(400, message, code=code, param=param)


def no_assistant(id: str) -> Refusal:
    """Return the refusal of an assistant that is not there, or not for this key: both look the same."""
    return Refusal(404, f"The model {id[:80]!r} does not exist; GET /v1/models lists them.", code="model_not_found")


def body(status: int, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def answer(refusal: Refusal) -> JSONResponse:
    """Return a refusal as a response."""
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
    if refusal.status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    told = body(refusal.status, refusal.message, refusal.code, refusal.param)
    return JSONResponse(told, refusal.status, headers=headers)


def of_event(data: dict[str, Any]) -> Refusal:
    """Return the refusal that the `error` event of a turn means."""
    code, exit_code = str(data.get("code", "")), data.get("exit_code", 1)
    status = _STATUS.get(code) or {2: 400, 3: 500, 4: 503}.get(exit_code) or (409 if code == "thread_busy" else 502)
    return Refusal(status, str(data.get("message", "")), code=code or None)


def of_error(error: GptsmithError) -> Refusal:
    """Return the refusal that one of gptsmith's own errors means."""
    status = _STATUS.get(error.code)
    if status is None:
        status = next((number for kind, number in _KINDS if isinstance(error, kind)), 500)
    told = "the assistant's file is wrong; gptsmith validate says where" if isinstance(error, SpecError) else str(error)
    return Refusal(status, told, code=error.code)


def register(app: FastAPI) -> None:
    """Let an app answer every failure in this form."""

    @app.exception_handler(Refusal)
    async def refused(_request: Request, error: Refusal) -> JSONResponse:
        return answer(error)

    @app.exception_handler(GptsmithError)
    async def ours(_request: Request, error: GptsmithError) -> JSONResponse:
        return answer(of_error(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
        message = f"{where}: {first['msg']}" if where else str(first["msg"])
        return answer(wrong(message[:500], where[:200] or None))

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> JSONResponse:
        response = answer(Refusal(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, error: Exception) -> JSONResponse:
        _LOG.error("a request failed", exc_info=error)
        return answer(Refusal(500, f"The request could not be answered ({type(error).__name__}).", code="internal"))
