// Comparison with a saved profile and with a git revision: hints, the view and a message say what changed.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const BEFORE = 'local total = 0\nfor i = 1, 8000 do total = total + i end\nprint(total)\n';
const AFTER = BEFORE.replace('8000', '4000');

export default async function comparison(step, { code, folder, environment }) {
  const profiled = async (name) => {
    await code.open(name);
    await code.waitForLine(/1, 4000 do/);
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/1, 4000 do.*4\.0k×/);
  };
  code.writeSettings({ 'perilune.profile.mode': 'count' });

  await step('a saved profile is the baseline: line, view, report and message say what changed', async () => {
    const file = path.join(folder, 'filed.lua');
    const saved = path.join(folder, 'before.perilune.json');
    fs.writeFileSync(file, BEFORE);
    execFileSync(path.join(environment, 'bin', 'perilune'), ['profile', '--mode', 'count', '--format', 'json', '-o', saved, 'filed.lua'], { cwd: folder, stdio: 'pipe' });
    fs.writeFileSync(file, AFTER);
    await profiled('filed.lua');
    await code.command('Perilune: Compare with a Saved Profile...');
    await code.fileName(saved);
    const message = await code.notification(/since before\.perilune\.json: .*instructions/);
    if (!/[−-]\s?50/.test(message)) throw new Error(message);
    await code.waitForLine(/1, 4000 do.*▼ 50% instr/);
    await code.command('Perilune: Focus on Hotspots View');
    await code.command('Perilune: Sort the Hotspots...');
    await code.pick('Change');
    await code.waitForText('.pane-header .description', /by change/);
    await code.waitForText('.pane-body .monaco-list-row', /filed\.lua:2.*50%/s);
    await code.shot('compared-with-profile');
    await code.page.locator('.editor-instance').first().click();
    await code.command('Perilune: Open the Report');
    const report = await code.webview();
    await report.locator('#changed-lines tr', { hasText: '-50.0%' }).first().waitFor();
    await report.locator('#changed-lines').evaluate((element) => element.scrollIntoView());
    await code.shot('report-changes');
    await code.page.locator('.editor-instance').first().click();
    await code.command('View: Close Editors in Other Groups');
    await code.command('Perilune: Sort the Hotspots...');
    await code.pick('Self time');
    await code.command('Perilune: Forget the Baseline');
  });

  await step('a git revision is the baseline: its files run in a folder of their own', async () => {
    const git = (...args) => execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], { cwd: folder, stdio: 'pipe' });
    fs.writeFileSync(path.join(folder, 'revised.lua'), BEFORE);
    git('init', '-q');
    git('add', 'revised.lua');
    git('commit', '-q', '-m', 'before');
    fs.writeFileSync(path.join(folder, 'revised.lua'), AFTER);
    await profiled('revised.lua');
    await code.command('Perilune: Compare with a Git Revision...');
    await code.answer('HEAD', 'Compare with a Git Revision');
    const message = await code.notification(/since HEAD.*instructions/);
    if (!/[−-]\s?50/.test(message)) throw new Error(message);
    await code.waitForLine(/1, 4000 do.*▼ 50% instr/);
    if (fs.readFileSync(path.join(folder, 'revised.lua'), 'utf8') !== AFTER) throw new Error('the file was changed');
    await code.shot('compared-with-revision');
    await code.command('Perilune: Compare with a Git Revision...');
    await code.answer('nowhere', 'Compare with a Git Revision');
    await code.notification(/nowhere/);
    fs.rmSync(path.join(folder, '.git'), { recursive: true });
    code.writeSettings({ 'perilune.profile.mode': 'sample' });
    await code.newWindow();
  });
}
