// An environment of the extension's own, in which it installs Perilune where the machine has none.

import { execFile, spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { onPath, programIn } from './find';
import { isRecentPython, pipFailure, wheelFor } from './installation';

const PYTHONS = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'py'];
const VERSION = 'import sys; print(*sys.version_info[:2])';
const LAST_OUTPUT = 4000; // characters of a failed step that are looked at

export class NoPythonError extends Error {}

/** Where the environment is. */
export function environmentFolder(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, 'environment');
}

/** Makes the environment anew and installs Perilune in it, from the extension's wheel if it has one. Shows its progress. */
export async function installServer(context: vscode.ExtensionContext, log: vscode.OutputChannel): Promise<boolean> {
  const title = 'Installing Perilune';
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const step = async (message: string, program: string, args: string[]): Promise<void> => {
      progress.report({ message });
      await run(program, args, stop.signal, log);
    };
    try {
      const folder = environmentFolder(context);
      await vscode.workspace.fs.createDirectory(context.globalStorageUri);
      progress.report({ message: 'looking for Python' });
      const python = await findPython();
      await rm(folder, { recursive: true, force: true });
      await step('making an environment', python, ['-m', 'venv', folder]);
      const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input'];
      const own = programIn(folder, 'python', process.platform);
      await step('installing the package', own, [...pip, await whatToInstall(context)]);
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      const message = error instanceof Error ? error.message : String(error);
      log.appendLine(message);
      void showFailure(message, error instanceof NoPythonError, log);
      return false;
    }
  });
}

async function showFailure(message: string, lacksPython: boolean, log: vscode.OutputChannel): Promise<void> {
  const [download, output] = ['Download Python', 'Show Output'];
  const choice = await vscode.window.showErrorMessage(message, lacksPython ? download : output);
  if (choice === download) await vscode.env.openExternal(vscode.Uri.parse('https://www.python.org/downloads/'));
  else if (choice === output) log.show();
}

async function findPython(): Promise<string> {
  let older = '';
  for (const name of PYTHONS) {
    const place = { searchPath: process.env.PATH ?? '', platform: process.platform };
    const python = await onPath(name, place);
    const version = python ? await outputOf(python, ['-c', VERSION]) : undefined;
    if (python && version && isRecentPython(version)) return python;
    if (version) older = ` (the one found is ${version.trim().replace(' ', '.')})`;
  }
  throw new NoPythonError(`Perilune needs Python 3.11 or newer, and there is none on the PATH${older}.`);
}

/** The bundled wheel if this machine can use it, else the package's name and the extension's own version. */
async function whatToInstall(context: vscode.ExtensionContext): Promise<string> {
  const folder = context.asAbsolutePath('wheels');
  const names = await readdir(folder).catch(() => []);
  const wheel = wheelFor(names, process.platform, process.arch);
  const { version } = context.extension.packageJSON as { version: string };
  return wheel ? path.join(folder, wheel) : `perilune~=${version}`;
}

function outputOf(program: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 10_000, windowsHide: true }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}

function run(program: string, args: string[], signal: AbortSignal, log: vscode.OutputChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    log.appendLine(`$ ${program} ${args.join(' ')}`);
    let output = '';
    const child = spawn(program, args, { signal, windowsHide: true });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-LAST_OUTPUT);
        log.append(text);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(pipFailure(args, output)))));
  });
}
