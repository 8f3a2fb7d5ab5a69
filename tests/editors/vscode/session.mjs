// A session in VS Code as a user has it: `node session.mjs INSTALLATION ROOT VSIX ENVIRONMENT`, ENVIRONMENT being the Python
// environment that has Perilune. Every step says that it holds. PARTS=figures,views runs some of its parts, STEPS=REGEXP some
// of their steps.

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { serversOf } from './processes.mjs';
import { ENDLESS, FAILS, HOT, LIB, longFile, manyHotLines, USES } from './programs.mjs';
import advice from './steps/advice.mjs';
import automatic from './steps/automatic.mjs';
import comparison from './steps/comparison.mjs';
import figures from './steps/figures.mjs';
import installation from './steps/installation.mjs';
import looks from './steps/looks.mjs';
import others from './steps/others.mjs';
import server from './steps/server.mjs';
import views from './steps/views.mjs';
import { Workbench } from './workbench.mjs';

const PARTS = { figures, views, comparison, advice, automatic, others, looks, server, installation };
const [codeServer, root, vsix, environment] = process.argv.slice(2).map((argument) => path.resolve(argument));
const asked = process.env.PARTS?.split(',');
const chosen = Object.keys(PARTS).filter((name) => !asked || asked.includes(name));
const started = Date.now();
let status = 0;

const folder = path.join(root, 'workspace');
for (const made of [folder, path.join(root, 'shots'), path.join(root, 'outside')]) fs.mkdirSync(made, { recursive: true });
const programs = { 'hot.lua': HOT, 'uses.lua': USES, 'endless.lua': ENDLESS, 'fails.lua': FAILS, 'many.lua': manyHotLines(500), 'long.lua': longFile(8600) };
for (const [name, text] of Object.entries(programs)) fs.writeFileSync(path.join(folder, name), text);
fs.writeFileSync(path.join(root, 'outside', 'lib.lua'), LIB);
// The server is that of the workspace's virtual environment.
fs.symlinkSync(environment, path.join(folder, '.venv'));

const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

let code;

/** A step of the session: what it is to show, and how. */
async function step(title, act) {
  if (process.env.STEPS && !new RegExp(process.env.STEPS).test(title)) return;
  const begun = Date.now();
  try {
    await act();
    console.log(`ok: ${title} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    status = 1;
    const toasts = await code.page?.locator('.notification-toast').allInnerTexts().catch(() => []);
    console.log(`FAILED: ${title}: ${error.message}\nservers: ${serversOf(root).join('; ')}\nmessages: ${JSON.stringify(toasts)}`);
    await code.shot(`failed-${title.replace(/\W+/g, '-')}`).catch(() => undefined);
    for (let tries = 0; tries < 2; tries += 1) await code.page?.keyboard.press('Escape').catch(() => undefined);
  }
}

try {
  for (const name of chosen) {
    code ??= new Workbench({ installation: codeServer, root, folder, port: await freePort() });
    if (!code.browser) {
      code.install(vsix);
      await code.start();
    }
    const begun = Date.now();
    await PARTS[name](step, { code, root, folder, vsix, environment, freePort });
    console.log(`part ${name}: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
  }
} catch (error) {
  status = 1;
  console.log(`FAILED: ${error.stack}`);
  await code?.shot('failed').catch(() => undefined);
} finally {
  await code?.stop();
}
console.log(`${((Date.now() - started) / 1000).toFixed(0)} s in all; screenshots in ${path.join(root, 'shots')}`);
process.exit(status);
