// How it looks: themes, many hot lines, long lines, narrow windows; and what typing costs. Makes the pictures of the README.

import fs from 'node:fs';
import path from 'node:path';
import { extensionHostTime } from '../processes.mjs';
import { WORDS } from '../programs.mjs';

const THEMES = [
  ['Light Modern', 'vs', 3],
  ['Dark Modern', 'vs-dark', 3],
  ['Dark High Contrast', 'hc-black', 4.5],
  ['Light High Contrast', 'hc-light', 4.5],
];
const KEYSTROKES = 60;

export default async function looks(step, { code, root, folder }) {
  fs.copyFileSync(path.join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'nbody.lua'), path.join(folder, 'nbody.lua'));
  code.writeSettings({ 'perilune.heat.figures': 'decorations' });
  await code.open('nbody.lua');
  await code.waitForLine(/local/);
  await code.command('Perilune: Profile This File with Arguments...');
  await code.answer('200000', 'Profile This File with Arguments');
  await code.page.locator('.codelens-decoration', { hasText: 'Profile again' }).first().waitFor();
  await code.goTo(60);
  await code.waitForLine(/\d%.* · .*\d/);

  await step('light, dark and high contrast: figures can be read, bars are seen behind them', async () => {
    for (const [theme, kind, least] of THEMES) {
      await code.theme(theme);
      await code.page.locator(`.monaco-workbench.${kind}`).waitFor();
      await code.page.waitForSelector('.glyph-margin-widgets .cgmr, .margin .cgmr');
      const seen = await code.until('figures', async () => {
        const found = await colors(code);
        return found.count > 4 && found.bars.length > 1 && found;
      });
      for (const color of seen.figures) {
        const contrast = ratio(color, seen.background);
        if (contrast < least) throw new Error(`${theme}: figures in ${color} on ${seen.background} have a contrast of ${contrast.toFixed(1)}`);
      }
      for (const color of seen.bars) {
        if (ratio(over(color, seen.background), seen.background) < 1.04) throw new Error(`${theme}: a bar in ${color} is not seen on ${seen.background}`);
      }
      await code.shot(`theme-${kind}`);
    }
    await code.theme('Light Modern');
    await code.page.locator('.monaco-workbench.vs').waitFor();
  });

  await step('heat is a bar, a shade or nothing, as the settings say, and figures stay', async () => {
    const marks = () => code.page.locator('.glyph-margin-widgets .cgmr, .margin .cgmr').count();
    const shown = async (settings) => {
      code.writeSettings(settings);
      await code.open('nbody.lua'); // a window that is there does not read the file again
      await code.waitForLine(/local/);
      await code.goTo(60);
      await code.waitForLine(/local pull.*\d% · /);
    };
    await shown({ 'perilune.heat.style': 'shade' });
    await code.until('a shade', async () => (await code.marked()).some((text) => /local pull/.test(text)));
    if ((await code.bars()).length > 0) throw new Error('there are bars');
    await code.shot('shade');
    await shown({ 'perilune.heat.style': 'none', 'perilune.heat.gutter': false, 'perilune.heat.overviewRuler': false });
    const heat = (await code.marked()).length + (await code.bars()).length + (await marks());
    code.writeSettings({ 'perilune.heat.style': 'bar', 'perilune.heat.gutter': true, 'perilune.heat.overviewRuler': true });
    if (heat > 0) throw new Error(`${heat} lines are marked`);
  });

  await step('the pictures of the README and the walkthrough', async () => {
    fs.writeFileSync(path.join(folder, 'words.lua'), WORDS);
    code.writeSettings({ 'perilune.heat.figures': 'decorations' });
    await code.newWindow({ width: 960, height: 560 });
    await code.open('words.lua');
    await code.command('View: Close Primary Side Bar');
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/word:lower\(\).*\d% · /);
    await code.page.locator('.codelens-decoration', { hasText: /calls? · .* self/ }).nth(1).waitFor();
    await code.until('bars', async () => (await code.bars()).length > 3);
    await code.quiet();
    await code.page.locator('.editor-instance').first().click({ position: { x: 500, y: 440 } });
    await code.shot('picture-figures', { x: 0, y: 35, width: 960, height: 484 });
    await code.command('Perilune: Focus on Hotspots View');
    await code.page.locator('.pane-body .monaco-list-row').first().waitFor();
    // As wide as its rows are long.
    const sash = await code.page.locator('.part.sidebar').boundingBox();
    await code.page.mouse.move(sash.x + sash.width, 300);
    await code.page.mouse.down();
    await code.page.mouse.move(sash.x + 430, 300, { steps: 5 });
    await code.page.mouse.up();
    await code.page.mouse.move(600, 550); // away from what is lit under it
    await code.until('a wide view', async () => (await code.page.locator('.part.sidebar').boundingBox()).width > 400);
    await code.page.locator('.monaco-sash.hover').waitFor({ state: 'detached' });
    await code.shot('picture-hotspots', { x: 0, y: 35, width: 700, height: 484 });
    await code.page.setViewportSize({ width: 1360, height: 560 });
    await code.page.locator('.editor-instance').first().click();
    await code.command('Perilune: Open the Report');
    await code.command('View: Close Primary Side Bar');
    const report = await code.webview();
    const flames = report.locator('#flame-graph h2').first();
    await flames.waitFor();
    await flames.evaluate((element) => element.scrollIntoView());
    await code.shot('picture-report', { x: 0, y: 35, width: 1360, height: 484 });
    await code.command('View: Close Editors in Other Groups');
  });

  await step('the walkthrough has its pictures', async () => {
    code.writeSettings({ 'perilune.heat.figures': 'auto' });
    await code.newWindow();
    await code.open('nbody.lua');
    await code.command('Welcome: Open Walkthrough...');
    await code.pick('Find the lines that cost most');
    const pictures = await code.until('pictures', async () => {
      const sizes = await code.page.locator('.getting-started-media img').evaluateAll((images) => images.map(({ naturalWidth }) => naturalWidth));
      return sizes.length > 0 && sizes.every((width) => width > 400) && sizes;
    });
    if (pictures.length === 0) throw new Error('there is none');
    await code.shot('walkthrough');
  });

  await step('five hundred hot lines are calm, and 80 columns have room for their figures', async () => {
    code.writeSettings({ 'perilune.profile.mode': 'count', 'perilune.hints.threshold': 0 });
    await code.newWindow({ width: 1280, height: 1500 });
    await code.open('many.lua');
    await code.waitForLine(/local total/);
    await code.command('Perilune: Profile This File');
    await code.waitForLine(/step \* 20 .*2\.0k×/);
    await code.until('a bar behind each', async () => (await code.bars()).length > 60);
    const { heights, right, room, classes } = await layout(code);
    if (new Set(heights).size > 1) throw new Error(`lines are ${[...new Set(heights)].join(', ')} high`);
    if (right > room) throw new Error(`figures end at ${right}, the window at ${room}`);
    if (classes > 40) throw new Error(`${classes} kinds of decorations`);
    await code.shot('many');
    await code.goTo(400);
    await code.waitForLine(/step \* 396 .*2\.0k×/);
    await code.until('a bar behind each', async () => (await code.bars()).length > 60);
    await code.shot('many-below');
  });

  await step('in a narrow window short figures are in sight', async () => {
    code.writeSettings({ 'perilune.hints.maximumLength': 6 });
    await code.newWindow({ width: 820, height: 700 });
    await code.open('many.lua');
    await code.waitForLine(/local total/);
    await code.command('View: Close Primary Side Bar');
    await code.goTo(30);
    await code.waitForLine(/step \* 20 .*\d%?$/);
    const { right, room } = await layout(code);
    if (right > room) throw new Error(`figures end at ${right}, the window at ${room}`);
    await code.shot('narrow');
    code.writeSettings({ 'perilune.hints.maximumLength': 30 });
  });

  await step('typing in a file of 10,000 lines', async () => {
    code.writeSettings({ 'perilune.hints.threshold': 0.5 });
    await code.newWindow();
    await code.open('long.lua');
    await code.waitForLine(/local function f0/);
    const processorTime = () => extensionHostTime(path.join(root, 'home'));
    const typed = async () => {
      await code.goTo(3);
      await code.page.keyboard.press('End');
      const before = processorTime();
      const begun = Date.now();
      await code.page.keyboard.type(' -- ' + 'x'.repeat(KEYSTROKES - 4), { delay: 40 });
      await code.waitForLine(new RegExp(`x{${KEYSTROKES - 4}}`));
      await code.settled(processorTime);
      const wall = Date.now() - begun;
      const after = processorTime();
      for (let undone = 0; undone < 5; undone += 1) await code.page.keyboard.press('Control+Z');
      return { cost: (after - before) / KEYSTROKES, wall };
    };
    const profiledAgain = code.page.locator('.codelens-decoration', { hasText: 'Profile again' }).first();
    await code.command('Perilune: Profile This File');
    await profiledAgain.waitFor();
    await typed(); // the first time is for what is compiled and loaded
    const shown = await typed();
    await code.shot('long');
    await code.command('Perilune: Clear the Figures');
    await profiledAgain.waitFor({ state: 'hidden' });
    const without = await typed();
    console.log(`typing in 10,000 lines: the extension host takes ${without.cost.toFixed(2)} ms a keystroke without figures, ${shown.cost.toFixed(2)} ms with them; it adds ${(shown.cost - without.cost).toFixed(2)} ms`);
    code.writeSettings({ 'perilune.profile.mode': 'sample' });
    await code.newWindow();
  });
}

/** The colours of the figures, of the bars, and behind them. */
function colors(code) {
  return code.page.evaluate(() => {
    const instance = document.querySelector('.editor-instance');
    const spans = [...instance.querySelectorAll('.view-line span')];
    const figures = spans.map((span) => getComputedStyle(span, '::after')).filter(({ content }) => /^".*(%|×)/.test(content));
    const bars = spans.map((span) => getComputedStyle(span, '::before')).filter(({ position, width }) => position === 'absolute' && parseFloat(width) > 0);
    return {
      background: getComputedStyle(instance.querySelector('.monaco-editor-background')).backgroundColor,
      count: figures.length,
      figures: [...new Set(figures.map(({ color }) => color))],
      bars: [...new Set(bars.map(({ backgroundColor }) => backgroundColor))],
    };
  });
}

/** Where lines and figures are. */
function layout(code) {
  return code.page.evaluate(() => {
    const instance = document.querySelector('.editor-instance');
    const lines = [...instance.querySelectorAll('.view-line')];
    const classes = new Set(lines.flatMap((line) => [...line.querySelectorAll('[class*="ced-"]')].map(({ className }) => className)));
    return {
      heights: lines.map((line) => line.getBoundingClientRect().height),
      right: Math.max(...lines.map((line) => line.firstElementChild.getBoundingClientRect().right)),
      room: instance.querySelector('.overflow-guard').getBoundingClientRect().right,
      classes: classes.size,
    };
  });
}

const parts = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);

function over(color, background) {
  const [red, green, blue, alpha = 1] = parts(color);
  const behind = parts(background);
  return `rgb(${[red, green, blue].map((value, index) => value * alpha + behind[index] * (1 - alpha)).join(', ')})`;
}

/** The contrast of two colours, as WCAG has it. */
function ratio(one, other) {
  const [light, dark] = [one, other].map(luminance).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color) {
  const [red, green, blue] = parts(color).map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
