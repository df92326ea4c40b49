#!/bin/sh
# Makes NotoSansSC-subset.otf: what PNG charts draw their text with.
#
#   subset.sh NotoSansCJK-Regular.ttc
#
# Needs fonttools (`pip install fonttools==4.68.0`). Debian ships the source font in fonts-noto-cjk.
# Face 2 of the collection is Simplified Chinese. Kept: all of GB 2312 (both levels, since operation
# names and notices are free text), Latin, and the signs that charts use; no layout tables, because
# charts set text on one line. It ends by printing the advance widths that charts/measure.rs holds.
set -eu
source=$1
here=$(dirname "$0")
chars=$(mktemp)
trap 'rm -f "$chars"' EXIT
python3 - > "$chars" <<'PY'
kept = [chr(c) for c in range(0x20, 0x7F)] + [chr(c) for c in range(0xA0, 0x180)]
for high in range(0xA1, 0xF8):
    for low in range(0xA1, 0xFF):
        try:
            kept.append(bytes([high, low]).decode("gb2312"))
        except UnicodeDecodeError:
            pass
kept += list("–—‘’“”…‰←↑→↓≈≠≤≥−×÷±·•●○■□▲△▼▽◆◇▁▂▃▄▅▆▇█✓✗⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹₂µμσ∞票探")
print("".join(sorted(set(kept))), end="")
PY
pyftsubset "$source" --font-number=2 --text-file="$chars" --output-file="$here/NotoSansSC-subset.otf" \
  --layout-features='' --no-hinting --desubroutinize --notdef-outline --name-IDs='0,1,2,3,4,5,6,13,14' \
  --drop-tables+=vhea,vmtx,VORG,BASE,GPOS,GSUB
python3 - "$here/NotoSansSC-subset.otf" <<'PY'
import sys
from fontTools.ttLib import TTFont
font = TTFont(sys.argv[1])
cmap, widths, em = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
print("units per em", em)
print([widths[cmap[c]][0] for c in range(0x20, 0x7F)])
odd = {chr(c): widths[g][0] for c, g in cmap.items() if c > 0x7E and widths[g][0] != em}
print(odd)
PY
