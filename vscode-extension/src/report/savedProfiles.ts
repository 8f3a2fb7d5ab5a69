// A saved profile, or that of another profiler, opens as its report, and its figures show in the sources.

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { load } from '../commands/files';
import { Connection } from '../server/connection';
import { commandLine } from '../server/find';
import { Reports } from './panel';

const MOST_BYTES = 256 * 1024 * 1024;

export class SavedProfiles implements vscode.CustomReadonlyEditorProvider {
  constructor(
    private readonly connection: Connection,
    private readonly reports: Reports,
    private readonly refresh: () => void,
  ) {}

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  async resolveCustomEditor({ uri }: vscode.CustomDocument, { webview }: vscode.WebviewPanel): Promise<void> {
    webview.options = { enableScripts: true, localResourceRoots: [] };
    this.reports.listen(webview, path.dirname(uri.fsPath));
    try {
      await this.connection.starting;
      if (this.connection.serverCommand.length === 0) {
        webview.html = '<p>This profile is shown when Perilune is installed.</p>';
        await firstReady(this.connection);
      }
      this.reports.show(webview, await this.report(uri));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      webview.html = `<p>This profile cannot be shown: ${message.replace(/[<&]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</p>`;
      return;
    }
    await load(this.connection, uri.fsPath).then(this.refresh, () => undefined);
  }

  /** Sources are looked for in the workspace, and beside the profile. */
  private report(uri: vscode.Uri): Promise<string> {
    const [program, ...args] = commandLine(this.connection.serverCommand);
    const folder = vscode.workspace.getWorkspaceFolder(uri)?.uri.fsPath ?? path.dirname(uri.fsPath);
    const file = path.relative(folder, uri.fsPath);
    const options = { cwd: folder, maxBuffer: MOST_BYTES, windowsHide: true };
    return new Promise((resolve, reject) => {
      execFile(program, [...args, 'report', '--format', 'html', '--', file], options, (error, stdout, stderr) => {
        if (error) reject(new Error(stderr.trim() || error.message));
        else resolve(stdout);
      });
    });
  }
}

function firstReady(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const subscription = connection.onReady(() => {
      subscription.dispose();
      resolve();
    });
  });
}
