// Takes Perilune's wheels from the repository's `dist/` into the extension, if they are there.

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';

const from = '../dist';
rmSync('wheels', { recursive: true, force: true });
const wheels = existsSync(from) ? readdirSync(from).filter((name) => /^perilune-.*\.whl$/.test(name)) : [];
if (wheels.length > 0) mkdirSync('wheels');
for (const name of wheels) copyFileSync(`${from}/${name}`, `wheels/${name}`);
console.log(wheels.length > 0 ? `with ${wheels.join(', ')}` : 'without a wheel: dist/ has none');
