"""How long gptsmith takes to import and to answer `--help`, beside `import langgraph.graph`.

    python benchmarks/imports.py [--repeat 9]

Each is a fresh interpreter with warm files; CPU seconds of user and system, so that a busy machine changes little, and
the smallest of all tries. Goals: at most .6 for `from gptsmith import Assistant`, .25 for `gptsmith --help`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

COMMANDS = {
    "import langgraph.graph": [sys.executable, "-c", "import langgraph.graph"],
    "from gptsmith import Assistant": [sys.executable, "-c", "from gptsmith import Assistant"],
    "from gptsmith import Assistant, Builder": [sys.executable, "-c", "from gptsmith import Assistant, Builder"],
    "gptsmith --help": [sys.executable, "-m", "gptsmith", "--help"],
}


def seconds(command: Sequence[str]) -> float:
    """Return the CPU seconds of one run."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return (after.children_user - before.children_user) + (after.children_system - before.children_system)


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeat", type=int, default=9)
    repeat = arguments.parse_args().repeat
    best = dict.fromkeys(COMMANDS, float("inf"))
    for _ in range(repeat):
        for name, command in COMMANDS.items():
            best[name] = min(best[name], seconds(command))
    print("| command | CPU seconds | to `import langgraph.graph` |\n|---|---|---|")
    for name, value in best.items():
        print(f"| `{name}` | {value:.2f} | {value / best['import langgraph.graph']:.2f} |")


if __name__ == "__main__":
    main()
