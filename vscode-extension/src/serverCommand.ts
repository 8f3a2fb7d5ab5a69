// Finds the command that starts the language server.

import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';

/** The configured command if it can be found, else the module under the first Python that can. */
export async function serverCommand(configured: string[]): Promise<string[]> {
  if (configured.length > 0 && (await isOnPath(configured[0]))) return configured;
  for (const python of ['python3', 'python']) {
    if (await isOnPath(python)) return [python, '-P', '-m', 'perilune', 'lsp'];
  }
  return configured.length > 0 ? configured : ['perilune', 'lsp'];
}

async function isOnPath(command: string): Promise<boolean> {
  const folders = command.includes(path.sep) ? [''] : (process.env.PATH ?? '').split(path.delimiter);
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  const candidates = folders.flatMap((folder) => endings.map((ending) => path.join(folder, command + ending)));
  const found = await Promise.all(
    candidates.map((candidate) => access(candidate, constants.X_OK).then(() => true, () => false)),
  );
  return found.includes(true);
}
