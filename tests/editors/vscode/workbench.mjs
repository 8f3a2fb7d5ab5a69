// VS Code in a browser: a server with its own folders, a page, and what a user does and sees there.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const LIMIT_MS = Number(process.env.LIMIT_MS ?? 60_000); // of a wait, on a machine that others use too
const POLL_MS = 50;
const CHROMIUM = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'security.workspace.trust.startupPrompt': 'never',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.colorTheme': 'Default Light Modern',
  'window.autoDetectColorScheme': false,
  'files.autoSave': 'off',
  'files.hotExit': 'off', // a window does not begin with what one before it left unsaved
  'editor.inlayHints.enabled': 'on',
  'editor.minimap.enabled': false,
  'git.enabled': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'remote.autoForwardPorts': false,
};

export class Workbench {
  /** `installation` holds code-server, `root` is for everything that this session writes, `folder` is opened. */
  constructor({ installation, root, folder, port, environment = {}, settings = {} }) {
    Object.assign(this, { installation, root, folder, port, environment });
    this.program = path.join(installation, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
    this.folders = ['--user-data-dir', path.join(root, 'data'), '--extensions-dir', path.join(root, 'extensions')];
    this.settings = { ...SETTINGS, ...settings };
    this.writeSettings({});
  }

  writeSettings(more) {
    Object.assign(this.settings, more);
    const file = path.join(this.root, 'data', 'User', 'settings.json');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(this.settings, null, 2));
  }

  get processEnvironment() {
    const home = path.join(this.root, 'home');
    fs.mkdirSync(home, { recursive: true });
    return { ...process.env, HOME: home, VSCODE_IPC_HOOK_CLI: '', ...this.environment };
  }

  install(extension) {
    this.run(['--install-extension', extension]);
  }

  uninstall(id) {
    this.run(['--uninstall-extension', id]);
  }

  run(args) {
    execFileSync(process.execPath, [this.program, ...this.folders, ...args], { env: this.processEnvironment, stdio: 'pipe' });
  }

  async start({ trusted = true } = {}) {
    const args = ['--bind-addr', `127.0.0.1:${this.port}`, '--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
    if (trusted) args.push('--disable-workspace-trust');
    const log = fs.openSync(path.join(this.root, 'code-server.log'), 'a');
    this.server = spawn(process.execPath, [this.program, ...args, ...this.folders], { stdio: ['ignore', log, log], env: this.processEnvironment, detached: true });
    await this.until('code-server answers', () => answers(`http://127.0.0.1:${this.port}/healthz`));
    if (this.browser) return;
    const { chromium } = createRequire(path.join(this.installation, 'package.json'))('playwright-core');
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: CHROMIUM });
  }

  /** A window that knows nothing of those before. */
  async newWindow({ width = 1280, height = 800 } = {}) {
    await this.context?.close();
    this.context = await this.browser.newContext({ viewport: { width, height }, locale: 'en-US' });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(LIMIT_MS);
    this.messages = [];
    this.page.on('console', (message) => this.messages.push(message.text()));
  }

  /** Ends the server, with its extension hosts and their children; the browser stays. */
  async stopServer() {
    const { server } = this;
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      try {
        process.kill(-server.pid, signal);
      } catch {
        return; // it is gone
      }
      const timer = new Promise((resolve) => setTimeout(resolve, 5000));
      await Promise.race([ended, timer]);
      if (server.exitCode !== null || server.signalCode !== null) return;
    }
  }

  async stop() {
    await this.browser?.close().catch(() => undefined);
    await this.stopServer();
  }

  /** Loads the window anew, with a file of the folder open; `payload` is more of what the window is told. */
  async open(name, payload = []) {
    if (!this.page) await this.newWindow();
    const said = encodeURIComponent(JSON.stringify([['openFile', this.uri(path.join(this.folder, name))], ...payload]));
    await this.page.goto(`http://127.0.0.1:${this.port}/?folder=${this.folder}&payload=${said}`, { waitUntil: 'domcontentloaded' });
    await this.page.waitForSelector('.monaco-workbench .part.editor');
    if (name.endsWith('.lua')) await this.page.waitForSelector('.editor-instance .view-line');
  }

  uri(file) {
    return `vscode-remote://127.0.0.1:${this.port}${file}`;
  }

  /** Opens a file in the window that is there, as from the list of files. */
  async openInWindow(name) {
    await this.command('File: Open File...');
    await this.fileName(path.join(this.folder, name));
    await this.tab(path.basename(name)).waitFor();
  }

  tab(name) {
    return this.page.locator('.tab', { hasText: name }).first();
  }

  /** The lines that the first editor shows, figures included. */
  lines(editor = 0) {
    return this.page.evaluate((index) => {
      const instance = document.querySelectorAll('.editor-instance')[index];
      const lines = [...(instance?.querySelectorAll('.view-lines .view-line') ?? [])];
      lines.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top));
      return lines.map((line) => {
        // The figures of decorations are the content of pseudo-elements.
        const behind = [...line.querySelectorAll('span')].map((span) => getComputedStyle(span, '::after').content);
        const after = behind.filter((text) => /^"./.test(text)).map((text) => text.slice(1, -1));
        return [line.textContent, ...after].join(' ').replace(/\u00a0/g, ' ');
      });
    }, editor);
  }

  async waitForLine(pattern, editor = 0) {
    let lines = [];
    const found = async () => (lines = await this.lines(editor)).find((line) => pattern.test(line));
    return this.until(`a line ${pattern}`, found, () => lines.join('\n'));
  }

  /** Runs a command from the palette, which does not take in what comes to be while it is open. */
  async command(title) {
    await this.until(`the command ${title}`, async () => {
      await this.page.keyboard.press('F1');
      const isThere = await this.focusRow(title, `>${title}`).then(() => true, () => false);
      if (!isThere) await this.page.keyboard.press('Escape');
      return isThere;
    });
    await this.page.keyboard.press('Enter');
    const input = this.page.locator('.quick-input-widget input').first();
    await this.until('the end of the palette', async () => !(await input.isVisible()) || (await input.inputValue()) !== `>${title}`);
  }

  /** Whether the palette offers a command. */
  async offers(title) {
    await this.page.keyboard.press('F1');
    const isThere = await this.focusRow(title, `>${title}`).then(() => true, () => false);
    await this.page.keyboard.press('Escape');
    return isThere;
  }

  /** Chooses a row of the list that is open. */
  async pick(title) {
    await this.page.locator('.quick-input-widget input').first().waitFor({ state: 'visible' });
    await this.focusRow(title, title, LIMIT_MS);
    await this.page.keyboard.press('Enter');
  }

  /** Answers the box that asks for a line. */
  async answer(text, title) {
    await this.page.locator('.quick-input-widget', { hasText: title }).first().waitFor({ state: 'visible' });
    await this.page.locator('.quick-input-widget input').first().fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Gives the dialog for files a path; as it opens it writes its folder over what was typed. */
  async fileName(file) {
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor({ state: 'visible' });
    await this.until('the end of the dialog for files', async () => {
      await input.fill(file, { timeout: 5000 }).catch(() => undefined);
      if (await input.isVisible()) await this.page.keyboard.press('Enter');
      return input.waitFor({ state: 'hidden', timeout: 5000 }).then(() => true, () => false);
    });
  }

  /** Takes one of the code actions where the cursor is. The server may not know of them at once. */
  async action(title) {
    const menu = this.page.locator('.action-widget');
    const row = menu.locator('.monaco-list-row', { hasText: title }).first();
    await this.until(`the action ${title}`, async () => {
      await this.page.keyboard.press('Control+.');
      const isThere = await row.waitFor({ timeout: 3000 }).then(() => true, () => false);
      if (!isThere) await this.page.keyboard.press('Escape');
      return isThere;
    });
    await this.arrowDownTo(menu.locator('.monaco-list-row.focused', { hasText: title }).first(), `the action ${title}`);
    await this.page.keyboard.press('Enter');
    await menu.waitFor({ state: 'hidden' });
  }

  /** Enter takes the row that has the focus, which is not always the first that matches. */
  async focusRow(title, typed, timeout = 3000) {
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor({ state: 'visible' });
    await input.fill(typed);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    await row.waitFor({ timeout });
    const focused = this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title }).first();
    await this.arrowDownTo(focused, `the row ${title}`);
  }

  async arrowDownTo(focused, what) {
    for (let tries = 0; (await focused.count()) === 0; tries += 1) {
      if (tries > 20) throw new Error(`${what} does not get the focus`);
      await this.page.keyboard.press('ArrowDown');
    }
  }

  /** Puts the cursor at a line and column, from 1. */
  async goTo(line, column = 1) {
    await this.page.keyboard.press('Control+G');
    const input = this.page.locator('.quick-input-widget input').first();
    await input.waitFor({ state: 'visible' });
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await input.waitFor({ state: 'hidden' });
    await this.until(`the cursor at ${line}:${column}`, async () => (await this.cursor()) === `${line}:${column}`);
  }

  /** The page in the panel that is seen, in its two frames. */
  async webview() {
    let found;
    await this.until('a web view', async () => {
      for (const frame of this.page.frames()) {
        const holder = frame.name() === 'active-frame' || /active-frame/.test(await frame.frameElement().then((element) => element.getAttribute('id'), () => ''));
        if (holder && (await frame.frameElement().then((element) => element.isVisible(), () => false)) && (await frame.locator('body').count()) > 0) found = frame;
      }
      return found;
    });
    return found;
  }

  async theme(title) {
    await this.command('Preferences: Color Theme');
    await this.pick(title);
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** The colour behind the text of the first editor, as CSS computes it. */
  editorBackground() {
    return this.page.evaluate(() => getComputedStyle(document.querySelector('.editor-instance .monaco-editor-background')).backgroundColor);
  }

  /** The lines of an editor that a decoration marks as a whole. */
  marked(editor = 0) {
    return this.page.evaluate((index) => {
      const instance = document.querySelectorAll('.editor-instance')[index];
      const found = [];
      for (const overlay of instance?.querySelectorAll('.view-overlays > div') ?? []) {
        const isMarked = [...overlay.querySelectorAll('.cdr')].some((part) => {
          const { backgroundColor } = getComputedStyle(part);
          return !/rgba\(0, 0, 0, 0\)|transparent/.test(backgroundColor) && part.getBoundingClientRect().width > 200;
        });
        if (!isMarked) continue;
        const line = [...instance.querySelectorAll('.view-line')].find(({ style }) => style.top === overlay.style.top);
        if (line) found.push(line.textContent.replace(/\u00a0/g, ' '));
      }
      return found;
    }, editor);
  }

  /** The bars behind the text of an editor, with the text that they are behind. */
  bars(editor = 0) {
    return this.page.evaluate((index) => {
      const instance = document.querySelectorAll('.editor-instance')[index];
      const found = [];
      for (const line of instance?.querySelectorAll('.view-lines .view-line') ?? []) {
        for (const span of line.querySelectorAll('span')) {
          const style = getComputedStyle(span, '::before');
          if (style.position !== 'absolute' || style.content === 'none' || !(parseFloat(style.width) > 0)) continue;
          found.push({ text: line.textContent.replace(/\u00a0/g, ' '), width: parseFloat(style.width), color: style.backgroundColor });
        }
      }
      return found;
    }, editor);
  }

  /** Line and column, as the status bar has them a moment after the editor. */
  async cursor() {
    const text = await this.page.locator('.statusbar-item', { hasText: /Ln \d+/ }).first().innerText();
    return /Ln (\d+), Col (\d+)/.exec(text).slice(1).join(':');
  }

  async cursorLine() {
    return parseInt(await this.cursor(), 10);
  }

  /** Waits for a notification, and takes it away. */
  async notification(pattern, button) {
    const toast = this.page.locator('.notification-toast', { hasText: pattern }).first();
    await toast.waitFor();
    const text = await toast.innerText();
    if (button) await toast.locator('.monaco-button', { hasText: button }).first().click();
    else {
      await toast.hover();
      await toast.locator('.codicon-notifications-clear').first().click();
    }
    return text;
  }

  /** Takes all notifications away. */
  async quiet() {
    await this.command('Notifications: Clear All Notifications');
  }

  /** Waits until a figure that grows with work stays as it is. */
  async settled(measure) {
    let [last, same] = [measure(), 0];
    await this.until('rest', () => {
      const now = measure();
      same = now - last <= 10 ? same + 1 : 0;
      last = now;
      return same >= 15;
    });
  }

  async waitForText(selector, pattern) {
    const texts = () => this.page.locator(selector).allInnerTexts();
    let seen = [];
    return this.until(`${pattern} in ${selector}`, async () => (seen = await texts()).find((text) => pattern.test(text)), () => seen.join('\n---\n'));
  }

  async shot(name, clip) {
    await this.page.screenshot({ path: path.join(this.root, 'shots', `${name}.png`), ...(clip && { clip }) });
  }

  async until(what, condition, detail = () => '', limit = LIMIT_MS) {
    const end = Date.now() + limit;
    for (;;) {
      const found = await condition();
      if (found) return found;
      if (Date.now() > end) throw new Error(`waited in vain for ${what}\n${detail()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function answers(url) {
  return new Promise((resolve) => {
    const request = http.get(url, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}
