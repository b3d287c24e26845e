"""Taking changes of a file back one after the other, the newest first."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.versions import Version, Versions
from gptsmith.errors import UsageError


def take_back(path: Path, newest: int | None = None) -> Version:
    """Take the last change back that is not taken back yet, and return the version that did it.

    `newest` is the version that was the newest when it was asked for: when another one took it back since, that is it.

    Raises UsageError: `nothing_to_undo`, or `changed_since` when the file was changed outside after it.
    """
    versions = Versions(path)
    kept = versions.list()
    if kept and newest and kept[-1].number == newest + 1 and kept[-1].author != "outside":
        return kept[-1]
    standing = _standing(kept)
    if len(standing) < 2:
        raise UsageError(f"there is no change of {path.name} to undo", code="nothing_to_undo")
    if standing[-1].number == kept[-1].number:
        return versions.undo()
    return versions.restore(standing[-2].number)


def _standing(kept: list[Version]) -> list[Version]:
    """Return the versions whose changes are in the file, the oldest first: one that goes back to another ends there."""
    standing: list[Version] = []
    for version in kept:
        same = [n for n, other in enumerate(standing) if other.after() == version.after()]
        standing = standing[: same[0] + 1] if same else [*standing, version]
    return standing
