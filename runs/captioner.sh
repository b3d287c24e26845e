#!/bin/sh
# The shipped captioner: 168,000 pictures, on the vision tower of the CLIP of clip.sh. Run again to resume.
set -e
OUT=${OUT:-runs/out}
${PYTHON:-python} -m gptsmith.models.training.captioner --out "$OUT/captioner" --clip "$OUT/clip/final" --steps 7000 --batch 24
