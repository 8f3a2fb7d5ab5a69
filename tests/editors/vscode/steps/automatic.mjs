// What happens by itself, or at the hands of others: runs on save and on changes on disk, tasks, help in the configuration file.

import fs from 'node:fs';
import path from 'node:path';

const COUNTED = 'local total = 0\nfor i = 1, 3000 do total = total + i end\nprint(total)\n';

export default async function automatic(step, { code, folder }) {
  const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);

  await step('a program runs again when it is saved, if that is wanted', async () => {
    write('saved.lua', COUNTED);
    code.writeSettings({ 'perilune.profile.onSave': true, 'perilune.profile.mode': 'count' });
    await code.open('saved.lua');
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/1, 3000 do.*3\.0k×/);
    await code.goTo(2, 12);
    await code.page.keyboard.press('Shift+ArrowRight');
    await code.page.keyboard.type('7');
    await code.page.keyboard.press('Control+S');
    await code.waitForLine(/1, 7000 do.*7\.0k×/);
    code.writeSettings({ 'perilune.profile.onSave': false });
  });

  await step('a program runs again when something else writes its file, if that is wanted', async () => {
    write('watched.lua', COUNTED);
    code.writeSettings({ 'perilune.watch.enabled': true });
    await code.open('watched.lua');
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/1, 3000 do.*3\.0k×/);
    await code.command('Perilune: Focus on Hotspots View');
    await code.waitForText('.pane-body .message', /watched\.lua/);
    write('watched.lua', COUNTED.replace('3000', '9000'));
    await code.waitForLine(/1, 9000 do.*9\.0k×/);
    code.writeSettings({ 'perilune.watch.enabled': false });
  });

  await step('a module is profiled by the program that uses it', async () => {
    write('module.lua', '-- bench_module.lua\nlocal M = {}\nfunction M.twice(n)\n  return n * 2\nend\nreturn M\n');
    write('bench_module.lua', 'local M = require "module"\nfor i = 1, 4000 do M.twice(i) end\n');
    await code.open('module.lua');
    await code.waitForLine(/return n \* 2/);
    await code.goTo(1, 4);
    await code.page.keyboard.press('Shift+End');
    await code.command("Perilune: Profile Selection's Entry...");
    await code.waitForLine(/return n \* 2.*4\.0k×/);
  });

  await step('a task runs a program, and what its errors say are problems', async () => {
    await code.open('fails.lua');
    await code.page.locator('.codelens-decoration a', { hasText: 'Profile' }).first().waitFor();
    // Before VS Code knows what tasks there are the command does nothing.
    await code.until('the list of tasks', async () => {
      await code.command('Tasks: Run Task');
      return code.page.locator('.quick-input-widget input').first().waitFor({ timeout: 5000 }).then(() => true, () => false);
    });
    await code.pick('perilune');
    await code.pick('perilune: profile fails.lua');
    await code.page.locator('.editor-instance .squiggly-error').first().waitFor();
    await code.command('View: Focus Problems');
    await code.waitForText('.markers-panel .monaco-list-row', /attempt to index a nil value.*perilune/s);
    await code.shot('task');
    await code.page.locator('.markers-panel .monaco-list-row', { hasText: 'attempt to index' }).first().dblclick();
    await code.until('the line', async () => (await code.cursorLine()) === 2);
    await code.page.keyboard.press('Control+J');
    await code.page.locator('.part.panel').waitFor({ state: 'hidden' });
  });

  await step('the keys of .perilune.toml are completed and explained', async () => {
    write('.perilune.toml', '[profile]\nmode = "count"\n\n');
    await code.open('.perilune.toml');
    await code.waitForLine(/mode = "count"/);
    await code.page.locator('.editor-instance').first().click();
    await code.goTo(3);
    await code.page.keyboard.type('time');
    await code.page.keyboard.press('Control+Space');
    await code.page.locator('.suggest-widget .monaco-list-row', { hasText: 'timeLimit' }).first().waitFor();
    await code.page.keyboard.press('Enter');
    await code.waitForLine(/timeLimit = 60/);
    await code.page.keyboard.press('Escape');
    await code.goTo(2, 2);
    await code.command('Show or Focus Hover');
    await code.page.locator('.monaco-hover', { hasText: 'what is measured' }).first().waitFor();
    await code.shot('toml');
    await code.page.keyboard.press('Escape');
    await code.command('File: Save');
    await code.page.locator('.tab.dirty').waitFor({ state: 'hidden' });
    code.writeSettings({ 'perilune.profile.mode': 'sample' });
    await code.newWindow();
    fs.rmSync(path.join(folder, '.perilune.toml'));
  });
}
