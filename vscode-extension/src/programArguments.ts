// Asks for a program's arguments.

import * as vscode from 'vscode';

let lastLine = '';

/** The arguments typed, or undefined if the box was left. Quotes hold spaces together. */
export async function askForArguments(): Promise<string[] | undefined> {
  const line = await vscode.window.showInputBox({
    title: 'Profile This File',
    prompt: "The program's arguments, separated by spaces; quotes hold spaces together",
    value: lastLine,
  });
  if (line === undefined) return undefined;
  lastLine = line;
  return splitArguments(line);
}

function splitArguments(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
