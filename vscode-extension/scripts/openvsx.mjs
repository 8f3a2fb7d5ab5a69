// Has Open VSX's own program publish the package to a registry of this machine that only looks at what it is sent: it must
// be taken as it is, whole, and say under which licence.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const program = path.join(path.dirname(require.resolve('ovsx/package.json')), 'lib', 'ovsx');
const { readVSIXPackage } = require('ovsx/lib/zip');
const file = 'perilune.vsix';
const { license, publisher, name, version } = await readVSIXPackage(file);
if (!license) throw new Error('the package has no licence');

let sent;
const registry = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  if (request.url.startsWith('/api/-/publish')) sent = Buffer.concat(parts);
  response.end(JSON.stringify({ namespace: publisher, name, version, targetPlatform: 'universal' }));
});
await new Promise((resolve) => registry.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${registry.address().port}`;
const args = [program, 'publish', file, '--registryUrl', address, '--pat', 'none'];
const status = await new Promise((resolve) => spawn(process.execPath, args, { stdio: 'inherit' }).on('close', resolve));
registry.close();
if (status !== 0 || !sent?.equals(readFileSync(file))) throw new Error('ovsx did not publish the package as it is');
