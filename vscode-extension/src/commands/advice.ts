// The commands about budgets, rewrites and growth.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { cursor, goTo, luaEditor } from './luaFile';
import { Register } from './register';

interface Suggestion {
  line: number;
  kind: string;
  subject?: string;
  title?: string;
  message?: string;
}

/** Why a budget is exceeded; the server says it in a message as well. */
interface BudgetStory {
  message: string;
  lines: { uri: string; line: number; text: string; figure: string; amount: number; grown: number | null }[];
}

export function registerAdvice(register: Register, connection: Connection): void {
  register('perilune.setBudget', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const answer = await connection.execute<{ status: string; message: string }>(SERVER.setBudget, cursor(editor));
    if (answer?.status === 'set') vscode.window.setStatusBarMessage(`$(flame) ${answer.message}`, 8000);
  });
  register('perilune.explainBudget', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const answer = await connection.execute<BudgetStory>(SERVER.explainBudget, cursor(editor));
    if (!answer?.lines?.length) return;
    const items = answer.lines.map((cause) => ({
      label: cause.text.trim(),
      description: `line ${cause.line + 1} · ${amountOf(cause)} ${cause.figure}`,
      cause,
    }));
    const chosen = await vscode.window.showQuickPick(items, { title: answer.message });
    if (chosen) await goTo(chosen.cause.uri, chosen.cause.line);
  });
  register('perilune.grow', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const said = await vscode.window.showInputBox({
      title: 'Sizes to run the program at',
      prompt: 'Three or more, ascending. With nothing here the file says them, or they double until that takes long.',
      placeHolder: 'n=1000,2000,4000,8000',
    });
    if (said === undefined) return;
    const { uri } = cursor(editor);
    await connection.execute(SERVER.grow, said.trim() ? { uri, over: said.trim() } : { uri }); // the server says the rest
  });
  register('perilune.suggest', async () => {
    const editor = luaEditor();
    if (!editor) return;
    const { uri } = cursor(editor);
    const answer = await connection.execute<Suggestion[] | { suggestions: Suggestion[] }>(SERVER.suggest, { uri });
    const suggestions = Array.isArray(answer) ? answer : (answer?.suggestions ?? []);
    if (suggestions.length === 0) {
      void vscode.window.showInformationMessage('No rewrite is known for the hot lines of this file.');
      return;
    }
    const items = suggestions.map((suggestion) => ({
      label: (suggestion.title ?? suggestion.message ?? suggestion.kind).replaceAll('`', ''),
      description: `line ${suggestion.line + 1}`,
      suggestion,
    }));
    const title = 'Rewrites: each is tried before it is kept';
    const chosen = await vscode.window.showQuickPick(items, { title });
    if (!chosen) return;
    const { line, kind, subject } = chosen.suggestion;
    await connection.execute(SERVER.rewrite, { uri, line, kind, subject }); // the server says what came of it
  });
}

function amountOf({ amount, grown }: BudgetStory['lines'][number]): string {
  return amount.toLocaleString('en') + (grown ? ` (+${grown.toLocaleString('en')})` : '');
}
