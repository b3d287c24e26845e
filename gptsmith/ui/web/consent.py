"""What a person has agreed to for one assistant: to trust its file, and to let a conversation leave the machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from gptsmith.assistants import paths, referred
from gptsmith.assistants.library import is_shipped, state_key
from gptsmith.assistants.loader import Loaded, load_file
from gptsmith.assistants.trust import TrustNeed, code_digest, trust_needs
from gptsmith.errors import GptsmithError
from gptsmith.state import State, atomic_write

# Hosts and variables alone are not asked for in a file of the person's own; an imported one names them too.
_ASKED = ("code", "command", "path")


def trusted(path: Path) -> bool:
    """Say whether the person trusts the spec file at `path` as it is now."""
    loaded = load_file(path)
    return Consent(State().folder(state_key(path))).trusts(loaded)


class Consent:
    """The agreements about one spec file, kept in `folder` of the state."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "consent.json"

    def needs(self, loaded: Loaded) -> list[TrustNeed]:
        """Return what the spec would run, reach or read when that has to be asked first; empty when it has not."""
        if loaded.path is None or is_shipped(loaded.path) or self.trusts(loaded):
            return []
        found = trust_needs(loaded)
        return found if self._imported() or any(need.kind in _ASKED for need in found) else []

    def trusts(self, loaded: Loaded) -> bool:
        """Say whether the person has agreed to the file, and to its code, as they are now."""
        return self._read().get("trusted") == _fingerprint(loaded)

    def trust(self, loaded: Loaded) -> None:
        """Keep that the person trusts the file as it is; a change of it or of its code asks again."""
        self._write({**self._read(), "trusted": _fingerprint(loaded)})

    def imported(self) -> None:
        """Keep that the file came from elsewhere: its hosts and variables are asked for too."""
        self._write({**self._read(), "imported": True})

    def allows(self, thread: str) -> bool:
        """Say whether a conversation may be sent to another model's host when the one on this machine fails."""
        return thread in self._read().get("leaves", [])

    def allow(self, thread: str) -> None:
        """Keep that a conversation may leave this machine."""
        kept = self._read()
        self._write({**kept, "leaves": sorted({*kept.get("leaves", []), thread})})

    def _imported(self) -> bool:
        return bool(self._read().get("imported"))

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):  # nothing was agreed to yet
            kept = json.loads(self._file.read_text("utf-8"))
            return kept if isinstance(kept, dict) else {}
        return {}

    def _write(self, kept: dict[str, Any]) -> None:
        atomic_write(self._file, json.dumps(kept))


def _fingerprint(loaded: Loaded) -> str:
    """Return a digest of the spec and of the files of code that it names, as they are now."""
    digest = hashlib.sha256(loaded.text.encode("utf-8"))
    for _, helper in referred.helpers(loaded):
        digest.update(helper.text.encode("utf-8"))
    for folder in loaded.spec.skills:
        digest.update(_skill(loaded, folder))
    for need in trust_needs(loaded):
        path, colon, _ = need.name.rpartition(":")
        if need.kind == "code" and colon and loaded.base_dir is not None:
            digest.update(code_digest(loaded.base_dir / path).encode())
    return digest.hexdigest()


def _skill(loaded: Loaded, folder: str) -> bytes:
    """Return a digest of all files of a skill."""
    digest = hashlib.sha256()
    with contextlib.suppress(OSError, GptsmithError):
        for name in paths.names(loaded.base_dir or Path.cwd(), folder):
            digest.update(name.encode("utf-8", "surrogateescape"))
            digest.update(((loaded.base_dir or Path.cwd()) / name).read_bytes())
    return digest.digest()
