#!/usr/bin/env bash
# Takes the session's pictures into the extension, for its README and walkthrough: `pictures.sh SHOTS`. Smaller with ImageMagick.
set -euo pipefail
target=$(dirname "$0")/../../../vscode-extension/media/pictures
mkdir -p "$target"
for picture in figures hotspots change report; do
  if command -v convert >/dev/null; then
    convert "$1/picture-$picture.png" -strip +dither -colors 96 "PNG8:$target/$picture.png"
  else
    cp "$1/picture-$picture.png" "$target/$picture.png"
  fi
done
