#!/bin/sh
# The shipped CLIP: 480,000 pictures, each with false captions beside the true one. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m training.clip --out "$OUT/clip" --steps 10000 --batch 48 --lr 1e-3
