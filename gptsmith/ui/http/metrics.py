"""What the HTTP door counts, in the text format of Prometheus. No words of a conversation are among it."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

KIND = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter(
            "gptsmith_requests", "Requests by route and status.", ["method", "route", "status"], **own
        )
        self._turns = Counter("gptsmith_turns", "Turns by how they ended.", ["assistant", "finish"], **own)
        self._tokens = Counter("gptsmith_tokens", "Tokens as the models count them.", ["assistant", "kind"], **own)
        self._calls = Counter("gptsmith_tool_calls", "Calls of tools.", ["assistant", "tool", "status"], **own)
        self._first = Histogram(
            "gptsmith_first_text_seconds", "Until the first text.", ["assistant"], buckets=_FAST, **own
        )
        self._whole = Histogram(
            "gptsmith_turn_seconds", "Until the end of a turn.", ["assistant"], buckets=_FAST, **own
        )

    def request(self, method: str, route: str, status: int) -> None:
        """Count a request; `route` is the pattern, never the path that was asked for."""
        self._requests.labels(method, route, str(status)).inc()

    def first_text(self, assistant: str, seconds: float) -> None:
        """Note how long the first text took."""
        self._first.labels(assistant).observe(seconds)

    def turn(self, assistant: str, reply: dict[str, Any], seconds: float) -> None:
        """Count a turn that ended with a reply."""
        self._turns.labels(assistant, reply["finish_reason"]).inc()
        self._whole.labels(assistant).observe(seconds)
        for kind in ("input", "output"):
            self._tokens.labels(assistant, kind).inc(reply["usage"][f"{kind}_tokens"])
        for call in reply["tool_calls"]:
            if call["status"] != "waiting":  # a name that a program or a model made up is no label
                name = call["name"] if call["status"] == "ok" else ""
                self._calls.labels(assistant, name, call["status"]).inc()

    def failed(self, assistant: str, code: str) -> None:
        """Count a turn that failed."""
        self._turns.labels(assistant, f"error:{code}").inc()

    def text(self) -> bytes:
        """Return all of it, for Prometheus."""
        return generate_latest(self.registry)
