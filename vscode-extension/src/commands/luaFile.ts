// The file that a command is about.

import * as vscode from 'vscode';

/** The editor that the user works in, even while a panel has the focus. */
export function luaEditor(): vscode.TextEditor | undefined {
  const active = vscode.window.activeTextEditor;
  const editors = active ? [active, ...vscode.window.visibleTextEditors] : vscode.window.visibleTextEditors;
  return editors.find((editor) => editor.document.languageId === 'lua');
}

/** What a menu of the explorer or of an editor's title gives with a command, else the editor's file. */
export function luaUri(given?: unknown): string | undefined {
  if (given instanceof vscode.Uri) return given.toString();
  return luaEditor()?.document.uri.toString();
}

/** Where the cursor is, as the protocol has it. */
export function cursor(editor: vscode.TextEditor): { uri: string; line: number } {
  return { uri: editor.document.uri.toString(), line: editor.selection.active.line };
}

/** Shows a place; lines from 0. */
export async function goTo(uri: string, line: number, options: vscode.TextDocumentShowOptions = {}): Promise<void> {
  const position = new vscode.Position(Math.max(0, line), 0);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  const text = document.lineAt(Math.min(position.line, document.lineCount - 1));
  const start = new vscode.Position(text.lineNumber, text.firstNonWhitespaceCharacterIndex);
  const editor = await vscode.window.showTextDocument(document, {
    ...options,
    selection: new vscode.Selection(start, start),
  });
  editor.revealRange(text.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
