// Which line of a listing belongs to which line of the source, both ways.

export class LineMap {
  private readonly toSource = new Map<number, number>();
  private readonly toText = new Map<number, number>();

  /** Pairs of a line of the listing and a line of the source, both from 0. */
  constructor(pairs: [number, number][]) {
    for (const [text, source] of pairs) {
      this.toSource.set(text, source);
      if (!this.toText.has(source)) this.toText.set(source, text);
    }
  }

  source(textLine: number): number | undefined {
    return this.toSource.get(textLine);
  }

  /** The first line of the listing for a source line. */
  text(sourceLine: number): number | undefined {
    return this.toText.get(sourceLine);
  }
}
