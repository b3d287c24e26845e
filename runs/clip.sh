#!/bin/sh
# The shipped CLIP: 720,000 pictures, each with false captions beside the true one. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.clip --out "$OUT/clip" --steps 30000 --batch 24 --lr 1e-3
