// What the server's hottest places are, and how they read in one line.

export type Sort = 'self' | 'total' | 'count' | 'memory' | 'change';

export interface Spot {
  uri?: string | null;
  line?: number;
  path?: string;
  name?: string;
  text?: string;
  label?: string;
  share?: number | null;
  error?: number | null;
  self_ns?: number | null;
  total_ns?: number | null;
  calls?: number;
  hits?: number;
  instructions?: number;
  allocated_bytes?: number;
  stale?: boolean;
  cycles?: number;
  changed?: boolean | string | null;
}

export interface Hotspots {
  run: {
    program: string;
    arguments: string[];
    complete: boolean;
    failure?: string | null;
    measured_at?: number | string | null;
    run_ns?: number | null;
    instructions: number;
    caution?: string | null;
    changed: string[];
    sort: Sort;
    filter: string;
    uri?: string | null;
  } | null;
  files: Spot[];
  functions: Spot[];
  lines: Spot[];
  builtins: Spot[];
  collector:
    | (Omit<Spot, 'cycles'> & {
        ns?: number | null;
        cycles?: number | null;
        freed_bytes?: number | null;
        lines?: Spot[];
      })
    | null;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;
}

export function duration(ns: number): string {
  return scaled(ns, [' ns', ' µs', ' ms', ' s']);
}

export function count(number: number): string {
  return scaled(number, ['', 'k', 'M', 'G', 'T']);
}

export function bytes(number: number): string {
  return scaled(number, [' B', ' kB', ' MB', ' GB', ' TB']);
}

/** The figures of a row behind its share, those that it is sorted by first. */
export function figures(spot: Spot, sort: Sort): string {
  const time = sort === 'total' ? (spot.total_ns ?? spot.self_ns) : spot.self_ns;
  const how = spot.calls ?? spot.hits;
  const parts = [
    sort === 'change' ? (spot.label?.split(' · ').find((part) => /[▲▼]/.test(part)) ?? '') : '',
    sort === 'memory' && spot.allocated_bytes !== undefined ? bytes(spot.allocated_bytes) : '',
    sort === 'count' && spot.instructions !== undefined ? `${count(spot.instructions)} instr` : '',
    how !== undefined ? `${count(how)}×` : '',
    sort !== 'memory' && sort !== 'count' && time ? duration(time) : '',
    spot.stale ? 'edited' : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

/** What ran, with what, when, how long, and what is not the same since. */
export function runText({ run }: Hotspots, fileName: (uri: string) => string): string | undefined {
  if (!run) return undefined;
  const took = typeof run.run_ns === 'number' ? duration(run.run_ns) : `${count(run.instructions)} instructions`;
  const when = run.measured_at
    ? new Date(typeof run.measured_at === 'number' ? run.measured_at * 1000 : run.measured_at)
    : undefined;
  const first = [[run.program, ...run.arguments].join(' '), took, when ? timeText(when) : ''];
  const changed = run.changed.length > 0 ? `Edited since: ${run.changed.map(fileName).join(', ')}.` : '';
  const failure = run.failure ? `It ended ${run.failure}.` : run.complete ? '' : 'It was stopped.';
  const names = { self: '', total: 'total time', count: 'count', memory: 'memory', change: 'change' };
  const sort = names[run.sort] ? `Sorted by ${names[run.sort]}.` : '';
  // The view shows it as one paragraph.
  return [`${first.filter(Boolean).join(' · ')}.`, failure, sort, run.caution ?? '', changed].filter(Boolean).join(' ');
}

/** The time of today, else with its date. */
function timeText(when: Date): string {
  const isToday = when.toDateString() === new Date().toDateString();
  return isToday ? `at ${when.toLocaleTimeString()}` : when.toLocaleString();
}

function scaled(number: number, units: string[]): string {
  let power = 0;
  while (number >= 999.5 && power < units.length - 1) {
    number /= 1000;
    power += 1;
  }
  const digits = power === 0 || number >= 9.95 ? 0 : 1;
  return number.toFixed(digits) + units[power];
}
