// Whether the figures are limited to a call path: by a command here, a frame of the report or a code lens.

import * as vscode from 'vscode';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';

/** Keeps what the menus offer, and what is shown, at what the server says. */
export function followLimit(connection: Connection, refresh: () => void): vscode.Disposable {
  const set = (limited: boolean): void =>
    void vscode.commands.executeCommand('setContext', 'perilune.limited', limited);
  return vscode.Disposable.from(
    connection.onExecuting(({ command, answer }) => {
      if (command !== SERVER.callPath) return;
      void answer.then(
        (value) => {
          const { status, message } = (value ?? {}) as { status?: string; message?: string };
          if (message) vscode.window.setStatusBarMessage(message, 8000);
          if (status === 'failed') return;
          set(status === 'limited');
          refresh();
        },
        () => undefined,
      );
    }),
    // The next run shows all of itself.
    connection.onFigures(() => set(false)),
  );
}
