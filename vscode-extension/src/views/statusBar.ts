// The item in the status bar: profiles or stops on a click, and says what the last run came to.

import * as vscode from 'vscode';
import { RunReport } from '../server/commands';

const IDLE_TOOLTIP = 'Profile this Lua file';
const DONE = ['recorded', 'grown']; // what came of them is said in a message

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
    this.show('$(flame) Perilune', IDLE_TOOLTIP, false);
  }

  showRunning(): void {
    this.show('$(debug-stop) Stop', 'Stop the program that is being profiled', true);
  }

  showReport(report: RunReport | null): void {
    if (report?.status === 'finished') {
      // The bar has little room: how often it ran, and what changed, is in the tooltip.
      const [came] = report.message.split(/[,;] /);
      this.show(`$(flame) ${came}`, `${report.program}\n${report.message}\n${IDLE_TOOLTIP}`, false);
    } else if (report && DONE.includes(report.status)) {
      this.show('$(flame) Perilune', `${report.message}\n${IDLE_TOOLTIP}`, false);
    } else if (report && report.status !== 'cancelled' && report.status !== 'stopped') {
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
