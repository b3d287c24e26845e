"""The service of the invented shop, on this machine alone: python service.py [PORT]."""

from __future__ import annotations

import contextlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ORDERS = {
    1001: {"status": "delivered", "items": ["Bread knife"], "total": "24.00 EUR", "expected": None},
    1002: {
        "status": "being packed",
        "items": ["Kettle Ronda", "Tea sieve"],
        "total": "61.50 EUR",
        "expected": "2027-01-08",
    },
    1003: {"status": "on its way", "items": ["Pan 28 cm"], "total": "48.00 EUR", "expected": "2027-01-05"},
}
PRODUCTS = [
    {"name": "Kettle Ronda", "price": "54.00 EUR", "in_stock": 7},
    {"name": "Kettle Brava", "price": "39.00 EUR", "in_stock": 0},
    {"name": "Pan 28 cm", "price": "48.00 EUR", "in_stock": 12},
    {"name": "Bread knife", "price": "24.00 EUR", "in_stock": 3},
    {"name": "Tea sieve", "price": "7.50 EUR", "in_stock": 40},
]


class Desk(BaseHTTPRequestHandler):
    """Answers what `openapi.yaml` describes."""

    orders: dict[int, dict[str, object]] = ORDERS

    def do_GET(self) -> None:
        """Answer a look-up."""
        parts = urlsplit(self.path)
        if parts.path == "/products":
            word = parse_qs(parts.query).get("search", [""])[0].lower()
            self.say(200, [product for product in PRODUCTS if word.rstrip("s") in str(product["name"]).lower()])
        elif (number := self.number()) in self.orders:
            self.say(200, {"number": number, **self.orders[number]})
        else:
            self.say(404, {"detail": "There is no such order."})

    def do_DELETE(self) -> None:
        """Cancel an order."""
        order = self.orders.get(self.number())
        if order is None:
            self.say(404, {"detail": "There is no such order."})
        elif order["status"] != "being packed":
            self.say(409, {"detail": f"The order is {order['status']} and cannot be cancelled."})
        else:
            order["status"] = "cancelled"
            self.say(200, {"number": self.number(), **order})

    def number(self) -> int:
        """Return the order's number in the path; 0 when there is none."""
        last = urlsplit(self.path).path.removeprefix("/orders/")
        return int(last) if last.isdigit() else 0

    def say(self, status: int, data: object) -> None:
        """Answer with data."""
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


def make(port: int = 8790) -> ThreadingHTTPServer:
    """Return the server; 0 takes a free port."""
    return ThreadingHTTPServer(("127.0.0.1", port), Desk)


if __name__ == "__main__":
    server = make(int(sys.argv[1]) if len(sys.argv) > 1 else 8790)
    print(f"The shop answers at http://127.0.0.1:{server.server_address[1]}; end it with Ctrl-C")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
