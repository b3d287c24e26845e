"""Imports point one way, `import gptsmith` is light, and the public names are pinned."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gptsmith

PACKAGE = Path(gptsmith.__file__).parent
ALLOWED = {
    "assistants": set(),
    "models": {"assistants"},
    "rag": {"assistants", "models"},
    "tools": {"assistants", "models", "rag"},
    "agent": {"assistants", "models", "rag", "tools"},
    "ui": {"assistants", "models", "rag", "tools", "agent"},
}
BESIDE = {"errors", "state", "fetch"}
HEAVY = ("torch", "transformers", "diffusers", "chromadb", "streamlit")

DOTTED = re.compile(r"gptsmith(\.[a-z_]\w*)+")

PUBLIC = [
    "Assistant", "Builder", "Citation", "Diagnostic", "Event", "FetchError", "GptsmithError", "KnowledgeError",
    "NotReadyError", "Pictures", "ProviderError", "Reply", "Shelf", "SpecError", "ThreadBusyError", "ToolError",
    "UsageError",
]  # fmt: skip


def imported(file: Path) -> set[str]:
    """The gptsmith rooms and modules that a file imports, at its top, inside functions, or names in a string."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            own = node.module == "gptsmith"
            names = [f"gptsmith.{alias.name}" for alias in node.names] if own else [node.module]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value] if DOTTED.fullmatch(node.value) else []
        found |= {name.split(".")[1] for name in names if name.startswith("gptsmith.")}
    return found


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_point_one_way(room: str) -> None:
    allowed = ALLOWED[room] | BESIDE | {room} | (set(PUBLIC) | {"__version__"} if room == "ui" else set())
    wrong = {str(f.relative_to(PACKAGE)): bad for f in (PACKAGE / room).rglob("*.py") if (bad := imported(f) - allowed)}
    if room == "assistants":  # the name of the group of entry points, which is not imported
        assert wrong.pop("assistants/format/spec.py") == {"tools"}
    assert wrong == {}


def test_a_folder_holds_at_most_twenty_modules() -> None:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    sizes = {str(f.relative_to(PACKAGE)): len([m for m in f.glob("*.py") if m.name != "__init__.py"]) for f in folders}
    assert {folder: size for folder, size in sizes.items() if size > 20} == {}


def test_the_package_imports_nothing_that_is_not_in_the_wheel() -> None:
    beside = re.compile(r"^\s*(?:from|import) (?:training|tests|benchmarks)\b", re.MULTILINE)
    assert [str(f.relative_to(PACKAGE)) for f in PACKAGE.rglob("*.py") if beside.search(f.read_text("utf-8"))] == []


@pytest.mark.parametrize("module", sorted(BESIDE))
def test_what_lies_beside_the_rooms_imports_none_of_them(module: str) -> None:
    file = PACKAGE / f"{module}.py"
    if not file.is_file():
        pytest.skip(f"{module}.py is not there")
    assert imported(file) <= BESIDE


def fresh(code: str) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOADED = "import sys; print(*[m for m in {heavy!r} if m in sys.modules])"
SPEC = PACKAGE.parent / "assistants" / "specs" / "support-desk.assistant.yaml"


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import gptsmith", (*HEAVY, "langchain_core", "pydantic", "yaml")),
        ("from gptsmith import Assistant", (*HEAVY, "langchain_core", "langgraph", "httpx")),
        ("from gptsmith import Assistant, Builder", HEAVY),
        ("from gptsmith import Shelf; Shelf().models()", (*HEAVY, "langchain_core", "httpx")),
        ("from gptsmith import Pictures; Pictures()", (*HEAVY, "langchain_core", "PIL")),
        (f"from gptsmith import Assistant; Assistant.check({str(SPEC)!r})", (*HEAVY, "langchain_core", "langgraph")),
        (f"from gptsmith import Assistant; Assistant.from_file({str(SPEC)!r})", (*HEAVY, "langgraph")),
        ("import gptsmith.tools", (*HEAVY, "langchain_core")),
    ],
)
def test_importing_is_light(code: str, heavy: tuple[str, ...]) -> None:
    assert fresh(f"{code}; {LOADED.format(heavy=heavy)}") == ""


def test_the_public_names_are_pinned() -> None:
    assert gptsmith.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(gptsmith))
    with pytest.raises(AttributeError, match="module 'gptsmith' has no attribute 'Nothing'"):
        gptsmith.Nothing  # noqa: B018
