#!/bin/sh
# The shipped captioner: 72,000 pictures, on the vision tower of the CLIP of clip.sh. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.captioner --out "$OUT/captioner" --clip "$OUT/clip/final" --steps 3000 --batch 24
