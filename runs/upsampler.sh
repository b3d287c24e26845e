#!/bin/sh
# The embedded caption writer: 172,800 pairs of the grammar. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m training.upsampler --out "$OUT/upsampler" --steps 5400
