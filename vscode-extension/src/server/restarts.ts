// How often a server that ends by itself is started again.

const MOST = 4;
const WINDOW_MS = 180_000;

export class Restarts {
  private times: number[] = [];

  /** Counts a restart at a time in milliseconds; false if there were too many just before. */
  allowed(now: number): boolean {
    this.times = this.times.filter((time) => now - time < WINDOW_MS);
    if (this.times.length >= MOST) return false;
    this.times.push(now);
    return true;
  }
}
