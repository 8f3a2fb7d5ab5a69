// The views: hotspots, report, bytecode, saved profiles.

import path from 'node:path';

export default async function views(step, { code, folder }) {
  const rows = () => code.page.locator('.pane-body .monaco-list-row').allInnerTexts();
  const row = (pattern) => code.page.locator('.pane-body .monaco-list-row', { hasText: pattern }).first();
  const waitForRow = (pattern) => {
    let seen = [];
    return code.until(`a row ${pattern}`, async () => (seen = await rows()).some((text) => pattern.test(text.replace(/\u00a0|\n/g, ' '))), () => seen.join('\n'));
  };
  const openGroup = async (title) => {
    const group = code.page.locator('.pane-body .monaco-list-row[aria-level="1"]', { hasText: title }).first();
    await group.waitFor();
    if ((await group.getAttribute('aria-expanded')) === 'false') await group.locator('.monaco-tl-twistie').click();
  };
  const drawLine = /for i = 1, n do sum/;

  await code.open('uses.lua');
  await code.waitForLine(drawLine);

  await step('hotspots: lines, functions, files, library functions, collector', async () => {
    await code.command('Perilune: Focus on Hotspots View');
    await code.page.locator('.pane-body .monaco-button', { hasText: 'Profile This File' }).first().click();
    await waitForRow(/uses\.lua:5/);
    await waitForRow(/draw/);
    for (const group of ['Files', 'Library functions', 'Collector']) await openGroup(group);
    await waitForRow(/lib\.lua/);
    await waitForRow(/print|require/);
    await waitForRow(/cycles/);
    await code.waitForText('.pane-body .message', /uses\.lua 7 · .*\d/);
    await code.shot('hotspots');
  });

  await step('a click on a hotspot goes there', async () => {
    await row('uses.lua:5').click();
    await code.until('the line', async () => (await code.cursorLine()) === 5);
  });

  await step('hotspots are sorted and filtered', async () => {
    for (const [title, description] of [['Count', 'by count'], ['Memory', 'by memory'], ['Total time', 'by total time'], ['Self time', 'by self time']]) {
      await code.command('Perilune: Sort the Hotspots...');
      await code.pick(title);
      await code.waitForText('.pane-header .description', new RegExp(description));
      if (title === 'Memory') await waitForRow(/uses\.lua:10.*[kM]B/);
      if (title === 'Count') await waitForRow(/uses\.lua:5.*instr/);
    }
    await code.command('Perilune: Choose Which Files Are Shown...');
    await code.pick('Only my own code');
    await code.waitForText('.pane-header .description', /workspace only/);
    await code.until('no file of others', async () => !(await rows()).some((text) => /lib\.lua/.test(text)));
    await code.command('Perilune: Choose Which Files Are Shown...');
    await code.pick('Everything');
    await waitForRow(/lib\.lua/);
  });

  await step('the view says when the text changed since the run', async () => {
    await code.page.locator('.editor-instance').first().click();
    await code.goTo(10);
    await code.page.keyboard.type('-- ');
    await code.page.keyboard.press('Control+S');
    await code.waitForText('.pane-body .message', /Edited since: uses\.lua/);
    for (let tries = 0; tries < 3; tries += 1) await code.page.keyboard.press('Control+Z');
    await code.page.keyboard.press('Control+S');
    await code.until('no word of it', async () => !(await code.page.locator('.pane-body .message').first().innerText()).includes('Edited since'));
  });

  await step('the report: a click goes to the source', async () => {
    await code.command('Perilune: Open the Report');
    const report = await code.webview();
    await report.locator('h1', { hasText: 'uses.lua' }).first().waitFor();
    const link = report.locator('a[href^="#file"]', { hasText: /uses\.lua:\d+/ }).first();
    await link.scrollIntoViewIfNeeded();
    const line = Number(/uses\.lua:(\d+)/.exec(await link.innerText())[1]);
    await code.page.locator('.editor-instance').first().click();
    await code.goTo(line === 1 ? 2 : 1);
    await link.click();
    await code.until(`line ${line}`, async () => (await code.cursorLine()) === line);
    const refused = code.messages.filter((message) => /Refused to|Content Security Policy/.test(message) && /script|style|connect/.test(message));
    if (refused.length > 0) throw new Error(refused.join('\n'));
    await code.shot('report');
  });

  await step('a frame of the report limits the figures to its path', async () => {
    const report = await code.webview();
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
    await report.locator('#flame-graph button', { hasText: /^build$/ }).first().click();
    let seen = [];
    await code.until('only what ran there', async () => {
      const lines = (seen = await code.lines());
      return lines.some((line) => /for i = 1, 150000 do/.test(line) && /\d%/.test(line)) && !lines.some((line) => drawLine.test(line) && /\d%/.test(line));
    }, () => seen.join('\n'));
    await code.page.locator('.codelens-decoration', { hasText: /main chunk > build/ }).first().waitFor();
    await code.shot('report-frame');
    await report.locator('#flame-graph button', { hasText: 'Whole run' }).first().click();
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
    await report.locator('#flame-graph button', { hasText: /^build$/ }).first().click();
    await code.waitForLine(/for i = 1, 150000 do(?!.*×).*\d%/);
    await code.page.locator('.editor-instance').first().click();
    await code.command('Perilune: Show Figures of All Calls');
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
  });

  await step('the report follows the theme', async () => {
    for (const [theme, kind] of [['Dark Modern', 'vscode-dark'], ['Dark High Contrast', 'vscode-high-contrast'], ['Light Modern', 'vscode-light']]) {
      await code.theme(theme);
      const report = await code.webview();
      const body = report.locator(`body.${kind}`);
      await body.waitFor();
      const colors = await body.evaluate((element) => {
        const style = getComputedStyle(element);
        return [style.backgroundColor, style.getPropertyValue('--vscode-editor-background').trim(), style.color];
      });
      const editor = await code.until('the editor in the theme', () => code.editorBackground());
      if (colors[0] !== editor) throw new Error(`${theme}: the report is ${colors.join(', ')}, the editor ${editor}`);
      await code.shot(`report-${kind}`);
    }
  });

  await step('a second run shows in the report', async () => {
    await code.page.locator('.editor-instance').first().click();
    await code.command('Perilune: Profile Again with the Same Arguments');
    const report = await code.webview();
    await report.locator('h1', { hasText: 'uses.lua' }).first().waitFor();
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
    await code.command('View: Close Editors in Other Groups');
  });

  await step('the bytecode follows the source, and the source the bytecode', async () => {
    await code.page.locator('.editor-instance').first().click();
    await code.command('Perilune: Show the Bytecode Beside the Source');
    await code.waitForLine(/GETGLOBAL/, 1);
    await code.page.locator('.editor-instance').first().click();
    await code.goTo(5);
    const marked = await code.until('a marked line of the listing', async () => (await code.marked(1))[0]);
    await code.goTo(9);
    const next = await code.until('another one', async () => (await code.marked(1)).find((text) => text !== marked));
    if (!next) throw new Error('no other line');
    await code.shot('bytecode');
    // The other way: the listing's cursor marks the line of the source.
    await code.page.locator('.editor-instance').nth(1).locator('.view-line', { hasText: next.trim().slice(0, 20) }).first().click();
    await code.until('the marked line of the source', async () => (await code.marked(0)).some((text) => /local parts = /.test(text)));
    await code.command('View: Close Editors in Other Groups');
  });

  await step('the profile is saved, opens as a report, and its figures show in the source', async () => {
    await code.open('uses.lua');
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
    const file = path.join(folder, 'saved.perilune.json');
    await code.command('Perilune: Save the Profile As...');
    await code.pick('Profile');
    const input = code.page.locator('.quick-input-widget input').first();
    await code.until('the name', async () => /saved|uses/.test(await input.inputValue()));
    await code.fileName(file);
    await code.waitForText('.statusbar-item', /Saved saved\.perilune\.json/);
    await code.command('Perilune: Clear the Figures');
    await code.until('no figures', async () => !(await code.lines()).some((line) => /\d%/.test(line)));
    await code.openInWindow('saved.perilune.json');
    const report = await code.webview();
    await report.locator('h1', { hasText: 'uses.lua' }).first().waitFor();
    await code.shot('saved-profile');
    const link = report.locator('a[href^="#file"]', { hasText: /uses\.lua:5\b/ }).first();
    await link.scrollIntoViewIfNeeded();
    await link.click();
    await code.until('the source', async () => (await code.cursorLine()) === 5);
    await code.waitForLine(/for i = 1, n do sum.*\d%/);
  });

  await step('a file that is no profile says so', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(path.join(folder, 'broken.perilune.json'), '{"no": "profile"}');
    await code.openInWindow('broken.perilune.json');
    const report = await code.webview();
    await report.locator('p', { hasText: 'This profile cannot be shown' }).waitFor();
    await code.newWindow();
  });
}
