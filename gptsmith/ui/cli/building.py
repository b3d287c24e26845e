"""The conversation with the builder in the terminal: a description, a draft, then changes until it is saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gptsmith.ui.cli.lines import typed_lines
from gptsmith.ui.cli.output import diff_text, say, show, yaml_text

if TYPE_CHECKING:
    from gptsmith.agent.builder.session import BuilderSession
    from gptsmith.agent.builder.session_state import SessionMessage

HELP = (
    "Say what to change. accept, accept only 1 and 3, or no decide on what is proposed. /show the file, /undo the last"
    " change, /save it, /quit"
)


def converse(
    model: str | None, description: str | None, files: list[Path], output: Path | None, resume: str | None
) -> int:
    """Talk until the person saves or quits; return the exit code."""
    from gptsmith import Builder

    builder = Builder(model)
    session = builder.session(id=resume) if resume else builder.session()
    talk = Talk(session, files, output)
    if resume:
        for message in session.messages[-2:]:
            talk.told(message)
    if description:
        talk.send(description)
    elif not resume:
        say("What should the assistant do, and for whom?")
    say(HELP)
    return talk.run()


class Talk:
    """One conversation: `files` go with the first message."""

    def __init__(self, session: BuilderSession, files: list[Path], output: Path | None) -> None:
        self.session = session
        self.files = files
        self.output = output

    def run(self) -> int:
        """Answer line by line; 0 also when the draft stays unsaved, for nothing is lost."""
        for line in typed_lines():
            command = line.lower()
            if not line:
                continue
            if command == "/quit":
                break
            if command == "/save":
                if self.save():
                    return 0
            elif command == "/show":
                yaml_text(self.session.yaml)
            elif command == "/undo":
                self.told(self.session.undo())
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
        from gptsmith.errors import GptsmithError

        say("Building" if self.session.path is None else "Thinking")
        try:
            message = self.session.say(text, self.files)
        except GptsmithError as error:
            say(str(error))
            return
        if message.kind == "draft":
            self.files = []
            yaml_text(self.session.yaml)
        self.told(message)

    def told(self, message: SessionMessage) -> None:
        """Show one message."""
        if message.role == "person":
            show(f"> {message.text}")
            return
        show(message.whole)
        if message.kind == "proposal":
            diff_text(message.diff)
            say('Nothing is written yet: say "accept", "accept only 1", or "no".')

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
