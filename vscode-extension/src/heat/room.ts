// Whether an inlay hint has room: VS Code shows so many characters of all providers together on a line, ours last.

export interface PlacedText {
  line: number;
  length: number;
}

/** Whether any of our labels would be cut behind what others show on its line. `most` is VS Code's setting, 0 for no limit. */
export function anyIsCut(ours: PlacedText[], others: PlacedText[], most: number): boolean {
  if (most <= 0) return false;
  const taken = new Map<number, number>();
  for (const { line, length } of others) taken.set(line, (taken.get(line) ?? 0) + length);
  return ours.some(({ line, length }) => length + (taken.get(line) ?? 0) > most);
}
