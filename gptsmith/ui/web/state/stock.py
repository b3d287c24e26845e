"""What the page Models shows and does: the models of this machine, their fetches, and what else can be connected."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gptsmith.assistants.format.spec import ModelSpec
from gptsmith.errors import GptsmithError, UsageError
from gptsmith.models.chat import arrival
from gptsmith.models.chat.arrival import Arrival
from gptsmith.models.chat.providers import FetchWish, Ollama, choose_for_all, find_ollama, read_settings
from gptsmith.models.shelf import Shelf, ShelfModel, Status, size_words
from gptsmith.models.shelf.fetching import Running, fetches
from gptsmith.models.shelf.shelf import fits, this_machine

OPENAI = "OPENAI_API_KEY"
KINDS = {
    "chat": "For chat and building",
    "vision": "For looking at photos",
    "pictures": "For drawing",
}

_LOOK_SECONDS = 10.0
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Row:
    """One model as the page shows it."""

    status: Status
    running: Running
    default: bool
    fits: bool

    @property
    def model(self) -> ShelfModel:
        """The entry of the catalogue."""
        return self.status.model

    @property
    def facts(self) -> str:
        """Size and what the machine needs."""
        memory = f"{round(self.model.memory / 1024, 1):g} GB of memory"
        return f"{size_words(self.model.size)} to fetch · for a computer with {memory}"


@dataclass(frozen=True)
class InUse:
    """The model that answers where a file names none: why it is that one, and where text goes."""

    name: str
    why: str
    leaves: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Tested:
    """What a model said to the test, or why it said nothing."""

    ok: bool
    text: str


class Stock:
    """The models of this machine and the connections, for one process."""

    def __init__(self) -> None:
        self._looked = 0.0
        self._ollama: Ollama | None = None
        self._guard = threading.Lock()

    def rows(self) -> list[Row]:
        """Return every model of the catalogue."""
        shelf, running, machine = Shelf(), fetches(), this_machine()
        best = shelf.best_name(machine)
        return [
            Row(status, running.of(status.model.name), status.model.name == best, fits(status.model, machine))
            for status in shelf.models()
        ]

    def default_missing(self) -> str:
        """Return the title of the default model while it is not on this machine, else ``""``."""
        shelf = Shelf()
        status = shelf.status(shelf.default_name())
        return "" if status.state == "here" else status.model.title

    def better_default(self) -> tuple[str, str]:
        """Return the titles of the model that `embedded` writes with and of the one that would be better here.

        Both are empty where it has none, or the best.
        """
        shelf = Shelf()
        used, best = shelf.status(shelf.default_name()), shelf.entry(shelf.best_name())
        if used.state != "here" or used.model.name == best.name:
            return "", ""
        return used.model.title, best.title

    @property
    def root(self) -> str:
        """The folder of the models."""
        return str(Shelf().root)

    @property
    def busy(self) -> bool:
        """Something is being fetched by this process."""
        return fetches().busy

    def get(self, name: str) -> None:
        """Begin to fetch a model, or go on."""
        arrival.wish(name, "yes")

    def pause(self, name: str) -> None:
        """Stop fetching a model; what came is kept."""
        arrival.wish(name, "later")

    def arrival(self) -> Arrival:
        """Tell how far the default language model is, which comes by itself."""
        return arrival.look()

    def wish(self, name: str, wish: FetchWish) -> None:
        """Fetch, pause or give up a model; for the default one that is kept."""
        arrival.wish(name, wish)

    def remove(self, name: str) -> str:
        """Delete a model; return what to say about it."""
        if self.chosen(ModelSpec(provider="local", name=name)):
            choose_for_all(None)
        freed = Shelf().remove(name)
        arrival.wish(name, "no")
        return f"{name} is removed: {size_words(freed)} are free again."

    def in_use(self) -> InUse:
        """Tell which model answers where a file names none."""
        from gptsmith.models.chat.factory import choose_model, leaves_machine
        from gptsmith.models.chat.providers import label

        try:
            chosen = choose_model(None)
            return InUse(label(chosen), _why(chosen), leaves_machine(chosen) or "")
        except GptsmithError as error:
            return InUse("none", "", problem=str(error))

    def chosen(self, spec: ModelSpec) -> bool:
        """Say whether the person chose this model for all."""
        try:
            model = read_settings().model
        except GptsmithError:
            return False
        return model is not None and (model.provider, model.name, model.base_url) == (
            spec.provider,
            spec.name,
            spec.base_url,
        )

    def use(self, spec: ModelSpec | None) -> None:
        """Make a model the default of all assistants that name none; None goes back to what comes with gptsmith."""
        choose_for_all(spec)

    def ollama(self) -> Ollama | None:
        """Return this machine's Ollama, looked for every few seconds at most."""
        with self._guard:
            if not self._looked or time.monotonic() - self._looked > _LOOK_SECONDS:
                self._ollama, self._looked = find_ollama(), time.monotonic()
            return self._ollama

    def key_from(self) -> str:
        """Say where OpenAI's key comes from: `environment`, `keyring` or ``""``."""
        if os.environ.get(OPENAI):
            return "environment"
        try:
            return "keyring" if OPENAI in read_settings().keys else ""
        except GptsmithError:
            return ""

    def can_store(self) -> bool:
        """Say whether the system has a keyring."""
        from gptsmith.models.chat.providers import can_store

        return can_store()

    def store_key(self, key: str) -> None:
        """Put OpenAI's key into the keyring of the system."""
        from gptsmith.models.chat.providers import store_key

        key = key.strip()
        if not (key.isascii() and key.isprintable() and " " not in key and len(key) >= 8):
            raise UsageError("this is no key", hint="copy it again, without anything around it")
        store_key(OPENAI, key)

    def forget_key(self) -> None:
        """Take OpenAI's key out of the keyring."""
        from gptsmith.models.chat.providers import forget_key

        forget_key(OPENAI)

    def server(self, url: str, model: str, variable: str) -> ModelSpec:
        """Return the model behind an OpenAI-compatible address; UsageError for what is none."""
        url, model, variable = url.strip().rstrip("/"), model.strip(), variable.strip()
        if not re.match(r"https?://[^/\s]+", url):
            raise UsageError("the address is no URL", hint="write it as http://127.0.0.1:8080/v1 or https://…")
        if not model:
            raise UsageError("the model has no name", hint="write the name that the server knows it by")
        if variable and not _VARIABLE.fullmatch(variable):
            raise UsageError(
                "the key's place is the name of an environment variable",
                hint="write for example MY_SERVER_KEY, never the key itself",
            )
        key = f"${{env:{variable}}}" if variable else None
        return ModelSpec(provider="openai", name=model, base_url=url, api_key=key)

    def test(self, spec: ModelSpec) -> Tested:
        """Ask a model for one word, which tells whether address, key and name are right."""
        from gptsmith.models.chat.factory import make_chat_model
        from gptsmith.models.chat.limits import Deadlines

        try:
            model = make_chat_model(spec, deadlines=Deadlines(first_token=30, between_tokens=20, total=60, retries=0))
            said = str(model.invoke("Answer with one word: ready").text)
        except GptsmithError as error:
            return Tested(False, str(error))
        return Tested(True, " ".join(said.split())[:200] or "(an empty answer)")


def first(rows: Sequence[Row], kind: str) -> list[Row]:
    """Return the rows of a kind, the default before the others."""
    return sorted((row for row in rows if row.model.kind == kind), key=lambda row: not row.default)


def _why(chosen: ModelSpec) -> str:
    if os.environ.get("GPTSMITH_MODEL"):
        return "the environment variable GPTSMITH_MODEL names it"
    if read_settings().model is not None:
        return "you chose it for all assistants"
    if chosen.provider == "openai":
        return f"the environment variable {OPENAI} is set"
    return "nothing else is chosen"
