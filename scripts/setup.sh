#!/bin/sh
# Build .venv with every package that gptsmith needs: sh scripts/setup.sh
# Does nothing, and needs no network, when pyproject.toml and constraints.txt are those of the last run.
# PYTHON names the interpreter (3.11 or newer) when the search below should not decide.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.ready
# The folder belongs to the fingerprint: the scripts of a moved .venv point to the old place.
fingerprint="$(pwd) $(cat pyproject.toml constraints.txt | cksum)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ] && [ -x .venv/bin/gptsmith ]; then
    exit 0
fi

right() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

found=
for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    if right "$candidate"; then
        found=$candidate
        break
    fi
done
if [ -z "$found" ]; then
    echo "gptsmith needs Python 3.11 or newer, found none; install it, or name it: make setup PYTHON=/path/to/python3" >&2
    exit 4
fi

if ! right .venv/bin/python || ! grep -qsF "$(pwd)/.venv" .venv/pyvenv.cfg; then
    echo "Making .venv with $("$found" --version)" >&2
    if ! "$found" -m venv --clear .venv; then
        echo "This Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 4
    fi
fi

echo "Installing the packages (about 2 GB on disk; minutes the first time, none later)" >&2
# One resolver run with every version pinned: left free, pip wanders through years of old releases of chromadb's tree.
.venv/bin/python -m pip install -qq -c constraints.txt torch==2.13.0 -e '.[dev]'
.venv/bin/python -m compileall -q gptsmith || true
printf '%s' "$fingerprint" >"$stamp"
echo "Ready: .venv/bin/gptsmith" >&2
