#!/bin/sh
# The shipped CLIP: 312,000 pictures, each with false captions beside the true one. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.clip --out "$OUT/clip" --steps 6500 --batch 48 --lr 1e-3
