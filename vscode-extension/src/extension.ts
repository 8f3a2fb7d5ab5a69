// Registers: starts the language server and offers its commands and views. What they do is the server's affair.

import * as vscode from 'vscode';
import { explainConfigurationFiles } from './automatic/configurationFiles';
import { PeriluneTasks } from './automatic/tasks';
import { watchPrograms } from './automatic/watch';
import { registerAdvice } from './commands/advice';
import { registerComparison } from './commands/comparison';
import { registerDisplay } from './commands/display';
import { registerFiles } from './commands/files';
import { followLimit } from './commands/limit';
import { goTo } from './commands/luaFile';
import { registerIn } from './commands/register';
import { Runs } from './commands/runs';
import { FigureDisplay } from './heat/figureDisplay';
import { Heat } from './heat/heat';
import { Reports } from './report/panel';
import { SavedProfiles } from './report/savedProfiles';
import { Place, SERVER } from './server/commands';
import { Connection } from './server/connection';
import { Launcher } from './server/launch';
import { BytecodeDocuments } from './views/bytecode';
import { HotspotsView } from './views/hotspots';
import { StatusBar } from './views/statusBar';

let connection: Connection | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const register = registerIn(context);
  const log = vscode.window.createOutputChannel('Perilune');
  const figures = new FigureDisplay();
  const server = new Connection(log, figures.provideInlayHints);
  connection = server;
  figures.refreshInlayHints = () => server.refreshInlayHints();
  const launcher = new Launcher(context, server, log);
  const statusBar = new StatusBar();
  const heat = new Heat(server, figures, context.extensionUri);
  const hotspots = new HotspotsView(server);
  const bytecode = new BytecodeDocuments(server);
  const runs = new Runs(server, statusBar, context.workspaceState, () => hotspots.measured);
  const refresh = (): void => {
    heat.refresh();
    void hotspots.refresh();
  };
  const reports = new Reports(context, server, () => hotspots.measured);
  const refreshAll = (): void => {
    refresh();
    bytecode.refresh();
    void reports.update();
  };

  runs.register(register);
  hotspots.register(register);
  bytecode.register(register);
  reports.register(register);
  registerDisplay(register, server, refresh, () => hotspots.measured);
  registerComparison(register, server, refreshAll);
  registerFiles(register, server, context.workspaceState, refreshAll);
  registerAdvice(register, server);
  register('perilune.goTo', (place) => goTo((place as Place).uri, (place as Place).line));
  register('perilune.restart', () => launcher.start());
  register('perilune.install', () => launcher.install());
  register('perilune.showOutput', () => log.show());

  const savedProfiles = new SavedProfiles(server, reports, refresh);
  const rerun = (uri: string): Promise<void> => runs.run(SERVER.rerun, uri);
  context.subscriptions.push(
    ...[log, figures, server, statusBar, heat, hotspots, bytecode, reports, explainConfigurationFiles()],
    watchPrograms(() => hotspots.measured, rerun),
    vscode.tasks.registerTaskProvider('perilune', new PeriluneTasks(() => server.serverCommand)),
    vscode.window.registerCustomEditorProvider('perilune.savedProfile', savedProfiles),
    vscode.window.registerCustomEditorProvider('perilune.foreignProfile', savedProfiles),
    server.onReady(refresh),
    server.onFigures(refreshAll),
    runs.onDidEnd(refreshAll),
    followLimit(server, refresh),
    vscode.workspace.onDidSaveTextDocument(({ languageId }) => languageId === 'lua' && void hotspots.refresh()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => launcher.start()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('perilune.server')) void launcher.start();
    }),
  );
  await launcher.start();
}

export async function deactivate(): Promise<void> {
  await connection?.stop();
}
