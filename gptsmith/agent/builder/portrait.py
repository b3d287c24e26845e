"""An assistant's picture: one simple thing that stands for it, drawn, and proposed as a change of its spec."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.assistants.editing.edited_file import Plan, file_hash, plan_edit, unified
from gptsmith.assistants.editing.operations import Set
from gptsmith.assistants.files.library import is_shipped
from gptsmith.assistants.files.spec_files import files_folder
from gptsmith.assistants.files.versions import Version, Versions
from gptsmith.assistants.format.loader import load_file
from gptsmith.errors import UsageError
from gptsmith.state import atomic_write

if TYPE_CHECKING:
    from gptsmith.tools.drawing.studio import DrawingProgress

_WORD = re.compile(r"[a-z][a-z'-]{2,}")
_GROUND = "pale blue"  # one ground for all, so that the thing is what differs in a list


@dataclass(frozen=True)
class Portrait:
    """A picture that is not kept yet: `thing` is what it shows, `png` its bytes, `file` where it would lie.

    `planned` is the change of the spec that names the file; nothing is written before `apply`.
    """

    path: Path
    thing: str
    png: bytes
    file: Path
    planned: Plan

    @property
    def words(self) -> str:
        """The change in one sentence."""
        return f"Show {self.thing} as its picture ({self.file.parent.name}/{self.file.name})"

    @property
    def diff(self) -> str:
        """The lines of the spec that change."""
        return "".join(unified(e.before, e.after, e.path.name) for e in self.planned.files if e.changed)

    def apply(self) -> Version | None:
        """Write picture and spec; return the version.

        Raises:
            UsageError: the spec was changed meanwhile, or cannot be written; then neither is.
        """
        _place(self.file, self.png)
        try:
            return Versions(self.path).write(self.planned, author="builder", reason=self.words)
        except BaseException:  # whatever stopped it, no picture may stay that no spec names
            _take_away(self.file)
            raise


def propose_picture(
    path: str | Path,
    *,
    thing: str = "",
    model: str = "embedded",
    seed: int | None = None,
    on_progress: Callable[[DrawingProgress], None] | None = None,
) -> Portrait:
    """Draw a picture for the assistant at `path` of `thing`, or of what its name and description bring to mind.

    Raises:
        SpecError: the spec is invalid.
        UsageError: it is shipped, or its picture is locked.
        NotReadyError: the model that draws is not there; nothing else draws in its place.
    """
    path = Path(path).resolve()
    loaded, digest = load_file(path), file_hash(path)
    if is_shipped(path):
        raise UsageError(f"{path.name} is shipped with gptsmith and stays", hint="make a copy of it first")
    if "avatar" in loaded.spec.x_builder.locked:
        raise UsageError(f"the picture of {path.name} is locked", hint="take avatar out of x-builder.locked")
    from gptsmith.agent.pictures import Pictures

    chosen = thing.strip() or choose_thing(loaded.spec.name, loaded.spec.description)
    request = f"{_article(chosen)} on a plain {_GROUND} background"
    drawn = Pictures(model).draw(request, seed=seed, my_words=True, on_progress=on_progress)[0]
    file, png = _free(files_folder(path)), BytesIO()
    drawn.image.save(png, "PNG")
    named = Set(path="avatar", value=f"./{file.parent.name}/{file.name}")
    _place(file, png.getvalue())  # the spec is checked with the file there; without a yes it goes again
    try:
        planned = plan_edit(path, [named], digest)
    finally:
        _take_away(file)
    return Portrait(path, _article(chosen), png.getvalue(), file, planned)


def choose_thing(name: str, description: str) -> str:
    """Return the thing of the small world that stands best for an assistant.

    What its name says goes before what its description says; else the thing that is nearest in meaning.
    """
    from gptsmith.models.embedding import load_embedder
    from gptsmith.models.pictures.world.objects import SAME, nearest, objects
    from gptsmith.models.pictures.world.requests import parse_request

    for text in (name, description):
        if groups := parse_request(text).groups:
            return groups[0].name
    encode = load_embedder("embedded").encode
    for text in (name, description):
        found = [near for word in _WORD.findall(text.lower()) if (near := nearest(word, encode, SAME))]
        things = [near for near in found if near.known in objects()]
        if things:
            return max(things, key=lambda near: near.cosine).known
    names = list(objects())
    cosines = encode(names) @ encode([f"{name}. {description}"])[0]
    return names[int(cosines.argmax())]


def _article(thing: str) -> str:
    if re.match(r"(?:an?|the|one|two|three|four) ", thing, re.IGNORECASE):
        return thing
    return f"an {thing}" if thing[:1].lower() in "aeiou" else f"a {thing}"


def _free(folder: Path) -> Path:
    """Return a name that no file has: an earlier picture stays for an undo."""
    names = (folder / ("avatar.png" if n == 1 else f"avatar-{n}.png") for n in range(1, 1000))
    return next(file for file in names if not file.exists())


def _place(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        atomic_write(file, data)
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror})", hint="make the folder writable") from error


def _take_away(file: Path) -> None:
    file.unlink(missing_ok=True)
    if not any(file.parent.iterdir()):
        file.parent.rmdir()
