"""PyYAML's pure-Python loader with the plain texts of YAML 1.2: inside `{ }` and `[ ]` a text may hold a `?`."""

from __future__ import annotations

from typing import Any

import yaml
from yaml.tokens import ScalarToken

_END = "\0 \t\r\n\x85\u2028\u2029"


class Loader(yaml.SafeLoader):
    """Gives events as `yaml.parse` asks for them; it constructs nothing here."""

    def scan_plain(self) -> Any:
        """Scan a text without quotes: PyYAML's own method less its rule that `?` ends a text in flow context."""
        scanner: Any = self  # PyYAML's scanner has no type hints for these
        chunks: list[str] = []
        start = end = scanner.get_mark()
        indent = scanner.indent + 1
        spaces: list[str] | None = []
        while scanner.peek() != "#":
            length = self._plain_length(scanner)
            if length == 0:
                break
            scanner.allow_simple_key = False
            chunks.extend(spaces or [])
            chunks.append(scanner.prefix(length))
            scanner.forward(length)
            end = scanner.get_mark()
            spaces = scanner.scan_plain_spaces(indent, start)
            if not spaces or scanner.peek() == "#" or (not scanner.flow_level and scanner.column < indent):
                break
        return ScalarToken("".join(chunks), True, start, end)

    @staticmethod
    def _plain_length(scanner: Any) -> int:
        after_colon = _END + (",[]{}" if scanner.flow_level else "")
        length = 0
        while True:
            character = scanner.peek(length)
            if character in _END or (character == ":" and scanner.peek(length + 1) in after_colon):
                return length
            if scanner.flow_level and character in ",[]{}":
                return length
            length += 1
