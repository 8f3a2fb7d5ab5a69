// A machine without Perilune: one button installs it; without Python, with a wrong setting or another version it is said.

import fs from 'node:fs';
import path from 'node:path';
import { serverPids } from '../processes.mjs';
import { HOT } from '../programs.mjs';

export default async function installation(step, { code, root, environment }) {
  // A machine on which nothing is but the system's programs, and a folder without an environment.
  const folder = path.join(root, 'bare');
  const bin = path.join(root, 'bin');
  for (const made of [folder, bin]) fs.mkdirSync(made, { recursive: true });
  fs.writeFileSync(path.join(folder, 'hot.lua'), HOT);
  const begin = async (searchPath, settings) => {
    await code.stopServer();
    code.writeSettings(settings);
    // VSCODE_CLI keeps it from asking a shell for the path of a user.
    code.environment = { PATH: searchPath, VSCODE_CLI: '1' };
    code.folder = folder;
    await code.start();
    await code.newWindow();
    await code.open('hot.lua');
    await code.waitForLine(/crowded\(n - 1\)/);
  };
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));

  await step('without Python the button says what is needed', async () => {
    await begin(bin, { 'perilune.server.command': [] });
    await code.notification(/Perilune is not installed/, 'Install Perilune');
    await code.page.locator('.notification-toast', { hasText: /needs Python 3\.11 or newer/ }).locator('.monaco-button', { hasText: 'Download Python' }).waitFor();
    await code.shot('no-python');
  });

  await step('a setting that names no server says so', async () => {
    await begin(bin, { 'perilune.server.command': ['/nowhere/perilune', 'lsp'] });
    await code.page.locator('.notification-toast', { hasText: /did not start with .*nowhere.*setting/ }).locator('.monaco-button', { hasText: 'Open Settings' }).waitFor();
    await code.shot('wrong-setting');
  });

  await step('a command that ends as it starts is told of once', async () => {
    await begin(bin, { 'perilune.server.command': ['/bin/true', 'lsp'] });
    await code.page.locator('.notification-toast', { hasText: /did not start with "\/bin\/true lsp"/ }).waitFor();
    await code.page.waitForTimeout(QUIET_MS);
    const messages = await code.page.locator('.notification-toast').allInnerTexts();
    if (messages.length > 1) throw new Error(messages.join('\n'));
  });

  await step('a server of another version says which of the two to update', async () => {
    const script = path.join(root, 'other_version.py');
    fs.writeFileSync(script, 'from perilune.lsp import server as running\nrunning.server.protocol.server_info.version = "9.1.0"\nrunning.main()\n');
    await begin(bin, { 'perilune.server.command': [path.join(environment, 'bin', 'python'), script] });
    await code.notification(/is version 9\.1\.0, the extension .* Update the extension/);
  });

  await step('one button installs the server for the extension alone', async () => {
    await begin(`${bin}:/usr/bin:/bin`, { 'perilune.server.command': [] });
    await code.notification(/Perilune is not installed/, 'Install Perilune');
    await code.page.locator('.notification-toast', { hasText: /Installing Perilune/ }).first().waitFor();
    await code.until('the installation', async () => code.page.locator('.notification-toast', { hasText: 'Perilune is installed' }).count(), () => '', INSTALLATION_MS);
    await code.shot('installed');
    const own = path.join(root, 'data', 'User', 'globalStorage', 'perilune.perilune', 'environment');
    await code.until('its server', () => serverPids(own).length > 0);
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/6000000 do.*6\.0M×/);
  });
}

const INSTALLATION_MS = 240_000;
const QUIET_MS = 3000; // in which it would be started again
