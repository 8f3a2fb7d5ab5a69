// The bytecode of a file as a read-only document beside it, with counts and times; a cursor in either leads the other.

import * as vscode from 'vscode';
import { luaEditor, luaUri } from '../commands/luaFile';
import { Register } from '../commands/register';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { LineMap } from './lineMap';

const SCHEME = 'perilune-bytecode';

export class BytecodeDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.emitter.event;
  private readonly maps = new Map<string, LineMap>();
  private readonly mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
  });
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly connection: Connection) {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.window.onDidChangeTextEditorSelection((change) => this.follow(change.textEditor)),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.maps.delete(uri.query)),
    ];
  }

  register(register: Register): void {
    register('perilune.bytecode', async (given) => {
      const source = luaUri(given);
      if (!source) return;
      const uri = bytecodeUri(source);
      this.emitter.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
      const editor = luaEditor();
      if (editor) this.follow(editor);
    });
  }

  /** Fetches the listings that are open again. */
  refresh(): void {
    for (const source of this.maps.keys()) this.emitter.fire(bytecodeUri(source));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const source = uri.query;
    const answer = await this.connection.execute<{ text: string; lines: [number, number][] }>(SERVER.bytecode, {
      uri: source,
    });
    this.maps.set(source, new LineMap(answer?.lines ?? []));
    return answer?.text ?? '';
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.mark.dispose();
    this.emitter.dispose();
  }

  /** Shows in the other document what the cursor is at; the one that the cursor is in stays where it is. */
  private follow(editor: vscode.TextEditor): void {
    const { uri } = editor.document;
    const isListing = uri.scheme === SCHEME;
    const source = isListing ? uri.query : uri.toString();
    const map = this.maps.get(source);
    if (!map || editor !== vscode.window.activeTextEditor) return;
    const { line } = editor.selection.active;
    const target = isListing ? map.source(line) : map.text(line);
    const other = vscode.window.visibleTextEditors.find(({ document }) =>
      isListing ? document.uri.toString() === source : document.uri.scheme === SCHEME && document.uri.query === source,
    );
    editor.setDecorations(this.mark, []);
    if (!other || target === undefined || target >= other.document.lineCount) return;
    const { range } = other.document.lineAt(target);
    other.setDecorations(this.mark, [range]);
    other.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }
}

function bytecodeUri(source: string): vscode.Uri {
  const name = source.split('/').at(-1) ?? 'file';
  return vscode.Uri.from({ scheme: SCHEME, path: `/${decodeURIComponent(name)}.bytecode`, query: source });
}
