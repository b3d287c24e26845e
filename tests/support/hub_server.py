"""A model hub on loopback: the listing, files with etags and ranges, and connections that break in the middle."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40


class HubServer:
    """Serves `files` of `name`; with `breaks` set, a file ends after that many bytes, and the hub is down."""

    def __init__(self, name: str, files: dict[str, bytes]) -> None:
        self.name, self.files = name, files
        self.breaks: int | None = None
        self.sent = 0
        self.down = False
        self.ranges: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_args: Any) -> None:
                """Nobody reads it."""

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, *, body: bool) -> None:
                path = self.path.partition("?")[0]
                if path.startswith(f"/api/models/{hub.name}"):
                    return self._send(
                        200, json.dumps(hub.listing()).encode(), {"Content-Type": "application/json"}, body
                    )
                if hub.down:
                    return self._send(503, b"", {}, body)
                for revision in (COMMIT, "main"):
                    start = f"/{hub.name}/resolve/{revision}/"
                    if path.startswith(start) and (data := hub.files.get(path.removeprefix(start))) is not None:
                        return self._file(data, body)
                return self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"}, body)

            def _file(self, data: bytes, body: bool) -> None:
                headers = {
                    "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                    "X-Repo-Commit": COMMIT,
                    "Accept-Ranges": "bytes",
                }
                asked = self.headers.get("Range", "")
                start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
                if asked and body:
                    hub.ranges.append(asked)
                    headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                self._send(206 if asked else 200, data[start:], headers, body)

            def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
                self.send_response(status)
                for key, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(key, value)
                self.end_headers()
                if not body:
                    return
                broken = hub.breaks is not None and len(data) > hub.breaks
                part = data[: hub.breaks] if broken else data
                self.wfile.write(part)
                hub.sent += len(part)
                if broken:
                    self.close_connection, hub.down = True, True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def listing(self) -> dict[str, Any]:
        files = [{"rfilename": name, "size": len(data)} for name, data in self.files.items()]
        return {"id": self.name, "modelId": self.name, "sha": COMMIT, "siblings": files, "tags": [], "private": False}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
