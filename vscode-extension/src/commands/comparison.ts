// The commands that compare runs: what a run is compared with, and what came of it.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { luaUri } from './luaFile';
import { Register } from './register';

const DETAILS = 'Show the Hotspots';
export const PROFILE_FILES = {
  Profiles: ['json', 'cpuprofile', 'gz', 'pprof', 'callgrind', 'out', 'lcov', 'info', 'collapsed', 'folded', 'txt'],
  'All Files': ['*'],
};

export function registerComparison(register: Register, connection: Connection, refresh: () => void): void {
  const setBaseline = async (given: unknown, source: string, options: object = {}): Promise<void> => {
    const uri = luaUri(given);
    if (!uri) return;
    const progress = { location: vscode.ProgressLocation.Window, title: 'Perilune: setting the baseline' };
    const answer = await vscode.window.withProgress(progress, () =>
      connection.execute<{ message?: string }>(SERVER.baseline, { uri, source, ...options }),
    );
    if (answer?.message) void vscode.window.showInformationMessage(answer.message);
    refresh();
  };
  register('perilune.baselineFromRun', (uri) => setBaseline(uri, 'last'));
  register('perilune.baselineFromProfile', async (uri) => {
    const [file] =
      (await vscode.window.showOpenDialog({ title: 'Compare with a Saved Profile', filters: PROFILE_FILES })) ?? [];
    if (file) await setBaseline(uri, 'profile', { path: file.fsPath });
  });
  register('perilune.baselineFromRevision', async (uri) => {
    const revision = await vscode.window.showInputBox({
      title: 'Compare with a Git Revision',
      prompt: 'A branch, tag or commit. Its files run in a folder of their own; yours stay as they are.',
      value: 'HEAD',
    });
    if (revision) await setBaseline(uri, 'revision', { revision });
  });
  register('perilune.clearBaseline', async (uri) => {
    await connection.execute(SERVER.clearBaseline, { uri: luaUri(uri) });
    refresh();
  });
  register('perilune.compare', async (given) => {
    const uri = luaUri(given);
    if (!uri) return;
    const answer = await connection.execute<{ message: string }>(SERVER.compare, { uri });
    refresh();
    if (!answer) return;
    const choice = await vscode.window.showInformationMessage(answer.message, DETAILS);
    if (choice) await vscode.commands.executeCommand('perilune.hotspots.focus');
  });
}
