# make run    set up if needed and open the page        make test   set up if needed and pass the quick tests
.PHONY: help setup run test test-all check format docs wheel clean

PY := .venv/bin/python

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## build .venv (Python 3.11 or newer); the second run does nothing
	@sh scripts/setup.sh

run: setup  ## open the page in the browser
	@.venv/bin/gptsmith ui

test: setup  ## the quick tests, some minutes
	$(PY) -m pytest -n auto --maxprocesses 4

test-all: setup  ## every test, the slow ones included
	$(PY) -m pytest -n auto --maxprocesses 4 -m "slow or not slow"

check: setup  ## lint, format check and types, as the continuous checks do
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(PY) -m mypy

format: setup  ## rewrite the code in the house format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: setup  ## write the reference, the JSON Schema and the command page from the code
	$(PY) -m gptsmith.ui.docs

wheel: setup  ## dist/gptsmith-*.whl, the shipped assistants inside
	$(PY) -m build --wheel --no-isolation

clean:  ## forget .venv and every cache
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache
