#!/bin/sh
# The prior of the shipped CLIP: 128,000 pictures through the frozen CLIP. Run again to resume; then pack the CLIP anew.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.prior --out "$OUT/prior" --clip "$OUT/clip/final" --steps 2000 --batch 64 --lr 5e-4
