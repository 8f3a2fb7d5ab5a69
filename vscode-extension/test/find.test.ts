// Which server is found.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { commandLine, findServer, Places } from '../src/server/find';

function program(file: string, text = '#!/bin/sh\nexit 0\n'): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

function machine(): { root: string; places: Places } {
  const root = mkdtempSync(path.join(tmpdir(), 'perilune-find-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const places = { configured: [], folders: [`${root}/work`], environment: `${root}/own`, searchPath: `${root}/bin` };
  return { root, places: { ...places, platform: 'linux' } };
}

test('the setting wins, even if nothing is there', async () => {
  const { root, places } = machine();
  program(`${root}/bin/perilune`);
  const found = await findServer({ ...places, configured: ['nowhere', 'lsp'] });
  assert.deepEqual(found, { command: ['nowhere', 'lsp'], origin: 'setting' });
});

test("the workspace's environment comes before the path", async () => {
  const { root, places } = machine();
  program(`${root}/bin/perilune`);
  const own = program(`${root}/work/.venv/bin/perilune`);
  assert.deepEqual(await findServer(places), { command: [own, 'lsp'], origin: 'workspace' });
  assert.equal((await findServer({ ...places, folders: [] }))?.origin, 'path');
});

test('a Python that has the module comes behind the path, one that has not is passed over', async () => {
  const { root, places } = machine();
  const python = program(`${root}/bin/python3`);
  assert.deepEqual(await findServer(places), { command: [python, '-P', '-m', 'perilune', 'lsp'], origin: 'module' });
  program(python, '#!/bin/sh\nexit 1\n');
  assert.equal(await findServer(places), undefined);
  program(`${root}/own/bin/python`);
  assert.equal((await findServer(places))?.origin, 'environment');
});

test('a file that cannot be executed is no server', async () => {
  const { root, places } = machine();
  chmodSync(program(`${root}/bin/perilune`), 0o644);
  assert.equal(await findServer(places), undefined);
});

test('the command line is what stands before lsp', () => {
  assert.deepEqual(commandLine(['python', '-m', 'perilune', 'lsp']), ['python', '-m', 'perilune']);
  assert.deepEqual(commandLine(['/lsp/perilune', 'lsp']), ['/lsp/perilune']);
});
