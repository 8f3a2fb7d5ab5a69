// Finds the command that starts the language server: the setting's, the workspace's virtual environment's, the one on the
// path, the module of a Python on the path, the extension's own environment, in this order.

import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';

export interface Places {
  /** The setting, empty if it is not set. */
  configured: string[];
  /** Workspace folders whose virtual environments may be used: none where the workspace is not trusted. */
  folders: string[];
  /** Where the extension keeps an environment of its own. */
  environment: string;
  searchPath: string;
  platform: NodeJS.Platform;
}

export interface Found {
  command: string[];
  origin: 'setting' | 'workspace' | 'path' | 'module' | 'environment';
}

const SERVER_ARGUMENTS = ['lsp'];
const ENVIRONMENT_FOLDERS = ['.venv', 'venv', 'env'];
// -P: a module that lies in the current folder must not stand in for one of Python's.
const MODULE = ['-P', '-m', 'perilune'];
const HAS_MODULE = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("perilune.lsp.server") is None)';
const MODULE_CHECK_MS = 20_000;

/** The first command that is there. A command that the user has set is never replaced by another. */
export async function findServer(places: Places): Promise<Found | undefined> {
  if (places.configured.length > 0) return { command: places.configured, origin: 'setting' };
  for (const folder of places.folders.flatMap((root) => ENVIRONMENT_FOLDERS.map((name) => path.join(root, name)))) {
    const program = await executable(programIn(folder, 'perilune', places.platform), places.platform);
    if (program) return { command: [program, ...SERVER_ARGUMENTS], origin: 'workspace' };
  }
  const program = await onPath('perilune', places);
  if (program) return { command: [program, ...SERVER_ARGUMENTS], origin: 'path' };
  for (const name of ['python3', 'python']) {
    const python = await onPath(name, places);
    if (python && (await succeeds(python, ['-P', '-c', HAS_MODULE]))) {
      return { command: [python, ...MODULE, ...SERVER_ARGUMENTS], origin: 'module' };
    }
  }
  const own = await executable(programIn(places.environment, 'python', places.platform), places.platform);
  if (own && (await succeeds(own, ['-P', '-c', HAS_MODULE]))) {
    return { command: [own, ...MODULE, ...SERVER_ARGUMENTS], origin: 'environment' };
  }
  return undefined;
}

/** What stands for `perilune` on a command line, made from what starts its server. */
export function commandLine(server: string[]): string[] {
  const end = server.lastIndexOf('lsp');
  return end > 0 ? server.slice(0, end) : server;
}

/** A program of a virtual environment. */
export function programIn(environment: string, name: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? path.join(environment, 'Scripts', name) : path.join(environment, 'bin', name);
}

/** Where a program is on the search path, undefined if it is not. */
export async function onPath(
  name: string,
  { searchPath, platform }: Pick<Places, 'searchPath' | 'platform'>,
): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter).filter(Boolean)) {
    const found = await executable(path.join(folder, name), platform);
    if (found) return found;
  }
  return undefined;
}

async function executable(program: string, platform: NodeJS.Platform): Promise<string | undefined> {
  for (const ending of platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']) {
    try {
      await access(program + ending, constants.X_OK);
      return program + ending;
    } catch {
      // The next ending, or the next place.
    }
  }
  return undefined;
}

function succeeds(program: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: MODULE_CHECK_MS, windowsHide: true }, (error) => resolve(error === null));
  });
}
