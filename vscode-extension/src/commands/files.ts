// The commands that read and write profiles.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { PROFILE_FILES } from './comparison';
import { luaUri } from './luaFile';
import { splitArguments } from './programArguments';
import { Register } from './register';

const FORMATS = [
  { label: 'Profile', description: 'opens again here', format: 'json', ending: '.perilune.json' },
  { label: 'Web page', description: 'with source, flame graph and tables', format: 'html', ending: '.html' },
  { label: 'speedscope', format: 'speedscope', ending: '.speedscope.json' },
  { label: '.cpuprofile', description: 'VS Code and Chrome', format: 'cpuprofile', ending: '.cpuprofile' },
  { label: 'pprof', format: 'pprof', ending: '.pb.gz' },
  { label: 'callgrind', description: 'KCachegrind', format: 'callgrind', ending: '.callgrind' },
  { label: 'Collapsed stacks', description: 'flame graph scripts', format: 'collapsed', ending: '.collapsed.txt' },
  { label: 'LCOV', description: 'coverage', format: 'lcov', ending: '.lcov' },
  { label: 'Firefox Profiler', format: 'firefox', ending: '.firefox.json' },
];

/** Shows the figures of a profile in the sources; which of them were found is said. */
export async function load(connection: Connection, path: string): Promise<void> {
  const answer = await connection.execute<{ status: string; message: string }>(SERVER.load, { path });
  if (answer?.status === 'loaded') vscode.window.setStatusBarMessage(`$(flame) ${answer.message}`, 8000);
}

export function registerFiles(
  register: Register,
  connection: Connection,
  memory: vscode.Memento,
  refresh: () => void,
): void {
  register('perilune.export', async (given) => {
    const uri = luaUri(given);
    const chosen = await vscode.window.showQuickPick(FORMATS, { title: 'Save the Profile As' });
    if (!chosen) return;
    const name = uri ? vscode.Uri.parse(uri.replace(/\.lua$/, '') + chosen.ending) : undefined;
    const target = await vscode.window.showSaveDialog({ title: 'Save the Profile', defaultUri: name });
    if (!target) return;
    const asked = { ...(uri && { uri }), format: chosen.format, path: target.fsPath };
    const answer = await connection.execute<{ status: string; message: string }>(SERVER.export, asked);
    if (answer?.status !== 'written') throw new Error(answer?.message ?? 'the profile was not written.');
    vscode.window.setStatusBarMessage(`$(flame) Saved ${vscode.workspace.asRelativePath(target)}`, 5000);
  });
  register('perilune.load', async (given) => {
    const asked =
      given instanceof vscode.Uri
        ? [given]
        : await vscode.window.showOpenDialog({ title: 'Open a Saved Profile', filters: PROFILE_FILES });
    if (!asked?.length) return;
    await load(connection, asked[0].fsPath);
    refresh();
  });
  register('perilune.record', async () => {
    const command = (await namesRecorded()) ? [] : await askForCommand(memory);
    if (!command) return;
    await connection.execute(SERVER.record, command.length > 0 ? { command } : {});
    refresh();
  });
}

/** Whether the workspace says itself which command is recorded. */
async function namesRecorded(): Promise<boolean> {
  const files = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => vscode.Uri.joinPath(uri, '.perilune.toml'));
  const texts = files.map(async (file) => new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
  const read = await Promise.all(texts.map((text) => text.catch(() => '')));
  return read.some((text) => /^\s*\[\s*record\s*\]/m.test(text));
}

async function askForCommand(memory: vscode.Memento): Promise<string[] | undefined> {
  const key = 'recorded command';
  const line = await vscode.window.showInputBox({
    title: 'Record the Program That Runs This Lua',
    prompt: 'The command that starts it, in the workspace folder. [record] in .perilune.toml can say it for good.',
    placeHolder: 'love .',
    value: memory.get(key, ''),
  });
  if (!line?.trim()) return undefined;
  await memory.update(key, line);
  return splitArguments(line);
}
