// Figures, heat and lenses: that they come, stay with their lines, fade, come back, and say what changed.

import path from 'node:path';

const FIGURE = /\d+(\.\d+)?% (total )?· \d|\d+(\.\d+)?[kM]?× ·|\d[\d.]*[kM]×$/;
const isGrey = (color) => new Set(color.match(/\d+/g).slice(0, 3)).size === 1;
const HOT = /000000 do.*\d% · 6\.0M×/;

export default async function figures(step, { code, folder }) {
  await code.open('hot.lua');
  const numberOf = async (pattern) => (await code.lines()).findIndex((line) => pattern.test(line)) + 1;

  await step('no figure before a run', async () => {
    await code.waitForLine(/crowded\(n - 1\)/);
    await code.page.locator('.codelens-decoration a', { hasText: 'Profile' }).first().waitFor();
    const found = (await code.lines()).filter((line) => FIGURE.test(line));
    if (found.length > 0) throw new Error(found.join('\n'));
    if ((await code.bars()).length > 0) throw new Error('there are bars behind the text');
  });

  await step('profile from the palette: figures, heat and lenses', async () => {
    await code.command('Perilune: Profile This File');
    await code.waitForLine(HOT);
    await code.waitForLine(/if n < 2 then return n end\s.*636k×/);
    await code.page.locator('.codelens-decoration', { hasText: /calls · .* self · .* total/ }).first().waitFor();
    await code.page.locator('.codelens-decoration', { hasText: 'Profile again' }).first().waitFor();
    // The bar of the hottest line is the longest, and as long as its share.
    await code.until('the bars', async () => (await code.bars()).length > 1);
    const bars = (await code.bars()).sort((one, other) => other.width - one.width);
    if (!/6000000/.test(bars[0].text)) throw new Error(`the longest bar is behind ${bars[0].text}`);
    if (!(bars[0].width > 2 * bars[1].width)) throw new Error(JSON.stringify(bars));
    await code.page.waitForSelector('.glyph-margin-widgets .cgmr, .margin .cgmr');
    await code.waitForText('.statusbar-item', /instructions in/);
    await code.shot('heat');
  });

  await step('typing above moves the figures', async () => {
    await code.goTo(1);
    await code.page.keyboard.type('-- more\n');
    await code.until('the hot line with its figure, one line further', async () => HOT.test((await code.lines())[7] ?? ''));
    await code.until('the bar there', async () => (await code.bars()).some(({ text, width }) => /6000000/.test(text) && width > 60));
  });

  await step('an edited line goes stale, undo brings it back', async () => {
    await code.goTo(8);
    await code.page.keyboard.press('End');
    await code.page.keyboard.type(' total = total + 1');
    await code.waitForLine(/6000000 do.*total \+ 1.*~\d+%/);
    // Lines that were not edited keep what they have.
    await code.waitForLine(/crowded\(n - 2\)\s.*\d[\d.]*k×/);
    // Its bar fades.
    const [other] = (await code.bars()).filter(({ text }) => /crowded\(n - 2\)/.test(text));
    await code.until('a bar without colour', async () => (await code.bars()).some(({ text, color }) => /6000000/.test(text) && isGrey(color) && !isGrey(other.color)));
    await code.shot('stale');
    await code.until('the text as it was', async () => {
      if (!(await code.lines()).some((line) => /7 end\s+total/.test(line))) return true;
      await code.page.keyboard.press('Control+Z');
      return false;
    });
    const line = await code.waitForLine(HOT);
    if (/~/.test(line)) throw new Error(line);
  });

  await step('the next hot line and the one before', async () => {
    await code.goTo(1);
    const visited = [];
    for (const key of ['Control+Alt+]', 'Control+Alt+]', 'Control+Alt+[']) {
      const before = await code.cursorLine();
      await code.page.keyboard.press(key);
      await code.until('another line', async () => (await code.cursorLine()) !== before);
      visited.push(await code.cursorLine());
    }
    const lines = await code.lines();
    for (const line of visited) if (!/\d[kM]?×/.test(lines[line - 1])) throw new Error(`line ${line} has no figure: ${lines[line - 1]}`);
    if (!(visited[1] > visited[0] && visited[2] === visited[0])) throw new Error(visited.join(', '));
  });

  await step('save and run again: the change is shown', async () => {
    await code.goTo(await numberOf(/6000000/), 12);
    await code.page.keyboard.press('Shift+ArrowRight');
    await code.page.keyboard.type('3');
    await code.waitForLine(/for i = 1, 3000000 do.*~/);
    await code.page.keyboard.press('Control+S');
    await code.page.keyboard.press('Control+Alt+P');
    await code.waitForLine(/for i = 1, 3000000 do.*▼ 50% instr/);
    await code.shot('change');
    await code.shot('picture-change', { x: 348, y: 35, width: 780, height: 300 });
  });

  await step('what changed is summed up in a message', async () => {
    await code.command('Perilune: What Changed Since the Baseline?');
    const text = await code.notification(/since .*instructions/i);
    if (!/[−-]\s?\d+/.test(text)) throw new Error(text);
  });

  await step('a baseline stays until it is forgotten', async () => {
    await code.command('Perilune: Compare from Now On with the Last Run');
    await code.notification(/baseline/);
    await code.command('Perilune: Forget the Baseline');
    await code.waitForLine(/for i = 1, 3000000 do.*▼ 50% instr/);
  });

  await step('figures are hidden and shown, and another metric stands first', async () => {
    await code.command('Perilune: Show or Hide the Figures');
    await code.until('no figure', async () => !(await code.lines()).some((line) => FIGURE.test(line)) && (await code.bars()).length === 0);
    await code.command('Perilune: Show or Hide the Figures');
    await code.waitForLine(/3000000 do.*3\.0M×/);
    await code.command('Perilune: Choose What Is Shown...');
    await code.pick('Count');
    await code.waitForLine(/3000000 do.*instr/);
    await code.command('Perilune: Choose What Is Shown...');
    await code.pick('Self time');
    await code.waitForLine(/3000000 do.*% · 3\.0M×/);
  });

  await step('a selection is summed up', async () => {
    await code.goTo(await numberOf(/local function crowded/));
    for (let line = 0; line < 4; line += 1) await code.page.keyboard.press('Shift+ArrowDown');
    await code.command('Perilune: Sum Up the Selection');
    await code.notification(/instructions|instr/);
  });

  await step('arguments are asked for and remembered', async () => {
    await code.command('Perilune: Profile This File with Arguments...');
    await code.answer('"two words" 3', 'Profile This File with Arguments');
    await code.command('Perilune: Focus on Hotspots View');
    await code.waitForText('.pane-body .message', /two words/);
  });

  await step('the window is loaded anew: figures are back', async () => {
    await code.open('hot.lua');
    await code.waitForLine(/3000000 do.*% · 3\.0M×/);
    await code.until('bars', async () => (await code.bars()).length > 1);
  });

  await step('a second provider of hints: figures are decorations, not cut', async () => {
    const second = code.uri(path.join(import.meta.dirname, '..', 'second_hints'));
    await code.open('hot.lua', [['extensionDevelopmentPath', second]]);
    await code.waitForLine(/a_long_parameter_of_another_server/);
    // For a moment both are there.
    await code.waitForLine(/crowded\(n - 2\)[^…]*\s\d+k× · [^…]*$/);
    await code.waitForLine(/3000000 do.*% · 3\.0M×/);
    await code.shot('second-provider');
    await code.newWindow();
  });
}
