"""How long `gptsmith serve` takes to the first token beside a raw passthrough of the same model, and what it costs.

    python benchmarks/serve.py [--turns 60]

Three processes: a scripted model that speaks OpenAI's protocol and answers at once, a passthrough that copies its bytes
(httpx and Starlette, no more), and `gptsmith serve` with an assistant on that model. One client asks both in turns over
kept connections, so that all meet the same machine. Cold start: from the start of the process to the end of the first
answer; memory: resident, children included, after all answers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil

WORDS = [f"word{n} " for n in range(30)]
SPEC = """\
schema: assistant/v1
id: bench
name: Bench
description: Answers.
instructions: Answer.
model: {provider: openai, name: scripted, base_url: "http://127.0.0.1:%d/v1", api_key: "${env:BENCH_KEY}"}
"""
ASK = {"stream": True, "messages": [{"role": "user", "content": "Say words."}]}


def upstream() -> Any:
    """Return the app of the scripted model."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.routing import Route

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
        return f"data: {json.dumps(head)}\n\n"

    async def answer(request: Request) -> Response:
        if not (await request.json()).get("stream"):
            message = {"role": "assistant", "content": "".join(WORDS)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return JSONResponse({"id": "c", "object": "chat.completion", "model": "scripted", "choices": [choice]})

        async def lines() -> AsyncIterator[str]:
            yield chunk({"role": "assistant", "content": ""})
            for word in WORDS:
                yield chunk({"content": word})
            yield chunk({}, "stop")
            yield "data: [DONE]\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", answer, methods=["POST"])])


def passthrough() -> Any:
    """Return the app that copies what the scripted model sends."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    client = httpx.AsyncClient(base_url=os.environ["BENCH_UPSTREAM"], timeout=60)

    async def copy(request: Request) -> Response:
        asked = client.build_request("POST", "/v1/chat/completions", content=await request.body())
        made = await client.send(asked, stream=True)
        return StreamingResponse(made.aiter_raw(), media_type="text/event-stream")

    return Starlette(routes=[Route("/v1/chat/completions", copy, methods=["POST"])])


def serve_role(role: str) -> None:
    """Serve one of the two apps on a free port, and say on which."""
    import socket

    import uvicorn

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        print(json.dumps({"url": f"http://127.0.0.1:{bound.getsockname()[1]}"}), flush=True)
        app = {"upstream": upstream, "passthrough": passthrough}[role]()
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[bound])


def begin(command: list[str], environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a server and return it with its address."""
    started = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    said = ""
    while not said.rstrip().endswith("}"):
        line = started.stdout.readline()
        if not line:
            raise SystemExit(f"{command} did not start")
        said += line
    return started, json.loads(said)["url"]


def first_token(client: httpx.Client, url: str, model: str) -> tuple[float, float]:
    """Return the seconds to the first word and to the end."""
    begun, first = time.perf_counter(), 0.0
    with client.stream("POST", f"{url}/v1/chat/completions", json={**ASK, "model": model}) as made:
        made.raise_for_status()
        for line in made.iter_lines():
            if not first and "word0" in line:
                first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


def resident(process: subprocess.Popen[str]) -> float:
    """Return the resident megabytes of a process and its children."""
    own = psutil.Process(process.pid)
    return sum(one.memory_info().rss for one in (own, *own.children(recursive=True))) / 1e6


def until_up(client: httpx.Client, url: str) -> None:
    """Wait until a server takes connections."""
    while True:
        try:
            client.get(f"{url}/health")
            return
        except httpx.TransportError:
            time.sleep(0.005)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--turns", type=int, default=60)
    options.add_argument("--role", choices=["upstream", "passthrough"])
    given = options.parse_args()
    if given.role:
        serve_role(given.role)
        return
    running: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=60) as client:
        environment = {**os.environ, "BENCH_KEY": "x", "GPTSMITH_HOME": folder, "GPTSMITH_MIND": "off"}
        try:
            model, upstream_url = begin([__file__, "--role", "upstream"], environment)
            running.append(model)
            until_up(client, upstream_url)
            raw, raw_url = begin([__file__, "--role", "passthrough"], {**environment, "BENCH_UPSTREAM": upstream_url})
            running.append(raw)
            until_up(client, raw_url)
            spec = Path(folder) / "bench.assistant.yaml"
            spec.write_text(SPEC % int(upstream_url.rpartition(":")[2]), encoding="utf-8")
            begun = time.perf_counter()
            served, url = begin(
                ["-m", "gptsmith", "serve", str(spec), "--port", "0", "--rate", "100000", "--json"], environment
            )
            running.append(served)
            until_up(client, url)
            first_token(client, url, "bench")
            cold = time.perf_counter() - begun
            for _ in range(10):
                first_token(client, raw_url, "scripted"), first_token(client, url, "bench")
            pairs = [
                (first_token(client, raw_url, "scripted"), first_token(client, url, "bench"))
                for _ in range(given.turns)
            ]
            report(pairs, cold, resident(served))
        finally:
            for process in running:
                process.terminate()
                process.wait(20)


def report(pairs: list[tuple[tuple[float, float], tuple[float, float]]], cold: float, memory: float) -> None:
    """Print the medians, and how far the server lies over the passthrough."""
    for place, name in ((0, "first token"), (1, "whole answer")):
        theirs, ours = ([one[side][place] * 1000 for one in pairs] for side in (0, 1))
        over = [b - a for a, b in zip(theirs, ours, strict=True)]
        medians = f"passthrough {statistics.median(theirs):6.2f} ms   gptsmith {statistics.median(ours):6.2f} ms"
        late = statistics.quantiles(over, n=20)[-1]
        print(f"{name:<13} {medians}   over {statistics.median(over):6.2f} ms (p95 {late:.2f})")
    print(f"cold start to the end of the first answer {cold:.2f} s; resident {memory:.0f} MB")


if __name__ == "__main__":
    main()
