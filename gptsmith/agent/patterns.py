"""A person's regular expression, searched for in a process of its own: a slow one is ended and freezes nobody.

`re` holds the interpreter's lock while it searches, so that no thread and no timer of this process could end it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from gptsmith.errors import UsageError

CPU_SECONDS = 2
_WAIT = 30.0  # seconds in all, for a machine that is busy with other things
_CHILD = f"""
import json, re, sys, warnings
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))
except (ImportError, ValueError, OSError):
    pass
warnings.simplefilter("ignore")
pattern, texts = json.loads(sys.stdin.read())
compiled = re.compile(pattern)
print(json.dumps([compiled.search(text) is not None for text in texts]))
"""


def found(pattern: str, texts: Sequence[str]) -> list[bool]:
    """Return for each text whether `pattern`, a valid regular expression, is found in it.

    Raises:
        UsageError: it takes longer than 2 seconds of computing.
    """
    command = [sys.executable, "-I", "-S", "-c", _CHILD]
    try:
        done = subprocess.run(
            command, input=json.dumps([pattern, list(texts)]), capture_output=True, text=True, timeout=_WAIT
        )
        answer: list[bool] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise UsageError(
            f"the pattern {pattern[:80]!r} takes longer than {CPU_SECONDS} seconds to look for",
            code="slow_pattern",
            hint="write it without a repetition inside a repetition",
        ) from error
    return answer
