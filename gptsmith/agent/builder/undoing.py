"""Taking changes back one after the other, the newest first."""

from __future__ import annotations

from pathlib import Path

from gptsmith.assistants.versions import Version, Versions
from gptsmith.errors import UsageError


def take_back(path: Path, done: list[int]) -> tuple[Version, list[int]]:
    """Take the last of the versions `done` back and return what was written, with those that are left.

    Without any, the newest change of the file is taken back, whoever made it; but not what itself took one back.

    Raises UsageError: `nothing_to_undo`, or `changed_since` when the file has changed after that version.
    """
    versions = Versions(path)
    kept = versions.list()
    newest = kept[-1] if kept else None
    if newest is None or (not done and (newest.takes_back is not None or newest.number == 1)):
        raise UsageError(f"there is no change of {path.name} to undo", code="nothing_to_undo")
    if not done or done[-1] == newest.number:
        return versions.undo(), done[:-1]
    numbered = {version.number: version for version in kept}
    last, before = numbered[done[-1]], numbered[done[-1] - 1]
    if newest.after() == before.after():
        return newest, done[:-1]  # it was taken back already, and only that was not noted
    if newest.after() != last.after():
        hint = f"restore version {before.number} to take it back with all that came later"
        raise UsageError(f"{path.name} was changed since", code="changed_since", hint=hint)
    return versions.restore(before.number), done[:-1]
