// The processes of this machine that belong to the session, read from /proc: `ps` cuts long lines.

import fs from 'node:fs';

const MS_PER_TICK = 10;

/** What `take` finds in the processes that are still there and can be read. It is given an id, and what reads its files. */
function inProcesses(take) {
  const found = [];
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const taken = take(Number(pid), (name) => fs.readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' '));
      if (taken !== undefined) found.push(taken);
    } catch {
      // It is another's, or has ended.
    }
  }
  return found;
}

/** The ids of the language servers that were started from a Python environment. */
export function serverPids(environment) {
  return inProcesses((pid, read) => {
    const args = read('cmdline');
    return args.includes(`${environment}/`) && / lsp( |$)/.test(args) ? pid : undefined;
  });
}

/** The ids and command lines of the language servers whose home is below a folder. */
export function serversOf(folder) {
  return inProcesses((pid, read) => {
    const args = read('cmdline');
    return / lsp( |$)/.test(args) && read('environ').includes(`HOME=${folder}/`) ? `${pid} ${args}` : undefined;
  });
}

/** The command lines of the processes that run in a folder. */
export function processesIn(folder) {
  return inProcesses((pid, read) => (fs.readlinkSync(`/proc/${pid}/cwd`) === folder ? read('cmdline') : undefined));
}

/** Milliseconds that the extension hosts whose home is a folder took of the processor. */
export function extensionHostTime(home) {
  const ticks = inProcesses((_, read) => {
    if (!read('cmdline').includes('--type=extensionHost') || !read('environ').includes(home)) return undefined;
    const fields = read('stat').split(') ')[1].split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * MS_PER_TICK;
}
