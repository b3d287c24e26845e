"""Signing in to a service by the OAuth device flow (RFC 8628): a person starts it, the keyring keeps its tokens."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gptsmith.errors import NotReadyError, ToolError
from gptsmith.models.chat.providers import find_key, forget_key, store_key
from gptsmith.tools.service import Answer, Service, ServiceRequest

if TYPE_CHECKING:
    from gptsmith.tools.openapi import OAuth

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_EARLY = 30.0  # seconds before its end in which a token is renewed
_SECONDS = 20.0
_LONGEST_WAIT = 1800.0


@dataclass(frozen=True)
class DeviceCode:
    """What the person is shown: `user_code` is typed in at `url`; `seconds` is how long that holds."""

    user_code: str
    url: str
    seconds: float
    interval: float
    secret: str


class SignIn:
    """The tokens of one service: they are kept for the addresses in `audience` alone and sent to no other."""

    def __init__(self, oauth: OAuth, audience: Iterable[str]) -> None:
        self._oauth = oauth
        self._service = Service([oauth.device_url, oauth.token_url])
        about = [oauth.token_url, oauth.client_id, sorted(oauth.scopes), *sorted(set(audience))]
        self.name = f"oauth {hashlib.sha256(json.dumps(about).encode()).hexdigest()[:32]}"

    def begin(self) -> DeviceCode:
        """Ask for a code.

        Raises:
            ToolError: the server cannot be reached, or refuses.
        """
        data = self._post(self._oauth.device_url, {"scope": " ".join(self._oauth.scopes)})
        url = str(data.get("verification_uri_complete") or data.get("verification_uri") or "")
        if not (data.get("device_code") and data.get("user_code") and url.startswith(("https://", "http://"))):
            raise _refused("it gave no code")
        seconds = min(_number(data.get("expires_in"), 600), _LONGEST_WAIT)
        interval = max(1.0, _number(data.get("interval"), 5))
        return DeviceCode(str(data["user_code"])[:40], url[:500], seconds, interval, str(data["device_code"]))

    def wait(self, code: DeviceCode, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until the person has agreed in the browser, and keep the tokens.

        Raises:
            ToolError: they refused, or the code ran out.
            NotReadyError: there is no keyring to keep them in.
        """
        waited, interval = 0.0, code.interval
        while waited < code.seconds:
            sleep(interval)
            waited += interval
            data = self._post(self._oauth.token_url, {"grant_type": _DEVICE, "device_code": code.secret}, pending=True)
            problem = data.get("error")
            if problem == "slow_down":
                interval += 5
            elif problem is None:
                self._keep(data)
                return
        raise _refused("the code ran out before it was entered")

    def bearer(self) -> str:
        """Return a token that holds; one that has run out is renewed.

        Raises:
            ToolError: nobody has signed in, or the sign-in has ended.
        """
        try:
            kept = json.loads(find_key(self.name) or "{}")
        except (ValueError, NotReadyError):
            kept = {}
        token, ends = str(kept.get("access_token", "")), _number(kept.get("ends"), 0)
        if token and (not ends or time.time() < ends - _EARLY):
            return token
        if kept.get("refresh_token"):
            asked = {"grant_type": "refresh_token", "refresh_token": str(kept["refresh_token"])}
            return self._keep({"refresh_token": kept["refresh_token"], **self._post(self._oauth.token_url, asked)})
        raise ToolError("nobody is signed in", code="sign_in_required", hint="run gptsmith tools login")

    def forget(self) -> None:
        """Take the tokens out of the keyring."""
        forget_key(self.name)

    def _keep(self, data: dict[str, Any]) -> str:
        token = data.get("access_token")
        if not isinstance(token, str) or not token or str(data.get("token_type", "bearer")).lower() != "bearer":
            raise _refused("it gave no token")
        seconds = _number(data.get("expires_in"), 0)
        kept = {"access_token": token, "ends": time.time() + seconds if seconds else 0}
        if isinstance(data.get("refresh_token"), str):
            kept["refresh_token"] = data["refresh_token"]
        try:
            store_key(self.name, json.dumps(kept))
        except NotReadyError as error:
            hint = "unlock the keyring of this system, or write headers: {Authorization: ${env:NAME}} instead"
            raise NotReadyError(error.message, code=error.code, hint=hint) from error
        return token

    def _post(self, url: str, fields: dict[str, str], *, pending: bool = False) -> dict[str, Any]:
        """Ask the authorization server; with `pending` its wish to wait is an answer and no error."""
        body = urlencode({"client_id": self._oauth.client_id, **{k: v for k, v in fields.items() if v}}).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        data = _data(self._service.send(ServiceRequest("POST", url, headers, body), seconds=_SECONDS))
        problem = data.get("error")
        if problem is None or (pending and problem in ("authorization_pending", "slow_down")):
            return data
        words = {"access_denied": "the sign-in was refused", "expired_token": "the code ran out"}
        raise _refused(words.get(str(problem), f"the server says {str(problem)[:80]}"))


def _data(answer: Answer) -> dict[str, Any]:
    try:
        data = answer.json()
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or (answer.status >= 400 and "error" not in data):
        raise _refused(f"the server answered {answer.reason}")
    return data


def _number(value: Any, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else default


def _refused(why: str) -> ToolError:
    return ToolError(f"signing in did not work: {why}", code="sign_in_required", hint="run gptsmith tools login again")
