"""The command that makes a new assistant: build."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.edit import SECONDS, agreed, tell, tried
from gptsmith.ui.cli.options import AsJson, Model, Yes
from gptsmith.ui.cli.output import NOBODY, ask, diff_text, document, nobody, say, show, typed_lines, yaml_text

if TYPE_CHECKING:
    from types import FrameType

    from gptsmith.agent.builder import BuiltDraft
    from gptsmith.agent.builder.changes import Change
    from gptsmith.agent.builder.language.answers import Draft
    from gptsmith.agent.builder.session.proposing import SessionMessage
    from gptsmith.agent.builder.session.session import BuilderSession
    from gptsmith.models.chat.drafting import Drafting


# A draft in the terminal while it is written: each part as soon as it is there; Ctrl-C ends it with what is there.

_ENDING = "Ending with what is there. Ctrl-C once more gives it up."


@contextmanager
def growing() -> Iterator[Drafting]:
    """Show the draft that is written meanwhile, on stderr; the first Ctrl-C ends the writing, a second one gives up."""
    from gptsmith.models.chat.drafting import Drafting, parts_of

    said: set[tuple[str, str]] = set()

    def show(draft: Draft) -> None:
        for label, text in parts_of(draft):
            if (label, text) not in said:
                said.add((label, text))
                say(f"  {label}: {text}")

    drafting = Drafting(show)
    if threading.current_thread() is not threading.main_thread():  # only there a signal can be heard
        yield drafting
        return

    def hurry(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        if not said:
            raise KeyboardInterrupt
        say(_ENDING)
        drafting.stop()

    before = signal.signal(signal.SIGINT, hurry)
    try:
        yield drafting
    finally:
        signal.signal(signal.SIGINT, before)


# The conversation with the builder in the terminal: a description, a draft, then changes until it is saved.

HELP = (
    "Say what to change. accept, accept only 1 and 3, or no decide on what is proposed. /show the file, /try and a"
    " message to it, /tools what its tools offer, /tests of what is new, /undo the last change, /save it, /quit"
)


def converse(
    model: str | None,
    description: str | None,
    files: list[Path],
    output: Path | None,
    *,
    resume: str | None = None,
    tests: bool = True,
) -> int:
    """Talk until the person saves or quits; return the exit code. `tests`: try each change on the spec's tests."""
    from gptsmith import Builder
    from gptsmith.errors import UsageError

    builder = Builder(model)
    session = builder.session(id=resume) if resume else builder.session()
    talk = BuildingTalk(session, files, output, tests)
    if resume:
        for message in session.messages[-2:]:
            talk.told(message)
    if description:
        talk.send(description)
    elif not resume and sys.stdin.isatty():
        say("What should the assistant do, and for whom?")
    if sys.stdin.isatty():
        say(HELP)
    code = talk.run()
    if session.path is None and not sys.stdin.isatty():
        raise UsageError("there is no description", hint='say what it should be: gptsmith build "a tea adviser"')
    return code


class BuildingTalk:
    """One conversation: `files` go with the first message."""

    def __init__(self, session: BuilderSession, files: list[Path], output: Path | None, tests: bool) -> None:
        self.session = session
        self.files = files
        self.output = output
        self.tests = tests

    def run(self) -> int:
        """Answer line by line; 0 also when the draft stays unsaved, for nothing is lost."""
        for line in typed_lines():
            command = line.lower()
            if not line:
                continue
            if command == "/quit":
                break
            if command == "/save" or self._saves(line):
                if self.save():
                    return 0
            elif command == "/show":
                yaml_text(self.session.yaml)
            elif command == "/undo":
                self.told(self.session.undo())
            elif command.partition(" ")[0] == "/try":
                self.try_out(line[len("/try") :].strip())
            elif command == "/tests":
                say("Looking for tests of what is new")
                self.told(self.session.propose_tests(seconds=SECONDS))
            elif command in ("/help", "/?"):
                say(HELP)
            elif command == "/tools":
                self.list_tools()
            elif command.startswith("/"):
                say(f"{line.split()[0]} is no command. {HELP}")
            else:
                self.send(line)
        if self.session.path is not None:
            say(f"The draft is kept. Go on later with gptsmith build --resume {self.session.id}")
        return 0

    def send(self, text: str) -> None:
        """Say something and show the answer; a new draft is shown whole."""
        from gptsmith.agent.builder.session.decisions import decision
        from gptsmith.errors import GptsmithError

        pending = self.session.pending
        try:
            if pending is not None and self.tests and not self._agreed(text, pending):
                return
            if decision(text, pending, asked=self._question) is None:
                say("Building" if self.session.path is None else "Thinking")
            if self.session.path is None:
                with growing() as drafting:
                    message = self.session.say(text, self.files, drafting=drafting)
            else:
                message = self.session.say(text, self.files)
        except GptsmithError as error:
            say(str(error))
            return
        if message.kind == "draft":
            say_unreadable(self.files)
            self.files = []
            yaml_text(self.session.yaml)
        self.told(message)

    def _saves(self, text: str) -> bool:
        """Say whether a text asks in words for what /save does."""
        from gptsmith.agent.builder.session.decisions import decision

        if self.session.path is None:
            return False
        found = decision(text, self.session.pending, asked=self._question)
        return found is not None and found.kind == "save"

    @property
    def _question(self) -> str:
        said = self.session.messages
        return said[-1].question if said else ""

    def _agreed(self, text: str, pending: Change) -> bool:
        """Try the part of a change that a text accepts, when it is not the whole, before it is written."""
        from gptsmith.agent.builder.session.decisions import decision

        found = decision(text, pending, asked=self._question)
        if found is None or found.kind != "accept" or found.only is None:
            return True
        return agreed(pending, found.only)

    def told(self, message: SessionMessage) -> None:
        """Show one message; a proposal with its lines, and what the spec's tests say of it."""
        from gptsmith.agent.builder.session.proposing import list_words

        if message.role == "person":
            show(f"> {message.text}")
            return
        if message.kind != "proposal":
            show(message.whole)
            return
        show(list_words(message.words))
        diff_text(message.diff)
        if message.text:
            show(message.text)
        if self.tests and (waiting := self.session.pending) is not None:
            tell(tried(waiting))
        say('Nothing is written yet: say "accept", "accept only 1", or "no".')
        if message.question:  # last, for it is what is to be answered next
            show(message.question)

    def try_out(self, text: str) -> None:
        """Send one message to the draft as its file is, in a conversation of its own that is not kept."""
        from gptsmith.agent.assistant import Assistant
        from gptsmith.agent.runtime.spec_tests import scratch_copy
        from gptsmith.errors import GptsmithError
        from gptsmith.ui.cli.chat import PrintedTurn

        if not text or self.session.path is None:
            say("Say what to send: /try What can you do?" if not text else "There is no draft yet.")
            return
        if self.session.pending is not None:
            say("As the file is, without the change that waits:")
        try:
            with Assistant.from_file(self.session.path) as assistant, scratch_copy(assistant) as copy:
                PrintedTurn(copy).run(text, None, [])
        except GptsmithError as error:
            say(str(error))

    def list_tools(self) -> None:
        """List what the draft's tools offer, asking before anything is reached; then offer one call that only reads."""
        from gptsmith.agent.builder.reach.offers import contacted, list_offers, try_call
        from gptsmith.assistants.format.loader import load_file
        from gptsmith.errors import GptsmithError
        from gptsmith.ui.cli.tools import show_offer

        if self.session.path is None:
            say("There is no draft yet.")
            return
        loaded = load_file(self.session.path)
        names = ", ".join(need.name for need in contacted(loaded))
        try:
            if names and not ask(f"This starts or reaches {names}. Go on?", yes=False, what="nothing is listed"):
                return
            found = list_offers(loaded, trust=bool(names))
            for offer in found:
                show_offer(offer)
            call = next((name for offer in found for name in offer.harmless), "")
            if call and ask(f"Try {call}, which only reads?", yes=False, what="nothing is called"):
                show(try_call(loaded, call, {}, trust=bool(names)))
        except GptsmithError as error:
            say(str(error))

    def save(self) -> bool:
        """Save the draft and say where; False when that cannot be."""
        from gptsmith.errors import GptsmithError

        if self.session.pending is not None:
            say('A change still waits: say "accept" or "no" first.')
            return False
        try:
            path = self.session.save(self.output)
        except GptsmithError as error:
            say(str(error))
            return False
        wrote(path, self.output)
        return True


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(build)


def build(
    description: Annotated[str | None, typer.Argument(help="What the assistant should be.", show_default=False)] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here, not into the library.")
    ] = None,
    knowledge: Annotated[
        list[Path] | None,
        typer.Option("--knowledge", metavar="PATH", help="A file or folder to answer from; may be repeated."),
    ] = None,
    model: Model = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="ID", help="Go on with a conversation.", show_default=False)
    ] = None,
    tests: Annotated[
        bool, typer.Option("--tests/--no-tests", help="Try each change on the spec's tests, in a conversation.")
    ] = True,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an assistant by talking in the terminal or through a pipe; with --yes or --json at once."""
    from gptsmith.errors import UsageError

    if output is not None and output.exists():
        raise UsageError(f"{output} is already there", hint="name another file with -o; nothing is overwritten")
    attached = [path.expanduser() for path in knowledge or []]
    at_once = yes or as_json
    if description is None and resume is None and not sys.stdin.isatty() and at_once:
        description = sys.stdin.read().strip() or None
    if resume is not None or (not at_once and (sys.stdin.isatty() or description is None)):
        code = converse(model, description, attached, output, resume=resume, tests=tests)
        if code:
            raise typer.Exit(code)
        return
    if description is None:
        raise UsageError("there is no description", hint='say what it should be: gptsmith build "a tea adviser"')
    _at_once(description, attached, output, model, yes, as_json)


def _at_once(
    description: str, attached: list[Path], output: Path | None, model: str | None, yes: bool, as_json: bool
) -> None:
    """Build without a conversation: show the whole file, and write it when that was agreed to beforehand."""
    from gptsmith import Builder
    from gptsmith.errors import UsageError

    say("Building")
    with growing() as drafting:
        draft = Builder(model).build(description, attached, drafting=drafting)
    say_unreadable(attached)
    if not as_json:
        yaml_text(_text(draft, output))
        _remarks(draft, attached)
    try:
        path = _save(draft, output, yes)
    except UsageError as error:
        if error.code != NOBODY:
            raise
        if as_json:
            # The document is what was asked for; that nothing was written stands on stderr and in the exit code.
            document(_document(draft, output, None))
        say(f"gptsmith: {error}")
        _keep(draft, model)
        raise typer.Exit(error.exit_code) from None
    if as_json:
        document(_document(draft, output, path))
    else:
        wrote(path, output)


def _keep(draft: BuiltDraft, model: str | None) -> None:
    """Keep a draft that nobody was there to agree to: what a model took its time for is not lost."""
    from gptsmith import Builder
    from gptsmith.assistants.files.drafts import Drafts

    kept = Builder(model).session(Drafts().make(draft.id, draft.write))
    say(f"The draft is kept. Go on with it in a terminal: gptsmith build --resume {kept.id}")


def say_unreadable(attached: list[Path]) -> None:
    """Name the files among those given that the assistant will not be able to read."""
    from gptsmith.agent.builder.attachments import files_in
    from gptsmith.rag.ingest import unreadable

    for file, why in unreadable(file for path in attached for file in files_in(path)):
        say(f"{file} cannot be read: {why}. The assistant will not know what it says.")


def wrote(path: Path, output: Path | None) -> None:
    """Say where an assistant was written, and how to go on."""
    show(f"Wrote {path}")
    say(f"Chat with it: gptsmith chat {path if output else id_of(path)}")


def id_of(path: Path) -> str:
    """Return the id that a spec file has by its name."""
    from gptsmith.assistants.format.loader import slug

    return slug(path.name)


def _save(draft: BuiltDraft, output: Path | None, yes: bool) -> Path:
    """Write what was agreed to beforehand. UsageError (NOBODY) when it was not: there is nobody to ask."""
    if not yes:
        raise nobody("nothing is written")
    return draft.write(output)


def _remarks(draft: BuiltDraft, attached: list[Path]) -> None:
    """Say what else there is to know: copied files, warnings, what is missing."""
    for path in attached:
        say(f"+ {path} is copied beside it")
    for diagnostic in draft.diagnostics:
        say(f"{diagnostic} (warning)")
    for missing in draft.missing:
        say(f"Missing ({missing.kind}): {missing.what}. {missing.how}")


def _text(draft: BuiltDraft, output: Path | None) -> str:
    """Return the YAML as it will be written: a file of another name gives the assistant another id."""
    return draft.render(id_of(output)) if output else draft.yaml


def _document(draft: BuiltDraft, output: Path | None, path: Path | None) -> dict[str, Any]:
    """Return what `build --json` prints; `path` is null when nothing was written."""
    file = path or output
    return {
        "id": id_of(file) if file else draft.id,
        "path": str(path) if path else None,
        "yaml": path.read_text("utf-8") if path else _text(draft, output),
        "missing": [missing.model_dump() for missing in draft.missing],
    }
