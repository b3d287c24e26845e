"""The commands on what an assistant knows: its knowledge, and what it remembers of a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, Trust, load_trusted, locate
from gptsmith.ui.cli.output import document, say, show, table

if TYPE_CHECKING:
    from gptsmith.rag.knowledge import KnowledgeBase
    from gptsmith.rag.receipt import Receipt


# The command for what an assistant remembers of you: memory.


def register_memory(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(memory)


def memory(
    file: File,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="FACT", help="Remember this; may be repeated.")
    ] = None,
    forget: Annotated[
        list[int] | None, typer.Option("--forget", metavar="N", help="Forget the fact with this number.")
    ] = None,
    forget_all: Annotated[bool, typer.Option("--forget-all", help="Forget everything.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what an assistant remembers of you across conversations, and change it."""
    from gptsmith import Assistant
    from gptsmith.errors import UsageError

    with Assistant.from_file(locate(file)) as assistant:
        facts = assistant.facts()
        for number in forget or []:
            if not 1 <= number <= len(facts):
                raise UsageError(f"there is no fact {number}", hint=f"there are {len(facts)}")
        gone = facts if forget_all else [facts[number - 1] for number in dict.fromkeys(forget or [])]
        if gone:
            assistant.forget(*gone)
        for fact in add or []:
            assistant.remember(fact)
        facts, path = assistant.facts(), assistant.folder / "memory.md"
    if as_json:
        document({"path": str(path), "facts": facts})
        return
    for fact in gone:
        say(f"Forgotten: {fact}")
    for number, fact in enumerate(facts, 1):
        show(f"{number:3}  {fact}")
    say(f"You can edit them in {path}" if facts else "Nothing is remembered.")


# The commands on an assistant's knowledge: knowledge sync, search, receipt.

group = typer.Typer(help="The files and pages that an assistant answers from.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group to `app`."""
    app.add_typer(group, name="knowledge")


@group.command()
def sync(file: File, trust: Trust = False, as_json: AsJson = False) -> None:
    """Read new and changed files; say what became of each."""
    with _opened(file, trust) as knowledge:
        receipts = knowledge.sync(say)
    _receipts(receipts, as_json)


@group.command()
def receipt(file: File, trust: Trust = False, as_json: AsJson = False) -> None:
    """Show what became of each file at the last sync, and questions asked of the index that prove it can be found."""
    with _opened(file, trust) as knowledge:
        receipts, stale = knowledge.receipts(), knowledge.stale()
    _receipts(receipts, as_json)
    if not as_json:
        _proofs(receipts)
    if stale:
        say(f"Files changed since the last sync; gptsmith knowledge sync {file} reads them")


@group.command()
def search(
    file: File,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.", show_default=False)],
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Show the passages that a question finds, best first."""
    with _opened(file, trust) as knowledge:
        knowledge.sync(say)
        hits = knowledge.search(query)
    if as_json:
        document([hit.model_dump() for hit in hits])
        return
    if not hits:
        show("Nothing found")
    for hit in hits:
        page = f", page {hit.page}" if hit.page else ""
        show(f"{hit.score:.2f}  {hit.source}{page}\n{_indented(hit.text)}\n")


@contextmanager
def _opened(file: str, trust: bool) -> Iterator[KnowledgeBase]:
    """Open the knowledge of a spec and close it again; UsageError when the spec has none."""
    from gptsmith.assistants.files.library import state_key
    from gptsmith.errors import UsageError
    from gptsmith.rag.knowledge import KnowledgeBase
    from gptsmith.state import State, home

    loaded = load_trusted(file, trust)
    path = loaded.path
    if path is None or loaded.base_dir is None:
        raise UsageError(f"{file} is no file")
    if not loaded.spec.knowledge:
        raise UsageError(f"{path.name} has no knowledge", hint="add a `knowledge` section with paths or urls")
    folder = State(home()).folder(state_key(path))
    knowledge = KnowledgeBase(loaded.spec.knowledge, loaded.base_dir, folder, trust=trust)
    try:
        yield knowledge
    finally:
        knowledge.close()


def _receipts(receipts: list[Receipt], as_json: bool) -> None:
    if as_json:
        document([receipt.model_dump() for receipt in receipts])
        return
    counts = ("pages", "characters", "words", "tables", "images", "chunks")
    rows = [
        (r.source, r.knowledge, r.status, *(str(getattr(r, name) or "") for name in counts), r.language, r.reason)
        for r in receipts
    ]
    table(("file", "knowledge", "status", *counts, "language", "reason"), rows)


def _proofs(receipts: list[Receipt]) -> None:
    """Show the questions that were made from each file, with the sentence that was to be found."""
    for one in (one for one in receipts if one.proofs):
        show(f"\n{one.source}")
        for proof in one.proofs:
            place = f"page {proof.page}, " if proof.page else ""
            state = f"found ({place}passage {proof.rank})" if proof.found else "NOT FOUND"
            show(f"  {proof.question}  {state}\n{_indented(proof.quote)}")


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
