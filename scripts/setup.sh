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

# Linux without an NVIDIA GPU: PyPI's torch would bring the CUDA libraries along, several GB for nothing.
cpu_index=https://download.pytorch.org/whl/cpu
if [ "$(uname -s)" = Linux ] && ! nvidia-smi -L >/dev/null 2>&1; then
    gpu=no
    echo "No NVIDIA GPU here: torch's CPU build is looked for first" >&2
else
    gpu=maybe
fi
cat >&2 <<EOF
Now the packages are fetched: about 0.7 GB, 2.6 GB on disk; torch with CUDA is several GB more. Minutes once, none later.
The page then fetches the language model that assistants write with, beside everything else: Qwen2.5 Coder 1.5B, 1.1 GB,
licence Apache-2.0 (on a small computer its sister of 0.5 GB). Say no on the page, or beforehand: GPTSMITH_FETCH=off make run
EOF

has_torch() { .venv/bin/python -c 'from importlib.metadata import version as v; exit(v("torch").partition("+")[0] != "2.13.0")' 2>/dev/null; }

# Say whether the CPU index answers; a name that does not resolve can hang longer than any timeout, so it is left behind.
reachable() {
    .venv/bin/python - "$cpu_index/torch/" 2>/dev/null <<'EOF'
import os, sys, threading, urllib.request
found = []
def look():
    found.append(urllib.request.urlopen(sys.argv[1], timeout=5).status == 200)
thread = threading.Thread(target=look, daemon=True)
thread.start()
thread.join(8)
os._exit(0 if found == [True] else 1)
EOF
}

pip() { .venv/bin/python -m pip install -qq -c constraints.txt "$@"; }

# Somebody who has named an index of their own, or none, is asked for nothing else.
if [ "$gpu" = no ] && [ -z "${PIP_INDEX_URL:-}${PIP_EXTRA_INDEX_URL:-}${PIP_NO_INDEX:-}" ] && ! has_torch; then
    if ! { reachable && pip --no-deps --timeout 15 --retries 1 --index-url "$cpu_index" torch==2.13.0; }; then
        echo "The index of CPU builds, $cpu_index, does not give it; torch comes from where pip is set up to look" >&2
    fi
fi

# One resolver run with every version pinned: left free, pip wanders through years of old releases of chromadb's tree.
if ! pip torch==2.13.0 -e '.[dev]'; then
    echo "Not everything could be installed. The lines above say what; with a network, the next run goes on from here" >&2
    exit 4
fi
.venv/bin/python -m compileall -q gptsmith || true
printf '%s' "$fingerprint" >"$stamp"
echo "Ready: .venv/bin/gptsmith" >&2
