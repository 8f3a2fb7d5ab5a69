// Registers commands so that what goes wrong in one is told to the user in one sentence.

import * as vscode from 'vscode';
import { MissingCommandError, NoServerError } from '../server/connection';

export type Register = (id: string, act: (...values: unknown[]) => unknown) => void;

export function registerIn(context: vscode.ExtensionContext): Register {
  return (id, act) => {
    const guarded = async (...values: unknown[]): Promise<unknown> => {
      try {
        return await act(...values);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (error instanceof NoServerError) void offerServer(message);
        else if (error instanceof MissingCommandError) void vscode.window.showWarningMessage(message);
        else void vscode.window.showErrorMessage(`Perilune: ${message}`);
        return undefined;
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(id, guarded));
  };
}

async function offerServer(message: string): Promise<void> {
  const [install, start] = ['Install Perilune', 'Start It Again'];
  const choice = await vscode.window.showWarningMessage(message, start, install);
  if (choice) await vscode.commands.executeCommand(choice === start ? 'perilune.restart' : 'perilune.install');
}
