// The view of the hottest files, functions, lines and library functions, and of the collector.

import * as vscode from 'vscode';
import { Register } from '../commands/register';
import { Connection } from '../server/connection';
import { SERVER } from '../server/commands';
import { bytes, duration, figures, Hotspots, percent, runText, Sort, Spot } from './hotspotText';

interface Group {
  title: string;
  icon: string;
  spots: Spot[];
  open: boolean;
}
type Node = Group | Spot;

const LIMIT = 30;
const SORTS: { label: string; sort: Sort }[] = [
  { label: 'Self time', sort: 'self' },
  { label: 'Total time', sort: 'total' },
  { label: 'Count', sort: 'count' },
  { label: 'Memory', sort: 'memory' },
  { label: 'Change', sort: 'change' },
];

export class HotspotsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.emitter.event;
  private readonly view: vscode.TreeView<Node>;
  private hotspots: Hotspots | undefined;
  private sort: Sort | undefined;
  private request = 0;

  constructor(private readonly connection: Connection) {
    this.view = vscode.window.createTreeView('perilune.hotspots', { treeDataProvider: this, showCollapseAll: true });
    this.view.onDidChangeVisibility(({ visible }) => visible && this.refresh());
  }

  register(register: Register): void {
    register('perilune.refreshHotspots', () => this.refresh());
    register('perilune.sortHotspots', async () => {
      const chosen = await vscode.window.showQuickPick(SORTS, { title: 'Sort the Hotspots By' });
      if (!chosen) return;
      this.sort = chosen.sort;
      await this.refresh();
    });
  }

  /** The files of the last run. */
  get measured(): string[] {
    return (this.hotspots?.files ?? []).flatMap(({ uri }) => (uri ? [uri] : []));
  }

  /** The file that the last run ran. */
  get program(): string | undefined {
    return this.hotspots?.run?.uri ?? undefined;
  }

  /** Fetches what is shown. Of several fetches the last one counts. */
  async refresh(): Promise<void> {
    this.request += 1;
    const request = this.request;
    const can = this.connection.can(SERVER.hotspots);
    const asked = { limit: LIMIT, ...(this.sort && { sort: this.sort }) };
    const hotspots = can ? await this.connection.execute<Hotspots>(SERVER.hotspots, asked).catch(() => null) : null;
    if (request !== this.request) return;
    this.hotspots = hotspots?.run ? hotspots : undefined;
    void vscode.commands.executeCommand('setContext', 'perilune.hasFigures', this.hotspots !== undefined);
    this.view.message = this.hotspots && runText(this.hotspots, fileName);
    const { run } = this.hotspots ?? {};
    const sort = SORTS.find((one) => one.sort === run?.sort)?.label.toLowerCase();
    this.view.description = run
      ? `by ${sort ?? run.sort}${run.filter === 'everything' ? '' : `, ${run.filter} only`}`
      : '';
    this.emitter.fire(undefined);
  }

  getChildren(node?: Node): Node[] {
    if (node) return 'spots' in node ? node.spots : [];
    if (!this.hotspots) return [];
    const { files, functions, lines, builtins, collector } = this.hotspots;
    const groups: Group[] = [
      { title: 'Lines', icon: 'list-ordered', spots: lines, open: true },
      { title: 'Functions', icon: 'symbol-function', spots: functions, open: true },
      { title: 'Files', icon: 'files', spots: files, open: false },
      { title: 'Library functions', icon: 'library', spots: builtins, open: false },
    ];
    if (collector?.cycles)
      groups.push({ title: 'Collector', icon: 'trash', spots: collectorRows(collector), open: false });
    return groups.filter(({ spots }) => spots.length > 0);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return 'spots' in node ? groupItem(node) : spotItem(node, this.hotspots?.run?.sort ?? 'self');
  }

  dispose(): void {
    this.view.dispose();
    this.emitter.dispose();
  }
}

function collectorRows(collector: NonNullable<Hotspots['collector']>): Spot[] {
  const did = [
    typeof collector.share === 'number' ? percent(collector.share) : '',
    typeof collector.ns === 'number' && collector.ns > 0 ? duration(collector.ns) : '',
    typeof collector.freed_bytes === 'number' ? `${bytes(collector.freed_bytes)} freed` : '',
  ];
  const whole = {
    name: `${collector.cycles} cycles`,
    cycles: collector.cycles ?? 0,
    label: did.filter(Boolean).join(' · '),
  };
  return [whole, ...(collector.lines ?? [])];
}

function groupItem({ title, icon, spots, open }: Group): vscode.TreeItem {
  const state = open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
  const item = new vscode.TreeItem(title, state);
  item.id = title;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.description = String(spots.length);
  return item;
}

/** The share stands first, because the view is narrow; then what it is the share of, and what else is known. */
function spotItem(spot: Spot, sort: Sort): vscode.TreeItem {
  const place = spot.uri && spot.line !== undefined ? `${fileName(spot.uri)}:${spot.line + 1}` : '';
  const title = spot.name ?? (place || (spot.uri ? fileName(spot.uri) : (spot.path ?? '')));
  const share = typeof spot.share === 'number' ? `${percent(spot.share)}  ` : '';
  const item = new vscode.TreeItem(share + title);
  const numbers = (spot.cycles !== undefined && spot.label) || figures(spot, sort);
  const text = spot.text?.trim() ?? (place === title ? '' : place);
  // The share is what leads by self time; of another order the figure stands before what may be cut.
  const rest = spot.text !== undefined && sort === 'self' ? [text, numbers] : [numbers, text];
  item.description = rest.filter(Boolean).join('   ');
  const file = spot.uri && spot.name === undefined ? vscode.Uri.parse(spot.uri).fsPath : '';
  item.tooltip = [share + title, file, ...rest, spot.name !== undefined ? (spot.label ?? '') : '']
    .filter(Boolean)
    .join('\n');
  if (spot.uri) {
    const target = { uri: spot.uri, line: spot.line ?? 0 };
    item.command = { command: 'perilune.goTo', title: 'Go There', arguments: [target] };
    item.contextValue = 'place';
  }
  return item;
}

/** As seen from the workspace; of a file outside of it the end of its path, because the view is narrow. */
function fileName(uri: string): string {
  const parsed = vscode.Uri.parse(uri);
  if (vscode.workspace.getWorkspaceFolder(parsed)) return vscode.workspace.asRelativePath(parsed);
  return parsed.path.split('/').slice(-2).join('/');
}
