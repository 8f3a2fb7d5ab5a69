// Lua that others ran or measured: profiles of other profilers, programs that are recorded.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const MEASURED = 'local total = 0\nfor i = 1, 4000000 do\n  total = total + i % 7\nend\nprint(total)\n';
const FORMATS = [
  ['cpuprofile', 'measured.cpuprofile'],
  ['speedscope', 'measured.speedscope.json'],
  ['pprof', 'measured.pb.gz'],
  ['callgrind', 'callgrind.out.measured'],
  ['lcov', 'measured.lcov'],
];
const FIGURE = /total = total \+ i.*(\d%|\d×)/;

export default async function others(step, { code, folder, environment }) {
  const perilune = (...args) => execFileSync(path.join(environment, 'bin', 'perilune'), args, { cwd: folder, stdio: 'pipe' });
  const showsSource = async (name, pattern) => {
    await code.openInWindow(name);
    await code.waitForLine(pattern);
  };

  await step('profiles of other profilers open as a report, and their figures show in the source', async () => {
    fs.writeFileSync(path.join(folder, 'measured.lua'), MEASURED);
    perilune('profile', '--format', 'json', '-o', 'measured.json', 'measured.lua');
    await code.open('measured.lua');
    await code.waitForLine(/total = total/);
    for (const [format, name] of FORMATS) {
      perilune('export', 'measured.json', '--format', format, '-o', name);
      await code.openInWindow(name);
      if (format !== 'pprof') {
        // Texts, and names that others own, open as what they are.
        await code.command('View: Reopen Editor With...');
        await code.pick('Perilune Report');
      }
      const report = await code.webview();
      await report.locator('h1', { hasText: 'measured' }).first().waitFor();
      await report.locator('#lines tr', { hasText: 'total = total + i' }).first().waitFor();
      await code.shot(`foreign-${format}`);
      await showsSource('measured.lua', FIGURE);
      await code.command('View: Close Other Editors in Group');
      await code.command('Perilune: Clear the Figures');
      await code.until('no figures', async () => !(await code.lines()).some((line) => FIGURE.test(line)));
    }
  });

  await step('a program that runs Lua is recorded: the command is asked for, or .perilune.toml names it', async () => {
    fs.writeFileSync(path.join(folder, 'recorded.lua'), MEASURED.replace('4000000', '40000000'));
    await code.open('recorded.lua');
    await code.waitForLine(/total = total/);
    await code.command('Perilune: Record the Program That Runs This Lua');
    await code.answer('lua5.4 recorded.lua', 'Record the Program');
    await code.page.locator('.statusbar-item', { hasText: 'Stop' }).first().waitFor();
    await code.waitForLine(/total = total \+ i.*\d%/);
    await code.shot('recorded');
    await code.command('Perilune: Clear the Figures');
    await code.until('no figures', async () => !(await code.lines()).some((line) => FIGURE.test(line)));
    fs.writeFileSync(path.join(folder, '.perilune.toml'), '[record]\ncommand = ["lua5.4", "recorded.lua"]\n');
    await code.command('Perilune: Record the Program That Runs This Lua');
    await code.waitForLine(/total = total \+ i.*\d%/);
    fs.rmSync(path.join(folder, '.perilune.toml'));
    await code.newWindow();
  });
}
