#!/usr/bin/env bash
# Installs code-server and a browser driver into a folder, once: `install.sh FOLDER`. What is there already stays.
set -euo pipefail
VERSION=4.100.3
DRIVER=1.65.1
folder=$1
npm_quietly() { npm "$@" --ignore-scripts --no-audit --no-fund --loglevel=error; }

[ -e "$folder/installed-$VERSION-$DRIVER-2" ] && exit 0
mkdir -p "$folder"
cd "$folder"
npm_quietly install "code-server@$VERSION" "playwright-core@$DRIVER"
npm_config_nodedir=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
export npm_config_nodedir
npm rebuild argon2 --build-from-source --loglevel=error
cd node_modules/code-server/lib/vscode
npm_quietly install --omit=dev
# The terminal, which tasks run in. What its package runs after it is built fails, and is not needed.
npm rebuild node-pty --build-from-source --loglevel=silent || [ -e node_modules/node-pty/build/Release/pty.node ]
ln -sfn node_modules node_modules.asar
ln -sfn code-linux.sh bin/remote-cli/code-server
ln -sfn browser-linux.sh bin/helpers/browser.sh
(cd extensions && npm_quietly install --omit=dev)
touch "$folder/installed-$VERSION-$DRIVER-2"
