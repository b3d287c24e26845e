"""The server process: which address it takes, who may reach it, how it ends."""

from __future__ import annotations

import ipaddress
import socket

from gptsmith.errors import UsageError
from gptsmith.ui.http.keys import Keys

PORT = 8700
_CONNECTIONS = 1000
_PATIENCE = 10  # seconds that running answers get when the server is told to stop


def is_local(host: str) -> bool:
    """Tell whether only this machine reaches a server on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(host: str, keys: Keys) -> None:
    """Refuse to be reached from other machines without a key.

    Raises:
        UsageError: no key is set, and the host is not this machine alone.
    """
    if not is_local(host) and not keys.all():
        hint = "add one first: gptsmith keys add NAME"
        raise UsageError(f"on {host} other machines reach the server, and no key is set", hint=hint)


def listen(host: str, port: int) -> socket.socket:
    """Return the socket to serve on.

    Raises:
        UsageError: the address is taken or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        hint = "choose another with --port, or --host"
        raise UsageError(f"{host}:{port} cannot be used ({error.strerror})", hint=hint) from None
    return made


def run(app: object, bound: socket.socket) -> None:
    """Serve until the process is told to stop."""
    import uvicorn

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_PATIENCE,
    )
    uvicorn.Server(config).run(sockets=[bound])
