"""The keys of providers: environment variables, else the keyring of the operating system; never a file of ours."""

from __future__ import annotations

import os
from typing import Any

from gptsmith.errors import NotReadyError
from gptsmith.models.chat.settings import keep_in_mind, read_settings

SERVICE = "gptsmith"


def find_key(variable: str) -> str:
    """Return the key that the environment variable holds, else the one that was stored under its name, else ``""``.

    The keyring is asked only when a key was stored, since it may open a dialog. Raises NotReadyError when it refuses.
    """
    if found := os.environ.get(variable, ""):
        return found
    if variable not in read_settings().keys:
        return ""
    keyring = _keyring()
    if keyring is None:
        raise NotReadyError(
            f"the key of {variable} is in the system's keyring, which cannot be used here",
            code="missing_variable",
            hint=f"set {variable}, or store the key again on the page Models",
        )
    try:
        return str(keyring.get_password(SERVICE, variable) or "")
    except keyring.errors.KeyringError as error:
        raise NotReadyError(
            f"the system's keyring did not give the key of {variable} ({_reason(error)})",
            code="missing_variable",
            hint=f"unlock it, or set {variable}",
        ) from error


def can_store() -> bool:
    """Say whether this system has a keyring that keeps keys safely."""
    return _keyring() is not None


def store_key(variable: str, key: str) -> None:
    """Put a key into the keyring of the system; NotReadyError when there is none or it refuses."""
    keyring = _keyring()
    if keyring is None:
        raise NotReadyError(
            "this system has no keyring",
            code="missing_package",
            hint=f"set the environment variable {variable} instead",
        )
    try:
        keyring.set_password(SERVICE, variable, key.strip())
    except keyring.errors.KeyringError as error:
        raise NotReadyError(
            f"the system's keyring did not take the key ({_reason(error)})",
            code="missing_variable",
            hint=f"unlock it, or set the environment variable {variable}",
        ) from error
    keep_in_mind(variable, True)


def forget_key(variable: str) -> None:
    """Take a key out of the keyring."""
    keyring = _keyring()
    if keyring is not None:
        try:
            keyring.delete_password(SERVICE, variable)
        except keyring.errors.PasswordDeleteError:
            pass  # it was not there
        except keyring.errors.KeyringError as error:
            raise NotReadyError(
                f"the system's keyring did not delete the key of {variable} ({_reason(error)})",
                code="missing_variable",
                hint="delete it with the system's own program for passwords",
            ) from error
    keep_in_mind(variable, False)


def _keyring() -> Any:
    """Return the library when its backend is a real keyring: those that keep plain text have a priority below 1."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    backend = keyring.get_keyring()
    return keyring if getattr(backend, "priority", 0) >= 1 else None


def _reason(error: Exception) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:160]
