// Registers: starts the language server and offers its commands. What they do is the server's affair.

import * as vscode from 'vscode';
import { ExecuteCommandRequest, LanguageClient } from 'vscode-languageclient/node';
import { askForArguments } from './programArguments';
import { serverCommand } from './serverCommand';
import { RunReport, StatusBar } from './statusBar';

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const settings = vscode.workspace.getConfiguration('perilune');
  const [command, ...args] = await serverCommand(settings.get<string[]>('server.command', []));
  client = new LanguageClient(
    'perilune',
    'Perilune',
    { command, args },
    {
      documentSelector: [{ language: 'lua' }],
      initializationOptions: settings,
      synchronize: { configurationSection: 'perilune' },
    },
  );
  const statusBar = new StatusBar();
  context.subscriptions.push(
    statusBar,
    vscode.commands.registerCommand('perilune.profile', () => run(statusBar, 'perilune.server.profile')),
    vscode.commands.registerCommand('perilune.profileWithArguments', async () => {
      const programArguments = await askForArguments();
      if (programArguments) await run(statusBar, 'perilune.server.profile', { arguments: programArguments });
    }),
    vscode.commands.registerCommand('perilune.rerun', () => run(statusBar, 'perilune.server.rerun')),
    vscode.commands.registerCommand('perilune.stop', () => execute('perilune.server.cancel')),
    vscode.commands.registerCommand('perilune.clear', async () => {
      await execute('perilune.server.clear');
      statusBar.showIdle();
    }),
  );
  try {
    await client.start();
  } catch (error) {
    const line = [command, ...args].join(' ');
    void vscode.window.showErrorMessage(
      `The language server did not start with "${line}" (setting perilune.server.command): ${error}`,
    );
  }
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function run(statusBar: StatusBar, command: string, options: object = {}): Promise<void> {
  const uri = luaDocument()?.uri.toString();
  if (!uri) return;
  statusBar.showRunning();
  try {
    statusBar.showReport(await execute<RunReport>(command, { uri, ...options }));
  } catch (error) {
    statusBar.showIdle();
    throw error;
  }
}

/** The Lua document that the user works on, even while a panel has the focus. */
function luaDocument(): vscode.TextDocument | undefined {
  const active = vscode.window.activeTextEditor;
  const editors = active ? [active, ...vscode.window.visibleTextEditors] : vscode.window.visibleTextEditors;
  return editors.map((editor) => editor.document).find((document) => document.languageId === 'lua');
}

async function execute<Result>(command: string, ...args: unknown[]): Promise<Result | null> {
  return client!.sendRequest(ExecuteCommandRequest.type, { command, arguments: args });
}
