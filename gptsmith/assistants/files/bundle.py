"""One assistant as one file, `<id>.assistant.zip`: its spec, the files that it names, its versions.

A bundle carries no secret, no absolute path and nothing from outside the assistant's folder. It is a plain zip: the
spec at its top, the files at their paths from there, the versions as JSON lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gptsmith.assistants.editing.splices import text_hash
from gptsmith.assistants.files.library import SUFFIX, is_shipped
from gptsmith.assistants.files.spec_files import digest, files_folder
from gptsmith.assistants.files.trust import trust_needs
from gptsmith.assistants.files.version_store import Touched, Version, plain_words
from gptsmith.assistants.files.versions import Versions
from gptsmith.assistants.files.zip_file import (
    MAX_FILE,
    MAX_FILES,
    MAX_TOTAL,
    name_problem,
    names_problem,
    write_archive,
)
from gptsmith.assistants.format import paths, variables
from gptsmith.assistants.format.checks import env_values
from gptsmith.assistants.format.loader import Loaded, check_text, load_file, slug
from gptsmith.assistants.format.paths import path_values
from gptsmith.assistants.format.reader import dotted, read_yaml
from gptsmith.assistants.format.variables import secret_lines, secret_values
from gptsmith.errors import GptsmithError, UsageError

# Versions as plain JSON lines, for a bundle: read by anyone, believed by nobody.
#
# The first line says the format; a `content` line has the text of a file, under its SHA-256, before the first
# `version` line that refers to it.

FORMAT = "gptsmith-versions/1"
History = list[tuple[Version, list[Touched]]]

_MOST = 20_000  # versions
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


class LinesError(ValueError):
    """The lines are not a history of versions; the message says why."""


def to_lines(history: Iterable[tuple[Version, list[Touched]]]) -> bytes:
    """Write versions as lines; every file in them must be UTF-8."""
    lines: list[dict[str, Any]] = [{"format": FORMAT}]
    written: set[str | None] = {None}
    for version, files in history:
        for file in files:
            for data in (file.before, file.after):
                if data is not None and digest(data) not in written:
                    written.add(digest(data))
                    lines.append({"content": digest(data), "text": data.decode("utf-8")})
        lines.append({"version": version.model_dump(exclude={"files"}), "files": [_row(file) for file in files]})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8")


def from_lines(data: bytes) -> History:
    """Read versions from lines. Raises LinesError for anything that `to_lines` does not write."""
    try:
        lines = [json.loads(line) for line in data.decode("utf-8").split("\n") if line]
        if not lines or lines[0] != {"format": FORMAT}:
            raise LinesError(f"they are not of the format {FORMAT}")
        return _read(lines[1:])
    except LinesError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError) as error:
        raise LinesError(f"a line cannot be read ({type(error).__name__})") from error


def _read(lines: list[dict[str, Any]]) -> History:
    texts: dict[str | None, bytes | None] = {None: None}
    history: History = []
    known: dict[str, str | None] = {}
    for line in lines:
        if set(line) == {"content", "text"}:
            text = line["text"].encode("utf-8")
            if text_hash(text) != line["content"]:
                raise LinesError("a text is not what its hash says")
            texts[line["content"]] = text
            continue
        version = Version.model_validate({**line["version"], "files": ()}, strict=True)
        _check(version, history)
        rows = [(row["path"], row["before"], row["after"]) for row in line["files"]]
        for path, before, _ in rows:
            if not isinstance(path, str) or (path in known and known[path] != before):
                raise LinesError(f"version {version.number} does not begin where the one before it ends")
        known = {path: after for path, _, after in rows}
        history.append((version, [Touched(path, texts[before], texts[after]) for path, before, after in rows]))
    return history


def _check(version: Version, history: History) -> None:
    last = history[-1][0].number if history else 0
    if not last < version.number < 10**9 or len(history) >= _MOST:
        raise LinesError("their numbers do not go up")
    if version.author not in ("builder", "person", "outside") or not _TIME.fullmatch(version.at):
        raise LinesError(f"version {version.number} has no author or no time")
    if any(said != plain_words(said) for said in (version.reason, version.name)):
        raise LinesError(f"version {version.number} has a reason or a name that cannot be shown")
    if version.takes_back is not None and version.takes_back not in {one.number for one, _ in history}:
        raise LinesError(f"version {version.number} takes back one that is not there")


def _row(file: Touched) -> dict[str, str | None]:
    return {"path": file.path, "before": digest(file.before), "after": digest(file.after)}


VERSIONS = "versions.jsonl"
INDEX = "index.jsonl"
_ELSEWHERE = ("no_file", "no_match")  # an older version may name files that are gone
_READ_FOR_KEYS = 4 * 2**20
_PLACE = re.compile(r"(?<![\w:/.])(?:~|[A-Za-z]:)?[/\\][^\s'\"]*[/\\]([^\s'\"/\\]+)")


class BundleFile(BaseModel):
    """A file in a bundle: its path from the spec's folder, its size in bytes."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int


class Need(BaseModel):
    """What the assistant would run, reach or read: see `trust.TrustNeed`."""

    model_config = ConfigDict(frozen=True)

    kind: str
    name: str
    path: str


class BundleContents(BaseModel):
    """What is in a bundle, for a person to read before anything of it is written or run.

    `missing_variables` are not set on this machine; `pages` are fetched anew, they are not in the bundle; `remarks` say
    what was left out; `index` says whether the vectors of the knowledge are there. `digest` is the zip file's SHA-256.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    description: str
    files: list[BundleFile]
    versions: int
    tests: int
    trust: list[Need]
    missing_variables: list[str]
    pages: list[str]
    index: bool = False
    remarks: list[str] = []
    digest: str = ""

    @classmethod
    def of(cls, loaded: Loaded, id: str, files: dict[str, int], versions: int, **more: Any) -> BundleContents:
        """Describe a valid spec and the files that go with it."""
        spec = loaded.spec
        data = loaded.document.data
        return cls(
            id=id,
            name=spec.name,
            description=spec.description,
            files=[BundleFile(path=path, size=size) for path, size in sorted(files.items())],
            versions=versions,
            tests=len(spec.tests),
            trust=[Need(kind=need.kind, name=need.name, path=need.path) for need in trust_needs(loaded)],
            missing_variables=variables.unset([value for _, value in env_values(data)]),
            pages=[url for source in spec.knowledge for url in source.urls],
            **more,
        )


def write_bundle(path: str | Path, out: str | Path, index: bytes = b"") -> BundleContents:
    """Write the assistant at `path` into the new file `out` and return what is in it; the same input, the same bytes.

    `index` are the vectors of its knowledge, as `rag.carried_index.pack_index` gives them.

    Raises SpecError for a spec that is not valid, UsageError with the reason for what cannot go along: `outside_files`,
    `secret`, `bad_name`, `too_large`, `exists`, `not_writable`. Then nothing is written.
    """
    target = Path(out).expanduser()
    if target.exists():
        raise UsageError(f"{target} is already there", code="exists", hint="name another file; nothing is overwritten")
    if len(index) > MAX_FILE:
        hint = "export without the index; it is made anew from the files"
        raise UsageError(f"the index has {len(index) // 2**20:,} MB", code="too_large", hint=hint)
    loaded = load_file(path)
    spec = f"{slug(Path(path).name)}{SUFFIX}"
    files = {spec: loaded.text.encode("utf-8"), **_files(loaded)}
    _require_plain_names(list(files))
    _require_no_secrets(loaded, files)
    history, remarks = _history(loaded)
    lines: dict[str, bytes | Path] = {VERSIONS: to_lines(history)} if history else {}
    lines |= {INDEX: index} if index else {}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_archive(target, files | lines)
    except FileExistsError as error:
        raise UsageError(f"{target} is already there", code="exists", hint="name another file") from error
    except OSError as error:
        why = f"{target} cannot be written ({error.strerror or error})"
        raise UsageError(why, code="not_writable", hint="check the folder's rights and free space") from error
    sizes = {name: len(data) if isinstance(data, bytes) else data.stat().st_size for name, data in files.items()}
    return BundleContents.of(
        loaded, loaded.spec.id or slug(spec), sizes, len(history), index=bool(index), remarks=remarks
    )


def _files(loaded: Loaded) -> dict[str, bytes | Path]:
    """Find every file that goes along: what the spec names, and all of `<id>.files/`."""
    assert loaded.base_dir is not None and loaded.path is not None  # noqa: S101 - it was read from a file
    base = loaded.base_dir
    found: dict[str, bytes | Path] = {}
    named = [(dotted(place), text) for place, text in path_values(loaded.document.data)]
    folder = files_folder(base / loaded.path.name)
    for place, text in [*named, *([("", folder.name)] if folder.is_dir() else [])]:
        where = f" ({place})" if place else ""
        if Path(text).is_absolute() or text.startswith("~") or paths.is_outside(base, text):
            raise _outside(text, where)
        try:
            found |= {name: base / name for name in paths.matching_names(base, text)}
        except GptsmithError as error:  # a link below it leads out
            raise _outside(text, where) from error
    found.pop(loaded.path.name, None)  # a pattern may match the spec too
    for name in found:
        if name in (VERSIONS, INDEX) or (name.endswith(SUFFIX) and "/" not in name):
            raise UsageError(
                f"{name} lies beside the spec and is named by it, but has a name of its own meaning in a bundle",
                code="bad_name",
                hint=f"move it into {folder.name}",
            )
    total = sum(path.stat().st_size for path in found.values() if isinstance(path, Path))
    largest = max((path.stat().st_size for path in found.values() if isinstance(path, Path)), default=0)
    if len(found) > MAX_FILES - 2 or total > MAX_TOTAL - MAX_FILE or largest > MAX_FILE:
        raise UsageError(
            f"{len(found):,} files with {total // 2**20:,} MB are too much for a bundle",
            code="too_large",
            hint=f"up to {MAX_FILES:,} files, {MAX_FILE // 2**20} MB each and {(MAX_TOTAL - MAX_FILE) // 2**20} MB"
            " together; give a model's folder separately",
        )
    return found


def _outside(text: str, where: str) -> UsageError:
    return UsageError(
        f"{text[:200]}{where} leads out of the assistant's folder, so it cannot go along",
        code="outside_files",
        hint="copy it beside the spec and name it by its path from there",
    )


def _require_plain_names(names: list[str]) -> None:
    for name in names:
        if why := name_problem(name):
            told = f"{name[:100]!r} {why}, so not every machine can unpack it"
            raise UsageError(told, code="bad_name", hint="rename it")
    if why := names_problem(names):
        raise UsageError(f"{why}, so not every machine can unpack them", code="bad_name", hint="rename one")


def _require_no_secrets(loaded: Loaded, files: dict[str, bytes | Path]) -> None:
    for place in secret_values(loaded.document.data):
        raise UsageError(
            f"{dotted(place)} holds a secret itself, so it does not go along",
            code="secret",
            hint="put it into an environment variable and write ${env:NAME}",
        )
    for name, source in files.items():
        if isinstance(source, Path) and source.stat().st_size > _READ_FOR_KEYS:
            continue
        data = source.read_bytes() if isinstance(source, Path) else source
        lines = secret_lines(data.decode("utf-8", "replace"))
        if lines:
            raise UsageError(
                f"line {lines[0]} of {name} holds what looks like a key, so it does not go along",
                code="secret",
                hint="take it out of the file",
            )


def _history(loaded: Loaded) -> tuple[History, list[str]]:
    """Return the versions that may go along, and what is left out."""
    assert loaded.path is not None and loaded.base_dir is not None  # noqa: S101 - it was read from a file
    if is_shipped(loaded.path):
        return [], []
    history = list(Versions(loaded.path).history())
    kept = list(_fit(history, loaded.base_dir))
    if history and (not kept or kept[-1][0].number != history[-1][0].number):
        kept = []
    left = sorted({version.number for version, _ in history} - {version.number for version, _ in kept})
    if not left:
        return kept, []
    numbers = ", ".join(map(str, left[:10])) + (" …" if len(left) > 10 else "")
    return kept, [f"versions that have no valid spec, name files from outside or hold a key: {numbers}"]


def _fit(history: list[tuple[Version, list[Touched]]], base: Path) -> Iterator[tuple[Version, list[Touched]]]:
    """Give the versions of which every text may go along; the next one then follows the last that does."""
    last: dict[str, bytes | None] = {}
    numbers: set[int] = set()
    for version, files in history:
        if all(_may_go(file.path, file.after, base) for file in files):
            takes_back = version.takes_back if version.takes_back in numbers else None
            numbers.add(version.number)
            # The bytes before are those of the last version that goes along, never of one that stays here.
            begin = {file.path: None if last and file.before is None else file.after for file in files} | last
            fitting = [Touched(file.path, begin[file.path], file.after) for file in files]
            words = {"reason": _plain_words(version.reason), "name": _plain_words(version.name)}
            yield version.model_copy(update={"takes_back": takes_back, **words}), fitting
            last = {file.path: file.after for file in files}


def _plain_words(said: str) -> str:
    """Return a reason or a name as others may read it: of a place on this machine only the file's own name."""
    return "(it held a key)" if secret_lines(said) else _PLACE.sub(r"\1", said)


def _may_go(path: str, data: bytes | None, base: Path) -> bool:
    if data is None:
        return bool(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if secret_lines(text):
        return False
    if path:
        return not name_problem(path)
    found = [d for d in check_text(text, base) if d.code not in _ELSEWHERE]
    if any(d.severity == "error" or d.code == "trust_required" for d in found):
        return False
    return not any(True for _ in secret_values(read_yaml(text).data))
