// The language server's process and the connection to it, over restarts.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  LanguageClientOptions,
  State,
} from 'vscode-languageclient/node';
import { FiguresNotification, ServerCommand } from './commands';
import { initializationOptions } from './options';
import { Restarts } from './restarts';

export type InlayHints = NonNullable<NonNullable<LanguageClientOptions['middleware']>['provideInlayHints']>;

const START_LIMIT_MS = 60_000; // on a machine that does much else; what is asked for waits for the start

/** A command that the server which runs does not have. */
export class MissingCommandError extends Error {}

/** A command that the server was asked for, and what it will answer. */
export interface Executing {
  command: string;
  answer: Promise<unknown>;
}

/** There is no server to ask. */
export class NoServerError extends Error {}

/** What goes wrong is told in the extension's words, once, and the client's stay in the output. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Connection implements vscode.Disposable {
  private client: LanguageClient | undefined;
  /** A start that goes on: what is asked for meanwhile waits for its end. */
  starting: Promise<void> = Promise.resolve();
  private command: string[] = [];
  private readonly restarts = new Restarts();
  private saysRestarted = false;
  private failStart: ((reason: Error) => void) | undefined;
  private readonly readyEmitter = new vscode.EventEmitter<void>();
  private readonly executingEmitter = new vscode.EventEmitter<Executing>();
  private readonly figuresEmitter = new vscode.EventEmitter<FiguresNotification>();
  /** The server answers: after a start and after every restart. */
  readonly onReady = this.readyEmitter.event;
  /** The server was asked for a command, by this extension or by a code lens, which the client executes itself. */
  readonly onExecuting = this.executingEmitter.event;
  /** A run has ended. */
  readonly onFigures = this.figuresEmitter.event;

  constructor(
    private readonly log: vscode.OutputChannel,
    private readonly provideInlayHints: InlayHints,
  ) {}

  /** Starts a server, in place of the one that runs. Throws if it does not start. */
  async start(command: string[]): Promise<void> {
    await this.stop();
    this.command = command;
    const [program, ...args] = command;
    const client = new QuietClient('perilune', 'Perilune', { command: program, args }, this.options());
    this.client = client;
    client.clientOptions.errorHandler = {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => this.closed(client),
    };
    client.onNotification('perilune/figures', (figures: FiguresNotification) => this.figuresEmitter.fire(figures));
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running && this.client === client) this.readyEmitter.fire();
    });
    const death = new Promise<never>((_, reject) => (this.failStart = reject));
    const late = (): void => this.failStart?.(new Error(`it did not answer within ${START_LIMIT_MS / 1000} seconds.`));
    const timer = setTimeout(late, START_LIMIT_MS);
    try {
      await Promise.race([client.start(), death]);
    } catch (error) {
      // Its end, of which the client may hear only now, is no reason to start it again.
      if (this.client === client) await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      this.failStart = undefined;
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.isRunning()) await client.stop().catch(() => undefined);
    // One that did not start may never say that it has ended.
    void client?.dispose().catch(() => undefined);
  }

  /** What started the server that runs. */
  get serverCommand(): string[] {
    return this.command;
  }

  get version(): string | undefined {
    return this.client?.initializeResult?.serverInfo?.version;
  }

  /** Whether the server has a command; an older one may lack some. */
  can(command: ServerCommand): boolean {
    const offered = this.client?.initializeResult?.capabilities.executeCommandProvider?.commands;
    return Boolean(this.client?.isRunning() && offered?.includes(command));
  }

  /** Has the server do something. Throws MissingCommandError if it cannot. */
  async execute<Answer>(command: ServerCommand, argument: object = {}): Promise<Answer | null> {
    await this.starting;
    if (!this.client?.isRunning()) throw new NoServerError('The Perilune server does not run.');
    if (!this.can(command)) throw new MissingCommandError(`This version of Perilune has no command ${command}.`);
    const answer = this.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
    this.executingEmitter.fire({ command, answer });
    return (await answer) as Answer | null;
  }

  /** Has VS Code ask for inlay hints again. */
  refreshInlayHints(): void {
    const feature = this.client?.getFeature('textDocument/inlayHint');
    for (const document of vscode.workspace.textDocuments) {
      feature?.getProvider(document)?.onDidChangeInlayHints.fire();
    }
  }

  dispose(): void {
    void this.stop();
    this.readyEmitter.dispose();
    this.executingEmitter.dispose();
    this.figuresEmitter.dispose();
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ language: 'lua' }],
      outputChannel: this.log,
      initializationOptions,
      initializationFailedHandler: () => false,
      synchronize: { configurationSection: 'perilune' },
      middleware: {
        provideInlayHints: this.provideInlayHints,
        executeCommand: (command, args, next) => {
          const answer = Promise.resolve(next(command, args) as unknown);
          this.executingEmitter.fire({ command, answer });
          return answer;
        },
      },
    };
  }

  /** The server is gone without having been told to go. A client's own restart does not notice one that dies as it starts. */
  private closed(client: LanguageClient): { action: CloseAction; handled: boolean } {
    if (client !== this.client) return { action: CloseAction.DoNotRestart, handled: true };
    if (this.failStart) this.failStart(new Error('it ended as it started.'));
    else this.starting = this.starting.then(() => (client === this.client ? this.startAgain() : undefined));
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private async startAgain(): Promise<void> {
    while (this.restarts.allowed(Date.now())) {
      try {
        await this.start(this.command);
        void this.sayRestarted();
        return;
      } catch {
        // It is tried again, as often as is allowed.
      }
    }
    void this.offerRestart();
  }

  /** Says it once as long as nobody has taken notice: several messages would hide others. */
  private async sayRestarted(): Promise<void> {
    if (this.saysRestarted) return;
    this.saysRestarted = true;
    await vscode.window.showWarningMessage('The Perilune server stopped unexpectedly and was started again.');
    this.saysRestarted = false;
  }

  private async offerRestart(): Promise<void> {
    const message = 'The Perilune server stops again and again. Its output says why.';
    const [output, restart] = ['Show Output', 'Start It Again'];
    const choice = await vscode.window.showErrorMessage(message, output, restart);
    if (choice === output) this.log.show();
    else if (choice === restart) await vscode.commands.executeCommand('perilune.restart');
  }
}
