// How a share becomes what is seen: a length that is true to it, and one of few depths of one hue.

/** What the server says of a line that is worth showing; lines from 0. */
export interface HeatLine {
  line: number;
  share: number;
  error?: number | null;
  label: string;
  stale: boolean;
}

/** From the coldest to the hottest: shares from which a depth begins. */
const DEPTHS = [0, 0.01, 0.04, 0.1, 0.25];
export const DEPTH_COUNT = DEPTHS.length;

const WHOLE_WIDTH = 40; // characters that a share of 1 is long
const STEP = 0.5; // of a character: lengths are rounded, so that there are few different ones

/** From 0, the coldest. */
export function depth(share: number): number {
  return Math.max(
    0,
    DEPTHS.findLastIndex((from) => share >= from),
  );
}

/** The length of a line's bar in characters, never so short that it is not seen, nor behind the figure at the text's end. */
export function barWidth(share: number, columns: number): number {
  const whole = Math.min(1, Math.max(0, share)) * WHOLE_WIDTH;
  return Math.max(STEP, Math.min(columns, Math.round(whole / STEP) * STEP));
}

/** How many columns a text takes. */
export function columnsOf(text: string, tabSize: number): number {
  let columns = 0;
  for (const character of text) columns += character === '\t' ? tabSize - (columns % tabSize) : 1;
  return columns;
}
