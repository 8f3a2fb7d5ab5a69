// The decorations that show heat: a bar or a shade behind the text, a mark in the gutter and one beside the scroll bar,
// and the figure at the line's end where it is not an inlay hint.

import * as vscode from 'vscode';
import { barWidth, columnsOf, depth, DEPTH_COUNT, HeatLine } from './scale';

export type HeatStyle = 'bar' | 'shade' | 'none';

export interface HeatLook {
  style: HeatStyle;
  gutter: boolean;
  overviewRuler: boolean;
}

const STALE_OPACITY = '0.55';

/** The decoration types of a look; made anew when the look changes. */
export class HeatDecorations implements vscode.Disposable {
  private readonly byDepth: vscode.TextEditorDecorationType[];
  private readonly stale: vscode.TextEditorDecorationType;
  private readonly figures = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
  });

  constructor(
    private readonly look: HeatLook,
    icons: vscode.Uri,
  ) {
    const icon = (theme: string, name: string): vscode.Uri => vscode.Uri.joinPath(icons, `${theme}-${name}.svg`);
    const type = (name: string, mark: boolean): vscode.TextEditorDecorationType =>
      vscode.window.createTextEditorDecorationType({
        isWholeLine: true,
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
        ...(look.style === 'shade' && { backgroundColor: new vscode.ThemeColor(`perilune.heat.${name}`) }),
        ...(look.overviewRuler &&
          mark && {
            overviewRulerColor: new vscode.ThemeColor(`perilune.heat.mark${name}`),
            overviewRulerLane: vscode.OverviewRulerLane.Left,
          }),
        ...(look.gutter && {
          gutterIconSize: 'contain',
          light: { gutterIconPath: icon('light', name) },
          dark: { gutterIconPath: icon('dark', name) },
        }),
      });
    this.byDepth = Array.from({ length: DEPTH_COUNT }, (_, index) => type(String(index), index > 0));
    this.stale = type('stale', false);
  }

  /** Shows the heat of an editor's lines in place of what was shown; `withFigures` also their labels. */
  show(editor: vscode.TextEditor, lines: HeatLine[], withFigures: boolean): void {
    const shown = lines.filter(({ line }) => line >= 0 && line < editor.document.lineCount);
    const groups = this.byDepth.map((_, index) => shown.filter((line) => !line.stale && depth(line.share) === index));
    groups.forEach((group, index) => {
      const decorations = group.map((line) => this.heat(editor, line, String(index)));
      editor.setDecorations(this.byDepth[index], decorations);
    });
    const stale = shown.filter((line) => line.stale);
    editor.setDecorations(
      this.stale,
      stale.map((line) => this.heat(editor, line, 'stale')),
    );
    const labelled = withFigures ? shown.filter(({ label }) => label !== '') : [];
    editor.setDecorations(
      this.figures,
      labelled.map((line) => figure(editor.document, line)),
    );
  }

  dispose(): void {
    for (const type of [...this.byDepth, this.stale, this.figures]) type.dispose();
  }

  private heat(editor: vscode.TextEditor, { line, share }: HeatLine, name: string): vscode.DecorationOptions {
    const range = new vscode.Range(line, 0, line, 0);
    const { text } = editor.document.lineAt(line);
    if (this.look.style !== 'bar' || text === '') return { range };
    // Behind the text and out of its way, which decorations have no option for.
    const place =
      'none; position: absolute; left: 0; top: 0; z-index: -1; pointer-events: none; border-radius: 0 2px 2px 0';
    const before = {
      contentText: '',
      height: '100%',
      width: `${barWidth(share, columnsOf(text, Number(editor.options.tabSize)))}ch`,
      backgroundColor: new vscode.ThemeColor(`perilune.heat.${name}`),
      textDecoration: place,
    };
    return { range, renderOptions: { before } };
  }
}

function figure(document: vscode.TextDocument, { line, label, share, stale }: HeatLine): vscode.DecorationOptions {
  const { end } = document.lineAt(line).range;
  const after = {
    contentText: label,
    margin: '0 0 0 2ch',
    color: new vscode.ThemeColor(stale ? 'perilune.figure.stale' : `perilune.figure.${depth(share)}`),
    ...(stale && { textDecoration: `none; opacity: ${STALE_OPACITY}` }),
  };
  return { range: new vscode.Range(end, end), renderOptions: { after } };
}
