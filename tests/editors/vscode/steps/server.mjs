// The server: killed, started again, given up; endless programs; folders that are not trusted.

import fs from 'node:fs';
import path from 'node:path';
import { processesIn, serverPids } from '../processes.mjs';

export default async function server(step, { code, folder, environment }) {
  const anyFigure = /crowded\(n - 1\).*\d[\d.]*[kM]?×/;
  const servers = () => serverPids(path.join(folder, '.venv'));
  const kill = (pids) => pids.forEach((pid) => process.kill(pid, 'SIGKILL'));
  const another = (before) => code.until('another server', () => servers().some((pid) => !before.includes(pid)));

  await code.open('hot.lua');
  await code.waitForLine(/crowded\(n - 1\)/);
  await code.command('Perilune: Profile This File');
  await code.waitForLine(anyFigure);

  await step('an endless program is stopped', async () => {
    const runs = () => processesIn(folder).filter((args) => /\bprofile\b.*endless\.lua/.test(args));
    await code.open('endless.lua');
    await code.waitForLine(/while true/);
    await code.command('Perilune: Profile This File');
    const stop = code.page.locator('.statusbar-item', { hasText: 'Stop' }).first();
    await stop.waitFor();
    await code.until('its loop', () => fs.existsSync(path.join(folder, 'running')) && runs().length > 0);
    await stop.click();
    await stop.waitFor({ state: 'hidden' });
    await code.until('no such process', () => runs().length === 0);
    // What ran until then is shown.
    await code.waitForLine(/while true do.*[\d.]+[kM]?×/);
  });

  await step('a killed server starts again and says so, figures are there', async () => {
    await code.open('hot.lua');
    await code.waitForLine(anyFigure);
    const before = servers();
    kill(before);
    await code.notification(/was started again/);
    await another(before);
    await code.waitForLine(anyFigure);
    await code.command('Perilune: Profile Again with the Same Arguments');
    await code.waitForText('.statusbar-item', /instructions in/);
    await code.waitForLine(anyFigure);
  });

  await step('the server is restarted by a command', async () => {
    const before = servers();
    await code.command('Perilune: Restart the Server');
    await another(before);
    await code.until('the old one has gone', () => !servers().some((pid) => before.includes(pid)));
    await code.waitForLine(anyFigure);
  });

  await step('a server that ends again and again is given up, and starts when it is asked to', async () => {
    for (let times = 0; times < 8; times += 1) {
      const pids = await code.until('a server', async () => {
        if (await code.page.locator('.notification-toast', { hasText: 'stops again and again' }).count()) return ['given up'];
        return servers().length > 0 && servers();
      });
      if (pids[0] === 'given up') break;
      kill(pids);
      await code.until('its end', () => !servers().some((pid) => pids.includes(pid)));
    }
    await code.notification(/stops again and again/, 'Start It Again');
    await code.until('a server', () => servers().length > 0);
    await code.waitForLine(anyFigure);
  });

  await code.stopServer();
  await step('in a folder that is not trusted nothing runs unasked', async () => {
    const marker = path.join(folder, 'ran');
    fs.writeFileSync(path.join(folder, 'marks.lua'), `local n = 0\nfor i = 1, 3000000 do n = n + i end\nio.open(${JSON.stringify(marker)}, "w"):close()\n`);
    // The folder's own environment is not used there, and its settings do not say what runs.
    fs.mkdirSync(path.join(folder, '.vscode'));
    fs.writeFileSync(path.join(folder, '.vscode', 'settings.json'), JSON.stringify({ 'perilune.server.command': ['/bin/touch', `${marker}-by-setting`], 'perilune.profile.onSave': true }));
    code.writeSettings({ 'security.workspace.trust.enabled': true, 'perilune.server.command': [path.join(environment, 'bin', 'perilune'), 'lsp'] });
    await code.start({ trusted: false });
    await code.open('marks.lua');
    await code.waitForLine(/io\.open/);
    await code.page.locator('.codelens-decoration a', { hasText: 'Profile' }).first().waitFor();
    await code.page.locator('.editor-instance').first().click();
    await code.page.keyboard.type(' ');
    await code.page.keyboard.press('Control+S');
    await code.command('Perilune: Profile This File');
    await code.waitForText('.notification-toast', /not trusted.*sandbox/s);
    await code.shot('untrusted');
    await code.notification(/not trusted/, 'Cancel');
    for (const name of [marker, `${marker}-by-setting`]) if (fs.existsSync(name)) throw new Error(`${name}: something ran`);
    if ((await code.lines()).some((line) => /×/.test(line))) throw new Error('there are figures');
  });

  await step('there a program runs in a sandbox once that is allowed', async () => {
    await code.command('Perilune: Profile This File');
    const toast = await code.until('the question', async () => code.page.locator('.notification-toast', { hasText: 'not trusted' }).first());
    await toast.locator('.monaco-button', { hasText: 'Sandbox' }).first().click();
    await code.waitForLine(/for i = 1, 3000000.*3\.0M×/);
    if (fs.existsSync(path.join(folder, 'ran'))) throw new Error('the sandbox let it write');
    await code.stopServer();
    fs.rmSync(path.join(folder, '.vscode'), { recursive: true });
    code.writeSettings({ 'security.workspace.trust.enabled': false, 'perilune.server.command': [] });
    await code.start();
    await code.newWindow();
  });
}
