"""The conversation with the builder in the terminal: a description, a draft, then changes until it is saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.ui.cli.growing import growing
from gptsmith.ui.cli.lines import typed_lines
from gptsmith.ui.cli.output import diff_text, say, show, yaml_text
from gptsmith.ui.cli.trying import SECONDS, agreed, tell, tried

if TYPE_CHECKING:
    from gptsmith.agent.builder.edits import Change
    from gptsmith.agent.builder.session import BuilderSession
    from gptsmith.agent.builder.session_state import SessionMessage

HELP = (
    "Say what to change. accept, accept only 1 and 3, or no decide on what is proposed. /show the file, /try and a"
    " message to it, /tests of what is new, /undo the last change, /save it, /quit"
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
    talk = Talk(session, files, output, tests)
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


class Talk:
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
            elif command.startswith("/"):
                say(f"{line.split()[0]} is no command. {HELP}")
            else:
                self.send(line)
        if self.session.path is not None:
            say(f"The draft is kept. Go on later with gptsmith build --resume {self.session.id}")
        return 0

    def send(self, text: str) -> None:
        """Say something and show the answer; a new draft is shown whole."""
        from gptsmith.agent.builder.decisions import decision
        from gptsmith.errors import GptsmithError
        from gptsmith.ui.cli.build import say_unreadable

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
        from gptsmith.agent.builder.decisions import decision

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
        from gptsmith.agent.builder.decisions import decision

        found = decision(text, pending, asked=self._question)
        if found is None or found.kind != "accept" or found.only is None:
            return True
        return agreed(pending, found.only)

    def told(self, message: SessionMessage) -> None:
        """Show one message; a proposal with its lines, and what the spec's tests say of it."""
        from gptsmith.agent.builder.session_words import listed

        if message.role == "person":
            show(f"> {message.text}")
            return
        if message.kind != "proposal":
            show(message.whole)
            return
        show(listed(message.words))
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
        from gptsmith.agent.runtime.scratch import scratch_copy
        from gptsmith.errors import GptsmithError
        from gptsmith.ui.cli.chat import Turn

        if not text or self.session.path is None:
            say("Say what to send: /try What can you do?" if not text else "There is no draft yet.")
            return
        if self.session.pending is not None:
            say("As the file is, without the change that waits:")
        try:
            with Assistant.from_file(self.session.path) as assistant, scratch_copy(assistant) as copy:
                Turn(copy).run(text, None, [])
        except GptsmithError as error:
            say(str(error))

    def save(self) -> bool:
        """Save the draft and say where; False when that cannot be."""
        from gptsmith.errors import GptsmithError
        from gptsmith.ui.cli.build import wrote

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
