// Fails if the bundle is larger than an extension that is loaded with every Lua file may be.

import { statSync } from 'node:fs';

const MOST_BYTES = 500_000;
const { size } = statSync('dist/extension.js');
console.log(`dist/extension.js: ${size} of ${MOST_BYTES} bytes`);
process.exit(size < MOST_BYTES ? 0 : 1);
