// Heat in the editors that are seen: fetched after runs and edits, drawn anew when the settings or the documents change.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { HeatDecorations, HeatLook, HeatStyle } from './decorations';
import { FigureDisplay } from './figureDisplay';
import { HeatLine } from './scale';

const TYPING_PAUSE_MS = 200; // decorations move with the text; what an edit changed is asked for after it

export class Heat implements vscode.Disposable {
  private decorations: HeatDecorations;
  private readonly subscriptions: vscode.Disposable[];
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly known = new Map<string, HeatLine[]>();

  constructor(
    private readonly connection: Connection,
    private readonly figures: FigureDisplay,
    private readonly extension: vscode.Uri,
  ) {
    this.decorations = this.makeDecorations();
    this.subscriptions = [
      connection.onReady(() => this.refresh()),
      figures.onDidChange((uri) => this.draw(uri)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.refresh()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.languageId === 'lua') this.refreshSoon(document);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        clearTimeout(this.timers.get(uri.toString()));
        this.timers.delete(uri.toString());
        this.known.delete(uri.toString());
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        // The server is told of it meanwhile.
        if (change.affectsConfiguration('perilune.hints'))
          for (const { document } of luaEditors()) this.refreshSoon(document);
        if (!change.affectsConfiguration('perilune.heat')) return;
        this.decorations.dispose();
        this.decorations = this.makeDecorations();
        for (const uri of this.known.keys()) this.draw(uri);
      }),
    ];
  }

  /** Fetches the heat of all editors that are seen. */
  refresh(): void {
    const documents = new Set(luaEditors().map(({ document }) => document));
    for (const document of documents) void this.fetch(document);
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.decorations.dispose();
  }

  private refreshSoon(document: vscode.TextDocument): void {
    const uri = document.uri.toString();
    if (!this.known.get(uri)?.length) return;
    clearTimeout(this.timers.get(uri));
    this.timers.set(
      uri,
      setTimeout(() => void this.fetch(document), TYPING_PAUSE_MS),
    );
  }

  private async fetch(document: vscode.TextDocument): Promise<void> {
    if (!this.connection.can(SERVER.heat)) return;
    const uri = document.uri.toString();
    const { version } = document;
    const lines = await this.connection.execute<HeatLine[]>(SERVER.heat, { uri }).catch(() => null);
    if (document.isClosed) return;
    if (document.version !== version) {
      this.refreshSoon(document);
      return;
    }
    this.known.set(uri, lines ?? []);
    this.figures.linesChanged(document, lines ?? []);
    this.draw(uri);
  }

  private draw(uri: string): void {
    const lines = this.known.get(uri) ?? [];
    for (const editor of luaEditors()) {
      if (editor.document.uri.toString() === uri) {
        this.decorations.show(editor, lines, this.figures.asDecorations(uri));
      }
    }
  }

  private makeDecorations(): HeatDecorations {
    const settings = vscode.workspace.getConfiguration('perilune.heat');
    const look: HeatLook = {
      style: settings.get<HeatStyle>('style', 'bar'),
      gutter: settings.get('gutter', true),
      overviewRuler: settings.get('overviewRuler', true),
    };
    return new HeatDecorations(look, vscode.Uri.joinPath(this.extension, 'media', 'gutter'));
  }
}

function luaEditors(): vscode.TextEditor[] {
  return vscode.window.visibleTextEditors.filter(({ document }) => document.languageId === 'lua');
}
