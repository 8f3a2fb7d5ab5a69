// Fails if the bundle is larger than an extension that is loaded with every Lua file may be, or the package, without the wheels
// of the server.

import { existsSync, readdirSync, statSync } from 'node:fs';

const MOST_BYTES = 500_000;
const size = (file) => statSync(file).size;
const wheels = existsSync('wheels') ? readdirSync('wheels').map((name) => size(`wheels/${name}`)) : [];
const parts = {
  'dist/extension.js': size('dist/extension.js'),
  'perilune.vsix': size('perilune.vsix') - wheels.reduce((sum, one) => sum + one, 0),
};
for (const [file, bytes] of Object.entries(parts)) console.log(`${file}: ${bytes} of ${MOST_BYTES} bytes`);
process.exit(Object.values(parts).every((bytes) => bytes < MOST_BYTES) ? 0 : 1);
