// The commands that choose what is shown, and that lead from one figure to the next.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { Place, SERVER, ServerCommand } from '../server/commands';
import { cursor, goTo, luaEditor, luaUri } from './luaFile';
import { Register } from './register';

const METRICS = [
  { label: 'Self time', description: 'without the Lua functions that a line calls', metric: 'time' },
  { label: 'Total time', description: 'with them', metric: 'total' },
  { label: 'Count', description: 'instructions: exact', metric: 'count' },
  { label: 'Memory', description: 'bytes allocated', metric: 'memory' },
  { label: 'Change', description: 'against the baseline', metric: 'change' },
  { label: 'Growth', description: 'with the size of what it works on', metric: 'growth' },
];
const FILTERS = [
  { label: 'Everything', filter: 'everything' },
  { label: 'Only my own code', description: 'files of the workspace', filter: 'workspace' },
  { label: 'Only this file', filter: 'file' },
];

export function registerDisplay(
  register: Register,
  connection: Connection,
  refresh: () => void,
  measured: () => string[],
): void {
  register('perilune.metric', async () => {
    const chosen = await vscode.window.showQuickPick(METRICS, { title: 'Show Figures Of' });
    if (!chosen) return;
    await connection.execute(SERVER.metric, { metric: chosen.metric });
    refresh();
  });
  register('perilune.filter', async () => {
    const chosen = await vscode.window.showQuickPick(FILTERS, { title: 'Show Figures In' });
    if (!chosen) return;
    await connection.execute(SERVER.filter, { filter: chosen.filter });
    refresh();
  });
  register('perilune.toggle', async () => {
    await connection.execute(SERVER.toggle);
    refresh();
  });
  register('perilune.nextHot', () => step(connection, SERVER.nextHot));
  register('perilune.previousHot', () => step(connection, SERVER.previousHot));
  register('perilune.calledFromHere', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const { line, character } = editor.selection.active;
    const position = { line, character };
    await connection.execute(SERVER.callPath, { uri: cursor(editor).uri, position });
  });
  register('perilune.clearCallPath', async () => {
    const [uri] = [luaUri(), ...measured()];
    if (uri) await connection.execute(SERVER.callPath, { uri, clear: true });
  });
  register('perilune.summary', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const { start, end } = editor.selection;
    const range = { start: { line: start.line, character: 0 }, end: { line: end.line, character: end.character } };
    const answer = await connection.execute<{ text: string }>(SERVER.summary, { uri: cursor(editor).uri, range });
    if (answer) void vscode.window.showInformationMessage(answer.text);
  });
}

async function step(connection: Connection, command: ServerCommand): Promise<void> {
  const editor = luaEditor();
  if (!editor) return;
  const place = await connection.execute<Place>(command, cursor(editor));
  if (place) await goTo(place.uri, place.line);
  else vscode.window.setStatusBarMessage('$(flame) No hot line: profile first', 3000);
}
