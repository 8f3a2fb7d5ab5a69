// The item in the status bar: profiles or stops on a click, and says what the last run came to.

import * as vscode from 'vscode';

/** What the server answers to a command that runs a program. */
export interface RunReport {
  status: 'finished' | 'failed' | 'timed out' | 'cancelled';
  message: string;
  program: string;
}

const idleTooltip = 'Profile this Lua file';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('perilune', vscode.StatusBarAlignment.Left);
  private readonly watcher: vscode.Disposable;

  constructor() {
    this.item.name = 'Perilune';
    this.showIdle();
    this.watcher = vscode.window.onDidChangeVisibleTextEditors(() => this.showForLua());
    this.showForLua();
  }

  showIdle(): void {
    this.show('$(flame) Perilune', idleTooltip, false);
  }

  showRunning(): void {
    this.show('$(debug-stop) Stop', 'Stop the program that is being profiled', true);
  }

  showReport(report: RunReport | null): void {
    if (report?.status === 'finished') {
      this.show(`$(flame) ${report.message}`, `${report.program}\n${idleTooltip}`, false);
    } else if (report && report.status !== 'cancelled') {
      this.show('$(warning) Perilune', report.message, false);
    } else {
      this.showIdle();
    }
  }

  dispose(): void {
    this.watcher.dispose();
    this.item.dispose();
  }

  private show(text: string, tooltip: string, running: boolean): void {
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.command = running ? 'perilune.stop' : 'perilune.profile';
    void vscode.commands.executeCommand('setContext', 'perilune.running', running);
  }

  private showForLua(): void {
    if (vscode.window.visibleTextEditors.some((editor) => editor.document.languageId === 'lua')) this.item.show();
    else this.item.hide();
  }
}
