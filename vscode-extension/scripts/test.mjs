// Bundles the unit tests and runs them with Node's own runner.

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const output = 'dist/test';
rmSync(output, { recursive: true, force: true });
const entryPoints = readdirSync('test')
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`);
await build({ entryPoints, bundle: true, platform: 'node', format: 'cjs', target: 'node20', outdir: output });
const files = readdirSync(output).map((name) => `${output}/${name}`);
process.exit(spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1);
