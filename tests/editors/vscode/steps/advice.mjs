// Budgets, rewrites and growth: what is said of them where the code is, and what the actions there do.

import fs from 'node:fs';
import path from 'node:path';

const BUDGETED = `---@budget calls <= 150
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(fib(10))
`;
const REWRITABLE = `local config = { step = 2 }
local sum = 0
for i = 1, 200000 do
  sum = sum + config.step * config.step
end
print(sum)
`;

const GROWING = `local n = tonumber(arg[1])
local sum = 0
for i = 1, n do
  for j = 1, n do sum = sum + j end
end
print(sum)
`;

export default async function advice(step, { code, folder }) {
  const squiggle = () => code.page.locator('.editor-instance .squiggly-warning').first();
  const budgetSquiggle = () => code.page.locator('.editor-instance .squiggly-warning');
  const profiled = async (name, text, pattern) => {
    fs.writeFileSync(path.join(folder, name), text);
    await code.open(name);
    await code.waitForLine(/local/);
    await code.command('Perilune: Profile This File');
    await code.waitForLine(pattern);
  };
  code.writeSettings({ 'perilune.profile.mode': 'count' });

  await step('a budget that is exceeded is a warning on its function, with its reasons', async () => {
    await profiled('budgeted.lua', BUDGETED, /n < 2 then.*×/);
    await squiggle().waitFor();
    await code.goTo(2, 16);
    await code.command('Show or Focus Hover');
    await code.page.locator('.monaco-hover', { hasText: /fib is over budget: calls 177 of 150/ }).first().waitFor();
    await code.shot('budget');
    await code.page.keyboard.press('Escape');
    await code.page.keyboard.press('Escape');
    await code.action('Show why');
    await code.notification(/fib/);
    await code.command('Perilune: Show Why the Budget Is Exceeded');
    await code.page.locator('.quick-input-list .monaco-list-row', { hasText: /line [34]/ }).first().waitFor();
    await code.page.keyboard.press('Escape');
  });

  await step('an action sets the budget from the run, and the warning goes', async () => {
    await code.goTo(2, 16);
    await code.action('Set the budget from this run');
    await code.waitForLine(/---@budget calls <= 1[78]\d/);
    await budgetSquiggle().first().waitFor({ state: 'hidden' });
    await code.page.keyboard.press('Control+S');
  });

  await step('a rewrite is offered on a hot line, tried, and made', async () => {
    await profiled('rewritable.lua', REWRITABLE, /config\.step \* config\.step.*×/);
    await code.goTo(4, 3);
    await code.action(/^Try: /);
    await code.waitForLine(/sum = sum \+ step \* step/);
    await code.waitForLine(/local step = config\.step/);
    await code.shot('rewrite');
    await code.notification(/instructions|step/);
    await code.page.keyboard.press('Control+S'); // else the next window has it open too
    await code.page.locator('.tab.dirty').waitFor({ state: 'hidden' });
  });

  await step('rewrites are listed by a command', async () => {
    await profiled('listed.lua', REWRITABLE, /config\.step \* config\.step.*×/);
    await code.command('Perilune: Suggest Rewrites of Hot Lines...');
    await code.page.locator('.quick-input-list .monaco-list-row', { hasText: /line 4/ }).first().waitFor();
    await code.shot('rewrites');
    await code.page.keyboard.press('Enter');
    await code.waitForLine(/sum = sum \+ step \* step/);
    await code.page.keyboard.press('Control+S');
  });

  await step('how costs grow: a program runs at several sizes, and its lines say it', async () => {
    fs.writeFileSync(path.join(folder, 'growing.lua'), GROWING);
    await code.open('growing.lua');
    await code.waitForLine(/local sum/);
    await code.command('Perilune: Show How the Costs of This Program Grow...');
    await code.answer('n=100,200,400,800', 'Sizes to run the program at');
    await code.waitForLine(/for j = 1, n do sum.*~n² · ×4(\.\d)? per doubling/);
    await code.notification(/n²/);
    await code.shot('growth');
    await code.command('Perilune: Choose What Is Shown...');
    await code.pick('Self time');
    await code.until('no growth', async () => !(await code.lines()).some((line) => /~n²/.test(line)));
    code.writeSettings({ 'perilune.profile.mode': 'sample' });
    await code.newWindow();
  });
}
