#!/bin/sh
# The captioner, on the CLIP of clip.sh: 316,800 pairs with its vision tower as it is, then 168,000 with the tower
# learning too. Run again to resume.
set -e
OUT=${OUT:-runs/out}
train="${PYTHON:-python} -m training.captioner --batch 48"
$train --out "$OUT/captioner-decoder" --clip "$OUT/clip/final" --steps 6600
$train --out "$OUT/captioner" --start "$OUT/captioner-decoder/final" --steps 3500 --lr 5e-4 --tower
