"""Paths, substitutions and trust: what a spec may reach, and what it must ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gptsmith.assistants.files.trust import require_trust, trust_needs
from gptsmith.assistants.format.loader import load_text
from gptsmith.assistants.format.paths import expand, is_outside, resolve
from gptsmith.assistants.format.variables import env_names, expand_env, fill, unset, variable_names
from gptsmith.errors import NotReadyError, UsageError

SMALL = "schema: assistant/v1\nname: A\ndescription: B\ninstructions: C\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder `base` with files, a hidden one, links that stay and links that leave, and a neighbour `base2`."""
    base = tmp_path / "base"
    (base / "docs" / "deep").mkdir(parents=True)
    for name in ("a.md", "b.txt", "deep/c.md", ".hidden.md", "[draft].md"):
        (base / "docs" / name).write_text(name)
    (base / "inside.md").symlink_to("docs/a.md")
    (base / "loop").symlink_to(".")
    (tmp_path / "base2").mkdir()
    (tmp_path / "base2" / "x.md").write_text("x")
    (base / "leaves.md").symlink_to("../base2/x.md")
    (base / "away").symlink_to("../base2")
    return base


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["docs/a.md"], ["docs/a.md"]),
        (["./docs/*.md"], ["docs/[draft].md", "docs/a.md"]),
        (["docs/**/*.md"], ["docs/[draft].md", "docs/a.md", "docs/deep/c.md"]),
        (["docs"], ["docs/[draft].md", "docs/a.md", "docs/b.txt", "docs/deep/c.md"]),
        (["docs/deep/", "docs/a.md", "./docs/../docs/a.md"], ["docs/a.md", "docs/deep/c.md"]),
        (["docs/[draft].md"], ["docs/[draft].md"]),
        (["docs/[ab].*"], ["docs/a.md", "docs/b.txt"]),
        (["docs/d*"], ["docs/deep/c.md"]),
        (["inside.md"], ["docs/a.md"]),
        (["docs/.hidden.md"], ["docs/.hidden.md"]),
        (["nope", "nope/*.md", "docs/*.pdf", "nope/**"], []),
        (["**/c.md"], ["docs/deep/c.md"]),
    ],
)  # fmt: skip
def test_patterns_are_expanded_in_order(patterns: list[str], found: list[str], base: Path) -> None:
    assert [path.relative_to(base.resolve()).as_posix() for path in expand(base, patterns)] == found


@pytest.mark.parametrize(
    "path",
    ["../base2/x.md", "../base2/*.md", "..", "docs/../../base2/x.md", "/etc/hostname", "leaves.md", "away/x.md",
     "away/*.md", "docs/*/../../../base2/x.md", "~"],
)  # fmt: skip
def test_paths_that_leave_the_folder_need_trust(path: str, base: Path) -> None:
    assert is_outside(base, path)
    with pytest.raises(NotReadyError) as caught:
        expand(base, [path])
    assert caught.value.code == "trust_required"


def test_a_match_that_leaves_the_folder_needs_trust(base: Path) -> None:
    with pytest.raises(NotReadyError) as caught:
        expand(base, ["*.md"])
    assert str(caught.value).endswith(
        "leaves.md leaves the assistant's folder; move it beside the spec, or run with --trust"
    )
    assert [path.name for path in expand(base, ["*.md", "../base2/*.md"], trust=True)] == ["a.md", "x.md"]


def test_a_neighbour_with_the_same_beginning_is_outside(base: Path) -> None:
    assert resolve(base, "../base/docs") == base.resolve() / "docs"
    with pytest.raises(NotReadyError):
        resolve(base, "../base2")
    assert resolve(base, "../base2", trust=True).name == "base2"
    with pytest.raises(UsageError):
        resolve(base, "a\0b")


def test_too_many_files_are_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptsmith.assistants.format.paths.MAX_FILES", 3)
    with pytest.raises(UsageError) as caught:
        expand(base, ["docs"])
    assert str(caught.value) == "docs names more than 3 files; narrow the pattern"


@pytest.mark.parametrize(
    ("value", "expanded"),
    [
        ("${env:SET}", "here"),
        ("Bearer ${env:SET}!", "Bearer here!"),
        ("${env:UNSET:-http://x:1/}", "http://x:1/"),
        ("${env:EMPTY:-d}", "d"),
        ("${env:UNSET:-}", ""),
        ("${SET} $SET {{SET}} ${env:}", "${SET} $SET {{SET}} ${env:}"),
        (["a", "${env:SET}"], ["a", "here"]),
        ({"k": "${env:SET}", "n": 1}, {"k": "here", "n": 1}),
        ("${env:NESTED}", "${env:SET}"),
        (None, None),
    ],
)
def test_environment_values(value: Any, expanded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {"SET": "here", "EMPTY": "", "NESTED": "${env:SET}"}.items():
        monkeypatch.setenv(name, content)
    assert expand_env(value) == expanded


def test_unset_variables_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "x")
    value = {"a": "${env:NOPE_1} ${env:SET}", "b": ["${env:NOPE_2}", "${env:OK:-}"]}
    assert unset(value) == ["NOPE_1", "NOPE_2"]
    assert env_names(value) == ["NOPE_1", "SET", "NOPE_2", "OK"]
    with pytest.raises(NotReadyError) as caught:
        expand_env(value)
    assert str(caught.value) == "the environment variables NOPE_1, NOPE_2 are not set; set it, e.g. export NOPE_1=…"
    assert caught.value.code == "missing_variable"


@pytest.mark.parametrize(
    ("text", "filled", "found"),
    [
        ("Hi {{name}}!", "Hi {{city}}!", ["name"]),
        ("{{{{name}} {{name}}", "{{name}} {{city}}", ["name"]),
        ("{{Name}} {{ name }} {{1a}} {{}} {name}", "{{Name}} {{ name }} {{1a}} {{}} {name}", []),
        ("{{other}} {{name}}{{name}}", "{{other}} {{city}}{{city}}", ["other", "name"]),
        ("{{{name}}}", "{{{city}}}", ["name"]),
        ("{% if x %}{{name.attr}}", "{% if x %}{{name.attr}}", []),
    ],
)
def test_variables_are_filled_in_one_plain_pass(text: str, filled: str, found: list[str]) -> None:
    assert fill(text, {"name": "{{city}}", "city": "never"}) == filled
    assert variable_names(text) == found


def test_everything_that_needs_trust_is_listed(base: Path) -> None:
    (base / "tools.py").write_text("")
    loaded = load_text(
        SMALL
        + "avatar: ../base2/x.md\n"
        + "model: {provider: openai, name: x, base_url: 'http://me:pw@127.0.0.1:9/v1', api_key: '${env:MY_KEY}'}\n"
        + "knowledge: [{name: a, paths: ['*.md', docs]}]\n"
        + "tools:\n"
        + "  - {type: python, ref: 'tools.py:price'}\n"
        + "  - {type: mcp, name: m, command: [npx, -y, server], env: {TOKEN: '${env:TOKEN:-x}'}}\n"
        + "  - {type: mcp, name: n, url: '${env:MCP_URL:-https://mcp.example.org/mcp}'}\n"
        + "  - {type: openapi, schema: 'https://shop.example.org/openapi.yaml', server: '${env:SHOP}'}\n"
        + "  - {type: image_generation, model: ../base2}\n",
        base,
    )
    assert [(need.kind, need.name, need.path) for need in trust_needs(loaded)] == [
        ("code", "tools.py:price", "tools[0].ref"),
        ("command", "npx -y server", "tools[1].command"),
        ("path", "../base2/x.md", "avatar"),
        ("path", "*.md", "knowledge[0].paths[0]"),
        ("path", "../base2", "tools[4].model"),
        ("host", "127.0.0.1:9", "model.base_url"),
        ("host", "mcp.example.org", "tools[2].url"),
        ("host", "${env:SHOP}", "tools[3].server"),
        ("host", "shop.example.org", "tools[3].schema"),
        ("variable", "MY_KEY", "model.api_key"),
        ("variable", "TOKEN", "tools[1].env.TOKEN"),
        ("variable", "MCP_URL", "tools[2].url"),
        ("variable", "SHOP", "tools[3].server"),
    ]
    with pytest.raises(NotReadyError) as caught:
        require_trust(loaded, trust=False)
    assert caught.value.code == "trust_required"
    assert caught.value.exit_code == 4
    assert str(caught.value) == (
        "this assistant wants to run the code of tools.py:price; start npx -y server; read outside its folder:"
        " ../base2/x.md; read outside its folder: *.md; read outside its folder: ../base2;"
        " read it, then run with --trust (trust=True in Python)"
    )
    require_trust(loaded, trust=True)


def test_hosts_and_variables_alone_need_no_trust(base: Path) -> None:
    loaded = load_text(SMALL + "tools: [{type: mcp, url: 'http://127.0.0.1:1', headers: {A: '${env:B:-c}'}}]\n", base)
    assert [need.kind for need in trust_needs(loaded)] == ["host", "variable"]
    require_trust(loaded, trust=False)


def test_no_field_grants_trust(base: Path) -> None:
    loaded = load_text(SMALL.replace("instructions: C", "instructions_file: ../base2/x.md") + "x-trust: true\n", base)
    with pytest.raises(NotReadyError):
        loaded.instructions()
    assert loaded.instructions(trust=True) == "x"
