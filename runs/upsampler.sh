#!/bin/sh
# The embedded caption writer: 160,000 pairs of the grammar. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.upsampler --out "$OUT/upsampler" --steps 5000
