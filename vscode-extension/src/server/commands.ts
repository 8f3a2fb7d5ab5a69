// The server's commands, by the names that the protocol has for them, and what they answer.

export const SERVER = {
  profile: 'perilune.server.profile',
  rerun: 'perilune.server.rerun',
  cancel: 'perilune.server.cancel',
  stop: 'perilune.server.stop',
  clear: 'perilune.server.clear',
  baseline: 'perilune.server.baseline',
  clearBaseline: 'perilune.server.clearBaseline',
  compare: 'perilune.server.compare',
  callPath: 'perilune.server.callPath',
  callTree: 'perilune.server.callTree',
  bytecode: 'perilune.server.bytecode',
  export: 'perilune.server.export',
  report: 'perilune.server.report',
  load: 'perilune.server.load',
  record: 'perilune.server.record',
  metric: 'perilune.server.metric',
  filter: 'perilune.server.filter',
  toggle: 'perilune.server.toggle',
  nextHot: 'perilune.server.nextHot',
  previousHot: 'perilune.server.previousHot',
  hotspots: 'perilune.server.hotspots',
  heat: 'perilune.server.heat',
  show: 'perilune.server.show',
  summary: 'perilune.server.summary',
  setBudget: 'perilune.server.setBudget',
  explainBudget: 'perilune.server.explainBudget',
  suggest: 'perilune.server.suggest',
  grow: 'perilune.server.grow',
  rewrite: 'perilune.server.rewrite',
  /** Not used here: where the workspace becomes trusted, another server may be the right one, and is started. */
  trust: 'perilune.server.trust',
} as const;

export type ServerCommand = (typeof SERVER)[keyof typeof SERVER];

/** A place in a file; lines from 0. */
export interface Place {
  uri: string;
  line: number;
}

/** What the commands that run a program answer. */
export interface RunReport {
  status: string;
  message: string;
  program?: string;
}

/** What the server says after a run, whoever asked for it. */
export interface FiguresNotification {
  program: string;
  status: string;
  message: string;
}
