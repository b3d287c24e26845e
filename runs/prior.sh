#!/bin/sh
# The prior of the shipped CLIP: 57,600 pictures through the frozen CLIP. Run again to resume; then pack the CLIP anew.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m training.prior --out "$OUT/prior" --clip "$OUT/clip/final" --steps 900 --batch 64 --lr 5e-4
