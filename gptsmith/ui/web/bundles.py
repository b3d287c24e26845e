"""Bundles that a person takes out or hands in: one file with a whole assistant, looked at before it is written."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from pathlib import Path

from gptsmith.assistants.bundle import BundleContents, write_bundle
from gptsmith.assistants.imported_bundle import import_bundle, read_bundle
from gptsmith.assistants.library import SUFFIX, Library, state_key
from gptsmith.errors import UsageError
from gptsmith.state import State, atomic_write
from gptsmith.ui.web.consent import Consent
from gptsmith.ui.web.uploads import safe_name

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
