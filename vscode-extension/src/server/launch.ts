// Starts the server that is found, and says what can be done where there is none or it is not the right one.

import * as vscode from 'vscode';
import { Connection } from './connection';
import { environmentFolder, installServer } from './environment';
import { findServer, Found } from './find';
import { versionConflict } from './version';

const INSTALL = 'Install Perilune';
const SETTINGS = 'Open Settings';

export class Launcher {
  private asked = false;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly connection: Connection,
    private readonly log: vscode.OutputChannel,
  ) {}

  /** Starts the server anew. One start at a time: settings can arrive while it starts. */
  start(): Promise<void> {
    const { connection } = this;
    connection.starting = connection.starting.then(() => this.startNow());
    return connection.starting;
  }

  /** Makes the extension's own environment, and starts the server from there. */
  async install(): Promise<void> {
    await this.connection.stop();
    if (await installServer(this.context, this.log)) {
      await this.start();
      void vscode.window.showInformationMessage('Perilune is installed.');
    } else await this.start();
  }

  private async startNow(): Promise<void> {
    const found = await this.find();
    if (!found) {
      await this.connection.stop();
      void this.offerInstallation();
      return;
    }
    try {
      await this.connection.start(found.command);
      this.checkVersion();
    } catch (error) {
      void this.showFailure(found, error);
    }
  }

  private find(): Promise<Found | undefined> {
    const folders = vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []) : [];
    return findServer({
      configured: vscode.workspace.getConfiguration('perilune').get<string[]>('server.command', []),
      folders: folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath),
      environment: environmentFolder(this.context),
      searchPath: process.env.PATH ?? '',
      platform: process.platform,
    });
  }

  /** Asks once a session; the command stays in the palette. */
  private async offerInstallation(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    const message = 'Perilune is not installed. Install it for this extension alone?';
    const choice = await vscode.window.showInformationMessage(message, INSTALL);
    if (choice) await this.install();
  }

  private async showFailure(found: Found, error: unknown): Promise<void> {
    const source = found.origin === 'setting' ? ' (setting perilune.server.command)' : '';
    const reason = error instanceof Error ? error.message : String(error);
    const message = `The Perilune server did not start with "${found.command.join(' ')}"${source}: ${reason}`;
    this.log.appendLine(message);
    const choice = await vscode.window.showErrorMessage(message, found.origin === 'setting' ? SETTINGS : INSTALL);
    if (choice === SETTINGS) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'perilune.server.command');
    } else if (choice === INSTALL) await this.install();
  }

  private checkVersion(): void {
    const { version } = this.context.extension.packageJSON as { version: string };
    const conflict = versionConflict(version, this.connection.version);
    if (!conflict) return;
    void vscode.window.showWarningMessage(conflict, INSTALL).then((choice) => choice && this.install());
  }
}
