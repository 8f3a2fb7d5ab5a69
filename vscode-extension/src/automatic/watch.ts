// Runs the last program again when one of its files changes on disk, by whatever program; off unless the setting says so.

import * as vscode from 'vscode';

const QUIET_MS = 500; // a change is often followed by others

export function watchPrograms(measured: () => string[], rerun: (uri: string) => Promise<void>): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher('**/*.lua', true, false, true);
  let timer: NodeJS.Timeout | undefined;
  const change = watcher.onDidChange((uri) => {
    const settings = vscode.workspace.getConfiguration('perilune');
    if (!settings.get('watch.enabled', false) || settings.get('profile.onSave', false) || !vscode.workspace.isTrusted)
      return;
    const changed = uri.toString();
    if (!measured().includes(changed)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void rerun(changed).catch(() => undefined), QUIET_MS);
  });
  return vscode.Disposable.from(watcher, change, { dispose: () => clearTimeout(timer) });
}
