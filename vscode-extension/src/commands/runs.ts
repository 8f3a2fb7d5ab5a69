// The commands that run programs and stop them.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { RunReport, SERVER, ServerCommand } from '../server/commands';
import { StatusBar } from '../views/statusBar';
import { luaEditor, luaUri } from './luaFile';
import { splitArguments } from './programArguments';
import { Register } from './register';

/** The commands that run programs: while one does, it can be stopped. */
const RUNNING: string[] = [SERVER.profile, SERVER.rerun, SERVER.record, SERVER.grow];

export class Runs {
  private running = 0;
  private readonly emitter = new vscode.EventEmitter<void>();
  /** A run that was asked for here has ended. */
  readonly onDidEnd = this.emitter.event;

  constructor(
    private readonly connection: Connection,
    private readonly statusBar: StatusBar,
    private readonly memory: vscode.Memento,
    /** The files of the last run. */
    private readonly measured: () => string[],
  ) {
    connection.onExecuting(({ command, answer }) => {
      if (RUNNING.includes(command)) void this.show(answer as Promise<RunReport | null>);
    });
  }

  register(register: Register): void {
    register('perilune.profile', (uri) => this.run(SERVER.profile, luaUri(uri)));
    register('perilune.profileWithArguments', (uri) => this.runWithArguments(luaUri(uri)));
    register('perilune.profileEntry', () => this.runEntry());
    register('perilune.rerun', (uri) => this.run(SERVER.rerun, luaUri(uri)));
    register('perilune.stop', () => this.stop());
    register('perilune.clear', async () => {
      await this.connection.execute(SERVER.clear);
      this.statusBar.showIdle();
      this.emitter.fire();
    });
  }

  /** Has the server run a program. */
  async run(command: ServerCommand, uri: string | undefined, options: object = {}): Promise<void> {
    if (!uri) return;
    const files = this.measured();
    await saved(files.includes(uri) ? files : [uri]);
    await this.connection.execute<RunReport>(command, { uri, ...options });
  }

  /** Shows that a program runs and what comes of it, whoever asked for it: the palette, or a code lens. */
  private async show(answer: Promise<RunReport | null>): Promise<void> {
    this.running += 1;
    this.statusBar.showRunning();
    const report = await answer.catch(() => null);
    this.running -= 1;
    if (this.running === 0) this.statusBar.showReport(report);
    this.emitter.fire();
  }

  private async runWithArguments(uri: string | undefined): Promise<void> {
    if (!uri) return;
    const key = `arguments ${uri}`;
    const line = await vscode.window.showInputBox({
      title: 'Profile This File with Arguments',
      prompt: "The program's arguments, separated by spaces; quotes hold spaces together",
      value: this.memory.get(key, ''),
    });
    if (line === undefined) return;
    await this.memory.update(key, line);
    await this.run(SERVER.profile, uri, { arguments: splitArguments(line) });
  }

  /** Runs the file by way of the program that the selection names, or that the user picks: a test, a benchmark. */
  private async runEntry(): Promise<void> {
    const editor = luaEditor();
    if (!editor) return;
    const selected = editor.document
      .getText(editor.selection)
      .trim()
      .replace(/^["']|["']$/g, '');
    const entry = selected.endsWith('.lua') ? selected : await pickEntry(editor.document.uri);
    if (entry) await this.run(SERVER.profile, editor.document.uri.toString(), { entry });
  }

  private async stop(): Promise<void> {
    await this.connection.execute(this.connection.can(SERVER.stop) ? SERVER.stop : SERVER.cancel);
  }
}

/** Saves those of the files that are edited, and waits for what is being saved: what runs is what is seen. */
async function saved(uris: string[]): Promise<void> {
  if (vscode.workspace.getConfiguration('perilune').get('profile.unsaved', 'save') !== 'save') return;
  const edited = vscode.workspace.textDocuments.filter(
    ({ isDirty, uri }) => isDirty && uri.scheme === 'file' && uris.includes(uri.toString()),
  );
  await Promise.all(edited.map((document) => document.save()));
}

/** A Lua file of the workspace, those that look like tests and benchmarks first; the path as seen from its folder. */
async function pickEntry(around: vscode.Uri): Promise<string | undefined> {
  const files = await vscode.workspace.findFiles('**/*.lua', '**/{node_modules,.git,.perilune}/**', 1000);
  const names = files.map((uri) => ({ label: vscode.workspace.asRelativePath(uri, false), uri }));
  const isEntry = ({ label }: { label: string }): boolean => /test|spec|bench|main/i.test(label);
  names.sort((a, b) => Number(isEntry(b)) - Number(isEntry(a)) || a.label.localeCompare(b.label));
  const title = `Profile ${vscode.workspace.asRelativePath(around)} by Running…`;
  return (await vscode.window.showQuickPick(names, { title, placeHolder: 'The test or benchmark that uses this file' }))
    ?.label;
}
