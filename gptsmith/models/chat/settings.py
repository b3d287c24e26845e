"""What the person chose for all assistants: the chat model, its fetching, and which keys are in the system's keyring.

`settings.json` in the state folder. It never holds a key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from gptsmith.assistants.spec import ModelSpec
from gptsmith.errors import NotReadyError
from gptsmith.state import atomic_write, home, home_path, lock

FetchWish = Literal["yes", "later", "no"]


class Settings(BaseModel):
    """`model` is the default model, `keys` the variables whose keys the keyring holds; what is not known is kept.

    `fetch` tells whether the language model that comes by itself is wanted: `later` when its fetch was paused.
    """

    model_config = ConfigDict(extra="allow")

    model: ModelSpec | None = None
    keys: list[str] = []
    fetch: FetchWish = "yes"


def read_settings() -> Settings:
    """Read the settings; without a file nothing is chosen.

    Raises NotReadyError `bad_state`: a damaged choice is not passed over, since another model may send text elsewhere.
    """
    path = _path()
    try:
        return Settings.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except (OSError, ValidationError) as error:
        raise NotReadyError(
            f"{path} cannot be read, and with it the model that you chose",
            code="bad_state",
            hint="delete the file and choose again",
        ) from error


def choose_for_all(model: ModelSpec | None) -> None:
    """Make `model` the default of all assistants that name none; None takes the choice back, a damaged one, too."""
    _change(model=model)


def wish_to_fetch(wish: FetchWish) -> None:
    """Keep whether the language model that comes by itself is wanted."""
    if read_settings().fetch != wish:
        _change(fetch=wish)


def keep_in_mind(variable: str, stored: bool) -> None:
    """Write down whether the keyring holds the key of a variable."""
    keys = [key for key in read_settings().keys if key != variable]
    _change(keys=[*keys, variable] if stored else keys)


def _change(**fields: object) -> None:
    home()
    with lock(_path()):
        try:
            before = read_settings()
        except NotReadyError:  # a new choice is the way out of a damaged one
            before = Settings()
        changed = before.model_copy(update=fields)
        atomic_write(_path(), changed.model_dump_json(exclude_defaults=True, indent=1) + "\n")


def _path() -> Path:
    return home_path() / "settings.json"
