"""An OpenAI-compatible chat server on loopback: as strict as the real one, scripted by a queue of answers.

    with Loopback() as server:
        server.push("Hello", calls(search_guide={"query": "ship"}), lambda body: body["messages"][-1]["content"])
        ... a client on server.base_url with server.api_key ...
        server.history[0]["messages"]

An answer is a text, an `Answer`, or a callable that takes the request's body and returns one of them. `push` queues
answers, each used once; `always` is given whenever the queue is empty. Requests that the real service refuses get its
400 and take no answer from the queue; they stand in `.refused`.
"""

from __future__ import annotations

import io
import json
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Literal

from tests.support.loopback_rules import fault

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One scripted answer and how it fails on its way.

    `tool_calls` holds `(name, arguments)`; arguments given as text go out as they are, valid JSON or not. `stall` and
    `trickle` are seconds before the first piece and between pieces; `cut` ends the stream after `cut_after` pieces:
    `drop` resets the connection, `close` ends it cleanly without finish reason and DONE. `raw` replaces the body, with
    `kind` as its media type. `thinking` goes out as `reasoning_content`, `deltas` as they are. With `until` only the
    first piece goes out before that is set; where nobody sets it, the connection is reset.
    """

    text: str = ""
    tool_calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    finish: str | None = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    message: str = "scripted failure"
    stall: float = 0
    trickle: float = 0
    cut: Literal["drop", "close"] | None = None
    cut_after: int = 1
    raw: bytes | None = None
    kind: str = ""
    thinking: str = ""
    deltas: tuple[dict[str, Any], ...] = ()
    piece: int = 12
    until: threading.Event | None = None


Scripted = str | Answer | Callable[[Body], "Scripted"]


def calls(*, text: str = "", finish: str | None = None, **arguments: dict[str, Any] | str) -> Answer:
    """Answer with one tool call per keyword: `calls(draw={"request": "a fish"})`."""
    return Answer(text, tuple(arguments.items()), finish)


def status(code: int, *, retry_after: float | None = None, message: str = "scripted failure") -> Answer:
    """Answer with an HTTP error, such as 429 or 500."""
    headers = () if retry_after is None else (("Retry-After", f"{retry_after:g}"),)
    return Answer(status=code, headers=headers, message=message)


def stall(seconds: float, text: str = "too late") -> Answer:
    """Send the head at once and the first piece only after `seconds`."""
    return Answer(text, stall=seconds)


def trickle(text: str, seconds: float, piece: int = 4) -> Answer:
    """Send `text` in small pieces, `seconds` apart."""
    return Answer(text, trickle=seconds, piece=piece)


def drop(text: str, after: int = 1) -> Answer:
    """Reset the connection after `after` pieces of the text."""
    return Answer(text, cut="drop", cut_after=after)


def close(text: str, after: int = 1) -> Answer:
    """End the stream cleanly after `after` pieces, without a finish reason and without DONE."""
    return Answer(text, cut="close", cut_after=after)


def garbage() -> Answer:
    """Answer 200 with something that is neither JSON nor events."""
    return Answer(raw=b"\x00\xffdata: {not json\n\n<html>oops</html>\n\n")


def bad_tool_json(name: str, arguments: str = '{"query": "shi') -> Answer:
    """Call a tool with arguments that are cut in the middle, yet with a clean finish reason."""
    return Answer(tool_calls=((name, arguments),))


def huge(characters: int = 2_000_000) -> Answer:
    """Answer with very much text."""
    return Answer("word " * (characters // 5), piece=16_384)


class Loopback:
    """The running server: `base_url`, `api_key`, `history` (bodies that were answered), `refused` (400s, 401s)."""

    def __init__(
        self,
        *answers: Scripted,
        api_key: str = "loopback-key",
        models: tuple[str, ...] = ("scripted",),
        strict: bool = True,
    ) -> None:
        self.strict = strict  # else it takes what llama.cpp's server takes beyond the real service
        self.api_key = api_key
        self.models = models
        self.queue: deque[Scripted] = deque(answers)
        self.always: Scripted | None = None
        self.history: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.refused: list[str] = []
        self.numbers = count(1)
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        handler = type("BoundHandler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """The address to give to a client, `/v1` included."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def push(self, *answers: Scripted) -> None:
        """Queue answers, each for one request."""
        self.queue.extend(answers)

    def take(self, body: Body) -> Answer:
        """Return the next answer for `body`; an empty queue without `always` is a 400 that says so."""
        with self.lock:
            self.history.append(body)
            scripted = self.queue.popleft() if self.queue else self.always
        while callable(scripted):
            scripted = scripted(body)
        if scripted is None:
            return status(400, message="the loopback server has no answer left in its queue")
        return Answer(scripted) if isinstance(scripted, str) else scripted

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@dataclass
class _Reply:
    """One answer on its way out: the parts that stream and whole share."""

    answer: Answer
    body: Body
    number: int
    ids: list[str] = field(default_factory=list)

    def head(self, kind: str) -> Body:
        name = self.body.get("model", "scripted")
        return {"id": f"chatcmpl-{self.number}", "object": kind, "created": int(time.time()), "model": name}

    def finish(self) -> str:
        return self.answer.finish or ("tool_calls" if self.answer.tool_calls else "stop")

    def usage(self) -> Body:
        sent, got = len(json.dumps(self.body)) // 4, max(1, len(self.answer.text) // 4)
        return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}

    def calls(self) -> list[Body]:
        def text(arguments: dict[str, Any] | str) -> str:
            return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

        return [
            {"id": f"call_{self.number}_{i}", "type": "function", "function": {"name": n, "arguments": text(a)}}
            for i, (n, a) in enumerate(self.answer.tool_calls)
        ]

    def whole(self) -> Body:
        message: Body = {"role": "assistant", "content": self.answer.text or None, "refusal": None}
        if self.answer.thinking:
            message["reasoning_content"] = self.answer.thinking
        if self.answer.tool_calls:
            message["tool_calls"] = self.calls()
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish()}
        return self.head("chat.completion") | {"choices": [choice], "usage": self.usage()}

    def pieces(self) -> Iterator[Body]:
        """Yield the deltas that carry content: text in pieces, then each tool call's head and its cut arguments."""
        size = self.answer.piece
        for i in range(0, len(self.answer.thinking), size):
            yield {"reasoning_content": self.answer.thinking[i : i + size]}
        yield from self.answer.deltas
        for i in range(0, len(self.answer.text), size):
            yield {"content": self.answer.text[i : i + size]}
        for i, call in enumerate(self.calls()):
            arguments = call["function"]["arguments"]
            yield {"tool_calls": [{"index": i} | call | {"function": call["function"] | {"arguments": ""}}]}
            for j in range(0, len(arguments), size):
                yield {"tool_calls": [{"index": i, "function": {"arguments": arguments[j : j + size]}}]}


class _Server(ThreadingHTTPServer):
    """Silent when a client goes away in the middle, which is what many tests do."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Speaks the protocol; everything that is decided lies in `owner`."""

    owner: Loopback
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        if not self._known():
            return None
        if self.path != "/v1/models":
            return self._error(404, f"Unknown request URL: GET {self.path}")
        data = [{"id": m, "object": "model", "created": 0, "owned_by": "loopback"} for m in self.owner.models]
        return self._json(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._known():
            return None
        if self.path != "/v1/chat/completions":
            return self._error(404, f"Unknown request URL: POST {self.path}")
        try:
            body = json.loads(data)
        except ValueError:
            return self._error(400, "We could not parse the JSON body of your request.")
        if self.owner.strict and (why := fault(body)):
            return self._error(400, why)
        self.owner.headers.append(dict(self.headers))
        try:
            self._send(_Reply(self.owner.take(body), body, next(self.owner.numbers)))
        except OSError:  # the client has gone, as in the tests of deadlines and of stopping
            self.close_connection = True

    def _known(self) -> bool:
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if given == self.owner.api_key:
            return True
        # worse than the real one, which masks the key: no error of ours may repeat this text
        self._error(401, f"Incorrect API key provided: {given}.")
        return False

    def _send(self, reply: _Reply) -> None:
        answer = reply.answer
        if answer.status != 200:
            return self._error(answer.status, answer.message, headers=answer.headers)
        if answer.raw is not None:
            kind = "text/event-stream" if reply.body.get("stream") else "application/json"
            return self._bytes(200, answer.kind or kind, answer.raw)
        if reply.body.get("stream"):
            return self._stream(reply)
        self.owner.stopping.wait(answer.stall)
        if answer.cut:
            return self._abort()
        return self._json(200, reply.whole())

    def _stream(self, reply: _Reply) -> None:
        answer, head = reply.answer, reply.head("chat.completion.chunk")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._event(head | {"choices": [_choice({"role": "assistant", "content": "", "refusal": None})]})
        self.owner.stopping.wait(answer.stall)
        for n, delta in enumerate(reply.pieces()):
            if answer.cut and n >= answer.cut_after:
                break
            if n and answer.until and not answer.until.wait(30):
                return self._abort()
            if n and answer.trickle:
                self.owner.stopping.wait(answer.trickle)
            self._event(head | {"choices": [_choice(delta)]})
        if answer.cut == "drop":
            return self._abort()
        if answer.cut is None:
            self._event(head | {"choices": [_choice({}, reply.finish())]})
            if (reply.body.get("stream_options") or {}).get("include_usage"):
                self._event(head | {"choices": [], "usage": reply.usage()})
            self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")
        return None

    def _event(self, event: Body) -> None:
        self._chunk(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _abort(self) -> None:
        """Reset the connection: the client sees an error, never a clean end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.wfile = io.BytesIO()  # what the base class flushes and closes afterwards

    def _error(self, code: int, why: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        if code in (400, 401, 404):
            self.owner.refused.append(why)
        self._json(
            code, {"error": {"message": why, "type": "invalid_request_error", "param": None, "code": None}}, headers
        )

    def _json(self, code: int, value: Body, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self._bytes(code, "application/json", json.dumps(value, ensure_ascii=False).encode(), headers)

    def _bytes(self, code: int, kind: str, data: bytes, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _choice(delta: Body, finish: str | None = None) -> Body:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
