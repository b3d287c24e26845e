"""OpenAPI documents as data: JSON or YAML read without aliases and with a cap, and the servers that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 8 * 1024 * 1024


class _Plain(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as data alone: dates stay text."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_document(data: bytes) -> Any:
    """Return the data of a document.

    Raises:
        ValueError: it is neither JSON nor YAML, holds aliases, which can grow without bound, or is too long.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES // 2**20} MB")
    try:
        text = data.decode("utf-8-sig")
        if re.match(r"\s*[{\[]", text):
            return json.loads(text)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Plain)):
            raise ValueError("it holds YAML aliases, which are not read")
        return _Plain(text).get_single_data()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except (yaml.YAMLError, UnicodeDecodeError, json.JSONDecodeError) as error:
        why = re.sub(r"\s+", " ", str(error))[:160]
        raise ValueError(f"it is neither JSON nor YAML ({why})") from error


def servers(file: Path) -> list[str]:
    """Return the addresses under every `servers` of a document; nothing for one that cannot be read."""
    try:
        with file.open("rb") as opened:
            return list(dict.fromkeys(_servers(parse_document(opened.read(MAX_BYTES + 1)))))
    except (OSError, ValueError):
        return []


def _servers(data: Any) -> Iterator[str]:
    paths = data.get("paths") if isinstance(data, dict) else None
    items = [item for item in paths.values() if isinstance(item, dict)] if isinstance(paths, dict) else []
    operations = [inner for item in items for inner in item.values() if isinstance(inner, dict)]
    for node in [data, *items, *operations]:
        found = node.get("servers") if isinstance(node, dict) else None
        for server in found if isinstance(found, list) else ():
            if isinstance(server, dict) and isinstance(server.get("url"), str):
                yield server["url"]
