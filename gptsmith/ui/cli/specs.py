"""The commands that look at specs and test them: validate, inspect, schema, test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gptsmith.ui.cli.options import AllowHosted, AsJson, File, Model, Trust, load_trusted, locate
from gptsmith.ui.cli.output import document, say, show, table, yaml_text

if TYPE_CHECKING:
    from gptsmith.assistants.format.loader import Loaded


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(validate)
    app.command()(inspect)
    app.command()(schema)


def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Paths or ids.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Check specs: every problem with its line.

    The exit code is 3 when there is an error; warnings alone leave it 0.
    """
    from gptsmith import Assistant

    paths = [locate(file) for file in files]
    found = [(path, Assistant.check(path)) for path in paths]
    diagnostics = [d for _, problems in found for d in problems]
    bad = sum(any(d.severity == "error" for d in problems) for _, problems in found)
    if as_json:
        document([d.model_dump() for d in diagnostics])
    else:
        for diagnostic in diagnostics:
            show(str(diagnostic) if diagnostic.severity == "error" else f"{diagnostic} (warning)")
        if not bad:
            show(f"{paths[0].name} is valid" if len(paths) == 1 else f"{len(paths)} specs are valid")
    if bad:
        say(f"{bad} of {len(paths)} not valid")
        raise typer.Exit(3)


def inspect(
    file: File,
    resolved: Annotated[bool, typer.Option("--resolved", help="The whole spec with every default filled in.")] = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Show what a spec comes to: model, files, tools, limits.

    Secrets stay `${env:NAME}`; what leaves this machine is named.
    """
    from gptsmith.agent.readiness import warnings
    from gptsmith.assistants.format.loader import load_file

    loaded = load_file(locate(file))
    for warning in [*loaded.warnings, *warnings(loaded, str(loaded.path))]:
        say(f"{warning} (warning)")
    facts = _facts(loaded, trust)
    if resolved:
        facts["spec"] = _resolved(loaded, trust)
    if as_json:
        document(facts)
    elif resolved:
        _show_resolved(facts["spec"])
    else:
        table(("what", "value"), [(name, _cell(value)) for name, value in facts.items() if value not in ([], None, "")])


def schema(as_json: AsJson = False) -> None:
    """Print the JSON Schema of assistant/v1, for editors."""
    from gptsmith.assistants.format.schema import json_schema

    document(json_schema())


def _facts(loaded: Loaded, trust: bool) -> dict[str, Any]:
    """Return what `inspect` prints: plain data, no secrets, file lists expanded."""
    from gptsmith.assistants.files.trust import trust_needs
    from gptsmith.assistants.format.paths import expand
    from gptsmith.models.chat.factory import choose_model, leaves_machine

    spec, base = loaded.spec, loaded.base_dir
    model = choose_model(spec.model, None)
    knowledge = []
    for source in spec.knowledge:
        files = [str(path) for path in expand(base, source.paths, trust=trust)] if base else source.paths
        knowledge.append({"name": source.name, "mode": source.mode, "files": files, "urls": source.urls})
    return {
        "id": spec.id,
        "path": str(loaded.path),
        "name": spec.name,
        "description": spec.description,
        "model": f"{model.provider}:{model.name}" if model.name else model.provider,
        "text_goes_to": leaves_machine(model) or "this machine only",
        "instructions_characters": len(loaded.instructions(trust=trust)),
        "variables": sorted(spec.variables),
        "knowledge": knowledge,
        "tools": [{"name": tool.name, "type": tool.type} for tool in spec.tools],
        "asks_for": [f"{need.kind} {need.name}" for need in trust_needs(loaded)],
        "guardrails": [f"{g.type}: {', '.join(g.entities)} ({g.strategy})" for g in spec.guardrails],
        "limits": spec.limits.model_dump(),
        "tests": [test.name for test in spec.tests],
    }


def _resolved(loaded: Loaded, trust: bool) -> dict[str, Any]:
    """Return the spec as data with every default, the chosen model and the instructions of their own file."""
    from gptsmith.models.chat.factory import choose_model

    spec = loaded.spec
    data = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["model"] = choose_model(spec.model, None).model_dump(mode="json", exclude_none=True)
    data["instructions"] = loaded.instructions(trust=trust)
    data.pop("instructions_file", None)
    return data


def _show_resolved(data: dict[str, Any]) -> None:
    from gptsmith.assistants.format.writer import write_new

    yaml_text(write_new(data))


def _cell(value: Any) -> str:
    """Return a fact as the text of one table cell."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list):
        return "\n".join(_line(item) for item in value)
    return str(value)


def _line(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    if "mode" in item:
        places = [*item["files"], *item["urls"]]
        return f"{item['name']} ({item['mode']}): {', '.join(places)}"
    return item["name"] if item["name"] == item["type"] else f"{item['name']} ({item['type']})"


# The command that runs a spec's own tests: test.


def register_tests(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(test)


def test(
    file: File,
    model: Model = None,
    allow_hosted: AllowHosted = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand in the spec, each in a fresh thread; exit code 1 when one fails."""
    from gptsmith import Assistant

    with Assistant(load_trusted(file, trust), trust=trust, model=model, allow_hosted=allow_hosted) as assistant:
        results = assistant.run_tests()
    away = [result for result in results if result.error == "unavailable"]
    failed = [result for result in results if not result.passed and result not in away]
    if as_json:
        document([result.model_dump() for result in results])
    elif not results:
        show("This spec has no tests; add a `tests` section")
    else:
        said = {id(r): "ok" if r.passed else "not run" if r in away else "FAILED" for r in results}
        rows = [(r.name, said[id(r)], "; ".join(r.failures), f"{r.seconds:.1f} s") for r in results]
        table(("test", "result", "why", "time"), rows)
    if results:
        more = f", {len(away)} not run" if away else ""
        say(f"{len(results) - len(failed) - len(away)} of {len(results)} tests passed{more}")
    if failed:
        raise typer.Exit(1)
