"""The command that runs a spec's own tests: test."""

from __future__ import annotations

from typing import Annotated

import typer

from gptsmith.ui.cli.options import AsJson, File, Model, Trust, load_trusted
from gptsmith.ui.cli.output import document, say, show, table


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(test)


def test(
    file: File,
    model: Model = None,
    allow_hosted: Annotated[
        bool, typer.Option("--allow-hosted", help="Let a fallback send away what a model on this machine had.")
    ] = False,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand in the spec, each in a fresh thread; exit code 1 when one fails."""
    from gptsmith import Assistant

    with Assistant(load_trusted(file, trust), trust=trust, model=model, allow_hosted=allow_hosted) as assistant:
        results = assistant.run_tests()
    failed = [result for result in results if not result.passed]
    if as_json:
        document([result.model_dump() for result in results])
    elif not results:
        show("This spec has no tests; add a `tests` section")
    else:
        rows = [(r.name, "ok" if r.passed else "FAILED", "; ".join(r.failures), f"{r.seconds:.1f} s") for r in results]
        table(("test", "result", "why", "time"), rows)
    if results:
        say(f"{len(results) - len(failed)} of {len(results)} tests passed")
    if failed:
        raise typer.Exit(1)
