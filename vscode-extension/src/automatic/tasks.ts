// Tasks that profile, run or check Lua files on the command line.

import * as vscode from 'vscode';
import { luaEditor } from '../commands/luaFile';
import { commandLine } from '../server/find';

interface Definition extends vscode.TaskDefinition {
  command?: 'profile' | 'run' | 'check' | 'check-budget';
  file: string;
  arguments?: string[];
}

const COMMANDS = ['profile', 'check', 'check-budget'] as const;

export class PeriluneTasks implements vscode.TaskProvider {
  constructor(private readonly server: () => string[]) {}

  provideTasks(): vscode.Task[] {
    const document = luaEditor()?.document;
    const folder = document && vscode.workspace.getWorkspaceFolder(document.uri);
    if (!folder || document.uri.scheme !== 'file') return [];
    const file = vscode.workspace.asRelativePath(document.uri, false);
    return COMMANDS.map((command) => this.task({ type: 'perilune', command, file }, folder));
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const definition = task.definition as Definition;
    return definition.file ? this.task(definition, task.scope ?? vscode.TaskScope.Workspace) : undefined;
  }

  private task(definition: Definition, scope: vscode.WorkspaceFolder | vscode.TaskScope): vscode.Task {
    const { command = 'profile', file, arguments: words = [] } = definition;
    const server = this.server();
    const [program, ...args] = server.length > 0 ? commandLine(server) : ['perilune'];
    const execution = new vscode.ProcessExecution(program, [...args, command, file, ...words]);
    return new vscode.Task(definition, scope, `${command} ${file}`, 'perilune', execution, '$perilune');
  }
}
