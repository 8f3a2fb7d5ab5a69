// The commands that read and write profiles.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { PROFILE_FILES } from './comparison';
import { luaUri } from './luaFile';
import { Register } from './register';

const FORMATS = [
  { label: 'Profile', description: 'opens again here', format: 'json', ending: '.perilune.json' },
  { label: 'Web page', description: 'with source, flame graph and tables', format: 'html', ending: '.html' },
  { label: 'speedscope', format: 'speedscope', ending: '.speedscope.json' },
  { label: '.cpuprofile', description: 'VS Code and Chrome', format: 'cpuprofile', ending: '.cpuprofile' },
  { label: 'pprof', format: 'pprof', ending: '.pb.gz' },
  { label: 'callgrind', description: 'KCachegrind', format: 'callgrind', ending: '.callgrind' },
  { label: 'Collapsed stacks', description: 'flame graph scripts', format: 'collapsed', ending: '.txt' },
  { label: 'LCOV', description: 'coverage', format: 'lcov', ending: '.lcov' },
  { label: 'Firefox Profiler', format: 'firefox', ending: '.json' },
];

export function registerFiles(register: Register, connection: Connection, refresh: () => void): void {
  register('perilune.export', async (given) => {
    const uri = luaUri(given);
    const chosen = await vscode.window.showQuickPick(FORMATS, { title: 'Save the Profile As' });
    if (!chosen) return;
    const name = uri ? vscode.Uri.parse(uri.replace(/\.lua$/, '') + chosen.ending) : undefined;
    const target = await vscode.window.showSaveDialog({ title: 'Save the Profile', defaultUri: name });
    if (!target) return;
    await connection.execute(SERVER.export, { ...(uri && { uri }), format: chosen.format, path: target.fsPath });
    vscode.window.setStatusBarMessage(`$(flame) Saved ${vscode.workspace.asRelativePath(target)}`, 5000);
  });
  register('perilune.load', async (given) => {
    const asked =
      given instanceof vscode.Uri
        ? [given]
        : await vscode.window.showOpenDialog({ title: 'Open a Saved Profile', filters: PROFILE_FILES });
    if (!asked?.length) return;
    await connection.execute(SERVER.load, { path: asked[0].fsPath });
    refresh();
  });
  register('perilune.record', async () => {
    await connection.execute(SERVER.record, {}); // which command that is the workspace's .perilune.toml says
    refresh();
  });
}
