"""An OpenAI images endpoint on loopback, as strict as the real one: it answers with a flat picture, or as told to.

with ImagesServer() as server:
    ... a client on server.base_url with server.api_key ...
    server.history[0]["prompt"]
"""

from __future__ import annotations

import base64
import io
import json
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

SIZES = {
    "gpt-image-1": {"1024x1024", "1536x1024", "1024x1536", "auto"},
    "dall-e-3": {"1024x1024", "1792x1024", "1024x1792"},
}
KNOWN = {"model", "prompt", "n", "size", "quality", "background", "user", "output_format", "response_format"}


def png(image: Image.Image) -> bytes:
    """Return the bytes of a PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def fault(body: dict[str, Any]) -> str:
    """Return why the real service would refuse the request, empty when it would not."""
    if unknown := sorted(set(body) - KNOWN - {"image", "mask"}):
        return f"Unknown parameter: '{unknown[0]}'."
    if body.get("model") not in SIZES:
        return f"The model '{body.get('model')}' does not exist."
    if not body.get("prompt"):
        return "Missing required parameter: 'prompt'."
    if body["model"] != "dall-e-3" and "response_format" in body:
        return "Unknown parameter: 'response_format'."
    if body["model"] == "dall-e-3" and body.get("response_format") != "b64_json":
        return "this server gives no addresses"
    if int(body.get("n", 1)) != 1 and body["model"] == "dall-e-3":
        return "You must provide n=1 for this model."
    if "size" in body and body["size"] not in SIZES[body["model"]]:
        return f"Invalid value: '{body['size']}'. Supported values are: {', '.join(sorted(SIZES[body['model']]))}."
    return ""


def edit_fault(body: dict[str, Any]) -> str:
    """Return why an edit would be refused."""
    if "image" not in body:
        return "Missing required parameter: 'image'."
    with Image.open(io.BytesIO(body["image"])) as image:
        size = image.size
    if "mask" in body:
        with Image.open(io.BytesIO(body["mask"])) as mask:
            if mask.size != size or mask.mode != "RGBA" or mask.getchannel("A").getextrema() == (255, 255):
                return "Invalid mask image format - mask must be RGBA, of the image's size, with a transparent part."
    return ""


class ImagesServer:
    """The running server; `answer` replaces the body of its answers, `status` its code."""

    def __init__(self, api_key: str = "images-key") -> None:
        self.api_key = api_key
        self.history: list[dict[str, Any]] = []
        self.status = 200
        self.answer: Any = None
        handler = type("Bound", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ImagesServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    owner: ImagesServer

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != f"Bearer {self.owner.api_key}":
            return self._send(401, _error(f"Incorrect API key provided: {self.headers.get('Authorization')}."))
        edits = self.path == "/v1/images/edits"
        if not edits and self.path != "/v1/images/generations":
            return self._send(404, _error(f"Unknown request URL: POST {self.path}"))
        body = self._parts(data) if edits else json.loads(data)
        if why := fault(body) or (edit_fault(body) if edits else ""):
            return self._send(400, _error(why))
        self.owner.history.append(body)
        if self.owner.status != 200:
            return self._send(self.owner.status, _error("scripted failure"))
        width, height = (int(s) for s in body.get("size", "64x64").replace("auto", "64x64").split("x"))
        picture = base64.b64encode(png(Image.new("RGB", (width // 16, height // 16), "teal"))).decode()
        return self._send(200, {"created": 0, "data": [{"b64_json": picture}]})

    def _parts(self, data: bytes) -> dict[str, Any]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        found: dict[str, Any] = {}
        for part in BytesParser(policy=HTTP).parsebytes(head + data).iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            found[str(name)] = content if part.get_filename() else content.decode()  # type: ignore[union-attr]
        return found

    def _send(self, code: int, value: Any) -> None:
        data = value if code == 200 and self.owner.answer is None else (self.owner.answer if code == 200 else value)
        payload = json.dumps(data).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
