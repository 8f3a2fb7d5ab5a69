// Chooses for every document whether its figures are inlay hints or decorations: VS Code cuts inlay hints where all
// providers together show more than `editor.inlayHints.maximumLength` characters on a line, and ours come last.

import * as vscode from 'vscode';
import { InlayHints } from '../server/connection';
import { anyIsCut, PlacedText } from './room';
import { HeatLine } from './scale';

type Choice = 'auto' | 'inlayHints' | 'decorations';

const CHECK_PAUSE_MS = 400;
const MOST_LINES = 200; // of ours, the hottest, for which others' hints are asked for
const DEFAULT_MAXIMUM = 43;

export class FigureDisplay implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<string>();
  /** A document's figures are shown the other way from now on; its URI. */
  readonly onDidChange = this.emitter.event;
  private readonly decorated = new Set<string>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly subscriptions: vscode.Disposable[];
  /** What others' hints are asked for, until the server is asked too. */
  private counting: { uri: string; range: vscode.Range } | undefined;
  private lines = new Map<string, HeatLine[]>();
  /** Has VS Code ask for inlay hints again; set by who knows the client. */
  refreshInlayHints: () => void = () => undefined;

  constructor() {
    this.subscriptions = [
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (
          ['perilune.heat.figures', 'perilune.hints', 'editor.inlayHints'].some((name) =>
            change.affectsConfiguration(name),
          )
        ) {
          for (const document of vscode.workspace.textDocuments) this.checkSoon(document);
        }
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.decorated.delete(uri.toString());
        this.lines.delete(uri.toString());
      }),
    ];
  }

  asDecorations(uri: string): boolean {
    return this.decorated.has(uri);
  }

  /** Leaves out the server's hints where they are decorations, and where others' hints are counted. */
  readonly provideInlayHints: InlayHints = (document, range, token, next) => {
    const uri = document.uri.toString();
    if (this.counting?.uri === uri && this.counting.range.isEqual(range)) {
      // The editor itself may ask meanwhile, and would not ask again.
      this.counting = undefined;
      return [];
    }
    return this.decorated.has(uri) ? [] : next(document, range, token);
  };

  /** The document's figures are others than they were. */
  linesChanged(document: vscode.TextDocument, lines: HeatLine[]): void {
    this.lines.set(document.uri.toString(), lines);
    this.checkSoon(document);
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.emitter.dispose();
  }

  private checkSoon(document: vscode.TextDocument): void {
    const uri = document.uri.toString();
    if (!this.lines.has(uri)) return;
    clearTimeout(this.timers.get(uri));
    this.timers.set(
      uri,
      setTimeout(() => void this.check(document), CHECK_PAUSE_MS),
    );
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    if (document.isClosed) return;
    const decorate = await this.shouldDecorate(document);
    if (decorate === this.decorated.has(uri)) return;
    if (decorate) this.decorated.add(uri);
    else this.decorated.delete(uri);
    this.refreshInlayHints();
    this.emitter.fire(uri);
  }

  private async shouldDecorate(document: vscode.TextDocument): Promise<boolean> {
    if (!vscode.workspace.getConfiguration('perilune').get('hints.enabled', true)) return false;
    const choice = vscode.workspace.getConfiguration('perilune.heat', document).get<Choice>('figures', 'auto');
    if (choice !== 'auto') return choice === 'decorations';
    const hints = vscode.workspace.getConfiguration('editor.inlayHints', document);
    if (hints.get('enabled') === 'off') return true;
    const hottest = [...(this.lines.get(document.uri.toString()) ?? [])]
      .sort((a, b) => b.share - a.share)
      .slice(0, MOST_LINES);
    const ours = hottest.map(({ line, label }) => ({ line, length: label.length }));
    if (ours.length === 0) return false;
    const others = await this.othersHints(document, ours);
    return anyIsCut(ours, others, hints.get('maximumLength', DEFAULT_MAXIMUM));
  }

  private async othersHints(document: vscode.TextDocument, ours: PlacedText[]): Promise<PlacedText[]> {
    const numbers = ours.map(({ line }) => line);
    const [first, last] = [Math.min(...numbers), Math.min(document.lineCount - 1, Math.max(...numbers))];
    const range = new vscode.Range(first, 0, last, document.lineAt(last).text.length);
    const uri = document.uri.toString();
    this.counting = { uri, range };
    try {
      const command = 'vscode.executeInlayHintProvider';
      const hints = await vscode.commands.executeCommand<vscode.InlayHint[] | undefined>(command, document.uri, range);
      return (hints ?? []).map(({ position, label }) => ({ line: position.line, length: labelLength(label) }));
    } finally {
      this.counting = undefined;
    }
  }
}

function labelLength(label: string | vscode.InlayHintLabelPart[]): number {
  return typeof label === 'string' ? label.length : label.reduce((sum, { value }) => sum + value.length, 0);
}
