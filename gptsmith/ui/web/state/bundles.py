"""What a person agrees to before it happens: a trusted file, text that leaves the machine, a bundle that comes in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from gptsmith.assistants.files import trust
from gptsmith.assistants.files.bundle import BundleContents, write_bundle
from gptsmith.assistants.files.imported_bundle import import_bundle, read_bundle
from gptsmith.assistants.files.library import SUFFIX, Library, is_shipped, state_key
from gptsmith.assistants.files.trust import TrustNeed, code_digest, trust_needs
from gptsmith.assistants.format import paths
from gptsmith.assistants.format.loader import Loaded, load_file
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.state import State, atomic_write
from gptsmith.ui.web.state.uploads import safe_name

# What a person has agreed to for one assistant: to trust its file, and to let a conversation leave the machine.

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
    for _, helper in trust.helpers(loaded):
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
        for name in paths.matching_names(loaded.base_dir or Path.cwd(), folder):
            digest.update(name.encode("utf-8", "surrogateescape"))
            digest.update(((loaded.base_dir or Path.cwd()) / name).read_bytes())
    return digest.digest()


# Bundles that a person takes out or hands in: one file with a whole assistant, looked at before it is written.

__all__ = ["BundleContents", "Bundles"]

_KEPT_SECONDS = 24 * 3600


class Bundles:
    """The way of assistants in and out of the library; what is handed in waits in the state folder for a yes."""

    def __init__(self, library: Library, state: Path) -> None:
        self._library = library
        self._inbox = state / "inbox" / "bundles"

    def export(self, path: Path) -> tuple[BundleContents, bytes]:
        """Return the bundle of a spec file and what is in it; raise GptsmithError for what cannot go."""
        with tempfile.TemporaryDirectory(prefix="gptsmith-") as folder:
            out = Path(folder) / self.name(path)
            contents = write_bundle(path, out)
            return contents, out.read_bytes()

    @staticmethod
    def name(path: Path) -> str:
        """Return the file name of a spec's bundle."""
        return f"{path.name.removesuffix(SUFFIX)}.assistant.zip"

    def look(self, name: str, data: bytes) -> tuple[BundleContents, str]:
        """Return what is in a bundle that was handed in, and the token under which it waits; nothing is unpacked."""
        self._sweep()
        token = secrets.token_hex(8)
        file = self._inbox / token / safe_name(name)
        atomic_write(file, data)
        try:
            return read_bundle(file), token
        except BaseException:  # whatever is wrong with it, it is not kept
            shutil.rmtree(file.parent)
            raise

    def bring(self, token: str, digest: str) -> str:
        """Bring a bundle that was looked at into the library and return its id; what it names is asked for later."""
        waiting = [*(self._inbox / token).iterdir()] if token.isalnum() and (self._inbox / token).is_dir() else []
        if not waiting:
            raise UsageError("the file is no longer here", hint="choose it again")
        path = import_bundle(waiting[0], self._library, agreed=digest)
        shutil.rmtree(waiting[0].parent)
        Consent(State().folder(state_key(path))).imported()
        return path.name.removesuffix(SUFFIX)

    def _sweep(self) -> None:
        for old in self._inbox.glob("*"):
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
