#!/bin/sh
# The captioner: 316,800 pairs, on the vision tower of the CLIP of clip.sh. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.captioner --out "$OUT/captioner" --clip "$OUT/clip/final" --steps 6600 --batch 48
