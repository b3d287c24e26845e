"""The commands that carry an assistant from one machine to another: export and import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AsJson, File, Yes, locate
from gptsmith.ui.cli.output import agree, document, say, show, table

if TYPE_CHECKING:
    from gptsmith.assistants.files.bundle import BundleContents

_SHOWN = 40
_PHRASE = {
    "code": "would run the code of",
    "command": "would start",
    "path": "would read",
    "host": "would talk to",
    "variable": "would use the environment variable",
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("export")(export)
    app.command("import")(import_)


def export(
    file: File,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="F.zip", help="The file to write; default: <id>.assistant.zip here."),
    ] = None,
    index: Annotated[
        bool, typer.Option("--index", help="Take the vectors of its knowledge along, so that they need no computing.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--as", metavar="FORM", help="Another program's: character-card, agents-md or openai-gpt."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write an assistant with its files and versions into one file, for another machine."""
    from gptsmith.assistants.files.bundle import write_bundle
    from gptsmith.assistants.format.loader import load_file

    spec = locate(file)
    if form is not None:
        _export_as(spec, form, output, as_json)
        return
    target = output or Path(f"{load_file(spec).spec.id}.assistant.zip")
    vectors = b""
    if index:
        from gptsmith.rag.carried_index import pack_index

        vectors = pack_index(spec)
    contents = write_bundle(spec, target, vectors)
    if as_json:
        document({"path": str(target), **contents.model_dump(exclude={"digest"})})
        return
    _show(contents)
    show(f"Wrote {target} ({_size(target.stat().st_size)})")
    say(f"On the other machine: gptsmith import {target.name}")


def _export_as(spec: Path, form: str, output: Path | None, as_json: bool) -> None:
    from gptsmith.assistants.foreign.written import write_foreign
    from gptsmith.assistants.format.loader import load_file
    from gptsmith.state import atomic_write

    loaded = load_file(spec)
    text, ending, left = write_foreign(loaded, form)
    target = output or Path(f"{loaded.spec.id}{ending}")
    atomic_write(target, text)
    if as_json:
        document({"path": str(target), "left": [part.model_dump() for part in left]})
        return
    for part in left:
        say(f"Left out: {part.what}: {part.why}")
    show(f"Wrote {target}")


def import_(
    bundle: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file made by export, or another program's.", show_default=False)
    ],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring an assistant into the library: shows what is inside, asks, writes it; runs nothing.

    It takes files made by export, and what other programs have: an OpenAI GPT (JSON, or its texts), HuggingChat,
    Open WebUI, LibreChat, docker agent, M365 agents, Character Cards, Agent Skills, AGENTS.md, LangChain prompts.
    """
    if bundle.exists() and not _is_bundle(bundle):
        _import_foreign(bundle, yes, as_json)
        return
    from gptsmith.assistants.files.imported_bundle import import_bundle, read_bundle
    from gptsmith.assistants.format.loader import slug

    contents = read_bundle(bundle)
    if not as_json:
        _show(contents)
    question = f"Bring {contents.name} into the library?"
    agree(question, yes=yes, what="nothing is imported", as_json=as_json, data=_data(contents, None))
    path = import_bundle(bundle, agreed=contents.digest)
    if contents.index:
        _take_index(bundle, path, contents.digest)
    if as_json:
        document(_data(contents, path))
        return
    show(f"Wrote {path}")
    say(f"Chat with it: gptsmith chat {slug(path.name)}")


def _is_bundle(path: Path) -> bool:
    from zipfile import is_zipfile

    return path.suffix.lower() == ".zip" or (path.is_file() and is_zipfile(path) and path.suffix.lower() != ".png")


def _import_foreign(path: Path, yes: bool, as_json: bool) -> None:
    """Show what another program's assistants become and what is left behind; ask, then write them."""
    from gptsmith.assistants.foreign import read_foreign
    from gptsmith.ui.cli.output import yaml_text

    found = read_foreign(path)
    data: list[dict[str, Any]] = []
    for one in found:
        left = [part.model_dump() for part in one.left]
        about = {"format": one.format, "id": one.id, "path": None, "files": list(one.files), "left": left}
        data.append({**about, "yaml": one.text(one.id)})
        if not as_json:
            show(f"From {one.format}:")
            yaml_text(one.text(one.id))
            for part in one.left:
                say(f"Left out: {part.what}: {part.why}")
    names = ", ".join(str(one.spec["name"]) for one in found)
    question = f"Bring {names} into the library?"
    agree(question, yes=yes, what="nothing is imported", as_json=as_json, data={"assistants": data})
    for one, about in zip(found, data, strict=True):
        about["path"] = str(one.save())
    if as_json:
        document({"assistants": data})
        return
    for about in data:
        show(f"Wrote {about['path']}")
    say(f"Chat with it: gptsmith chat {found[0].id}")


def _take_index(bundle: Path, path: Path, agreed: str) -> None:
    """Put the vectors of a bundle beside the knowledge; where they cannot be used they are computed anew."""
    from gptsmith.assistants.files.imported_bundle import index_of
    from gptsmith.errors import GptsmithError
    from gptsmith.rag.carried_index import unpack_index

    try:
        unpack_index(index_of(bundle, agreed=agreed), path)
    except GptsmithError as error:
        say(f"{error}")


def _data(contents: BundleContents, path: Path | None) -> dict[str, Any]:
    """Return what `import --json` prints; `path` is null when nothing was written."""
    from gptsmith.assistants.format.loader import slug

    facts = contents.model_dump()
    return {**facts, "id": slug(path.name) if path else contents.id, "path": str(path) if path else None}


def _show(contents: BundleContents) -> None:
    """Show what is in a bundle; what needs trust or is missing comes last, next to the question."""
    show(f"{contents.name} ({contents.id}): {contents.description}")
    rows = [(file.path, _size(file.size)) for file in contents.files[:_SHOWN]]
    table(("file", "size"), rows)
    if len(contents.files) > _SHOWN:
        rest = contents.files[_SHOWN:]
        show(f"and {len(rest):,} more files ({_size(sum(file.size for file in rest))})")
    show(
        f"{_count(contents.versions, 'version')}, {_count(contents.tests, 'test')}"
        + (", vectors" if contents.index else "")
    )
    for page in contents.pages:
        say(f"Not inside, fetched anew: {page}")
    for remark in contents.remarks:
        say(f"Left out: {remark}")
    for need in contents.trust:
        unset = " (not set here)" if need.name in contents.missing_variables and need.kind == "variable" else ""
        say(f"It {_PHRASE.get(need.kind, need.kind)} {need.name}{unset} ({need.path})")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def _size(bytes_: int) -> str:
    """Return a number of bytes for a person."""
    if bytes_ < 1000:
        return f"{bytes_} B"
    return f"{bytes_ / 1000:,.1f} KB" if bytes_ < 10**6 else f"{bytes_ / 10**6:,.1f} MB"
