// The report in a panel beside the source.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { goTo, luaUri } from '../commands/luaFile';
import { Register } from '../commands/register';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { panelPage } from './page';

/** A click on a place, and a frame of the flame graph that was chosen, with those on the way to it; none is the whole run. */
type Message = { type: 'open'; path: string; line: number } | { type: 'frame'; frames: object[] };

export class Reports implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private shown: string | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly connection: Connection,
    private readonly measured: () => string[],
  ) {}

  register(register: Register): void {
    register('perilune.report', (uri) => this.open(luaUri(uri)));
  }

  /** Shows the report of the file's last run, in the panel that is open if there is one. */
  async open(uri: string | undefined): Promise<void> {
    const html = await this.html(uri);
    if (!this.panel) {
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.panel = vscode.window.createWebviewPanel('perilune.report', 'Perilune Report', column, {
        enableScripts: true,
        localResourceRoots: [],
        retainContextWhenHidden: true,
        enableFindWidget: true,
      });
      this.panel.onDidDispose(() => (this.panel = undefined));
      this.listen(this.panel.webview);
    } else this.panel.reveal(undefined, true);
    this.shown = uri;
    this.show(this.panel.webview, html);
  }

  /** Shows the newest run in the panel, if it is open. */
  async update(): Promise<void> {
    if (!this.panel) return;
    const html = await this.html(this.shown).catch(() => undefined);
    if (html && this.panel) this.show(this.panel.webview, html);
  }

  /** Puts a report into a view. */
  show(webview: vscode.Webview, html: string): void {
    const part = (name: string): string => readFileSync(this.context.asAbsolutePath(path.join('media', name)), 'utf8');
    const page = panelPage(html, randomBytes(16).toString('base64'), part('report.css'), part('report.js'));
    if (!page) throw new Error('This version of Perilune makes reports that the extension cannot show.');
    webview.html = page;
  }

  /** Does what the page asks for. */
  listen(webview: vscode.Webview, folder?: string): void {
    webview.onDidReceiveMessage(async (message: Message) => {
      if (message.type === 'open') {
        const uri = await this.find(message.path, folder);
        if (uri) await goTo(uri.toString(), message.line, { viewColumn: sourceColumn() });
        else void vscode.window.showWarningMessage(`${message.path} was not found in this workspace.`);
      } else await this.limit(message.frames).catch(() => undefined);
    });
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private async html(uri: string | undefined): Promise<string> {
    const answer = await this.connection.execute<{ html?: string }>(SERVER.report, uri ? { uri } : {});
    if (!answer?.html) throw new Error('there is nothing to report yet: profile a program first.');
    return answer.html;
  }

  /** Limits the editor's figures to a frame of the run that is shown, or shows all of it again. */
  private async limit(frames: object[]): Promise<void> {
    const run = this.shown ? { uri: this.shown } : {};
    await this.connection.execute(SERVER.callPath, frames.length > 0 ? { ...run, frames } : { ...run, clear: true });
  }

  /** A file of the profile, whose path is as the run had it. */
  private async find(name: string, folder?: string): Promise<vscode.Uri | undefined> {
    const ending = `/${name.replaceAll('\\', '/').replace(/^(\.\/)+/, '')}`;
    const known = this.measured().find((uri) => decodeURIComponent(uri).endsWith(ending));
    if (known) return vscode.Uri.parse(known);
    const roots = [folder, ...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath)];
    for (const root of roots.filter((one) => one !== undefined)) {
      const uri = vscode.Uri.file(path.resolve(root, name));
      if (await exists(uri)) return uri;
    }
    return undefined;
  }
}

/** The column of the source that is seen, else the first. */
function sourceColumn(): vscode.ViewColumn {
  const lua = vscode.window.visibleTextEditors.find(({ document }) => document.languageId === 'lua');
  return lua?.viewColumn ?? vscode.ViewColumn.One;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
