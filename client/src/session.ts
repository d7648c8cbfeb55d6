// One nx command and its server: what is set up at the start, and said at the end.
import { randomBytes } from 'node:crypto';
import { Api, type Connection } from './api.ts';
import { bordersOf } from './borders.ts';
import { RemoteCache } from './cache.ts';
import { branchOf, ciFacts } from './ci.ts';
import { credential, type Credential, foundIn } from './credentials.ts';
import { executionSecret } from './execution.ts';
import { gitFacts } from './git.ts';
import { sayLater, watchExit } from './goodbye.ts';
import { hiding } from './hide.ts';
import { words } from './lookup.ts';
import { machine } from './machine.ts';
import { type Context, installedIn, type LifeCycle, nxVersion, observed, type Task } from './nx.ts';
import { Recorder } from './recorder.ts';
import { Notes } from './say.ts';
import { cachesFailures, serverAddress, settings, type Settings, type Options, workspaceData, workspaceRoot } from './settings.ts';
import { type MissReason, type RunStart, type Whoami, whoami } from './shapes.ts';
import { isOn } from './switches.ts';
import { dependencies, isCacheable, numbers } from './tasks.ts';
import { cacheFolders, left } from './terminal_outputs.ts';
import { cut } from './text.ts';
import { version } from './version.ts';
import { notice, summary } from './whoami.ts';

/** UTF-16 units of a command line: the server keeps 4 KiB of it. */
export const MOST_COMMAND = 1000;
/** Milliseconds for a question that only makes words better. */
const WHOAMI = 5_000;

/** Why a command goes on without a server; silent when the person said so. */
export class NotConnected extends Error {
  constructor(message: string, readonly silent = false) {
    super(message);
  }
}

/** Whom to ask, and as whom. */
export function connect(config: Settings): { connection: Connection; sent: Credential } {
  const sent = credential(config);
  if (!sent) throw new NotConnected('not connected: there is no nxCloudId and no access token. Add nxCloudId to nx.json, or set NX_CLOUD_ACCESS_TOKEN.');
  if (!config.url) throw new NotConnected('not connected: no server is named. Add nxCloudUrl to nx.json, or set NX_CLOUD_API.');
  if (!serverAddress(config.url)) {
    throw new NotConnected('not connected: nxCloudUrl or NX_CLOUD_API is not an address like https://buildkeep.example.com, without a user or password.');
  }
  for (const [what, value] of [[`the ${sent.kind} from ${sent.source}`, sent.token], ['nxCloudId', sent.nxCloudId]] as const) {
    if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) throw new NotConnected(`not connected: ${what} holds characters that none has. Copy it again.`);
  }
  const execution = ciFacts()?.executionId;
  const secret = execution ? executionSecret(execution, workspaceData(config.root), config.executionKey) : undefined;
  const { token, nxCloudId } = sent;
  return {
    sent,
    connection: {
      url: config.url, version, noTimeouts: config.noTimeouts,
      ...(token ? { token } : {}), ...(nxCloudId ? { nxCloudId } : {}), ...(secret ? { execution: secret } : {}),
    },
  };
}

function command({ maskedProperties }: Settings): string {
  const name = /([^/\\]+?)(\.[cm]?js)?$/.exec(process.argv[1] ?? '')?.[1] ?? 'nx';
  return cut(hiding(maskedProperties).words([name, ...process.argv.slice(2)]), MOST_COMMAND);
}

/** What the server is told at the start of a run. */
export async function runStart(key: string, config: Settings, rest: Pick<RunStart, 'command' | 'tasks' | 'nx_version'>): Promise<RunStart> {
  const startedAt = new Date().toISOString();
  const ci = ciFacts();
  const git = await gitFacts(config.root, ci?.commit);
  const asked = branchOf();
  const branch = asked.branch ?? ci?.branch ?? git.branch;
  const pullRequest = asked.pullRequest ?? ci?.pullRequest;
  const sent = credential(config);
  return {
    key, ...rest, started_at: startedAt, inner: isOn(process.env.NX_INVOKED_BY_RUNNER),
    ...(branch ? { branch: cut(branch, 300) } : {}), ...(pullRequest ? { pull_request: cut(pullRequest, 50) } : {}),
    ...(git.commit ? { commit: git.commit } : {}),
    ...(ci ? { ci: { provider: ci.provider, execution_id: ci.executionId, execution_env: ci.executionEnv, url: ci.url } } : {}),
    client_version: version, node_version: process.versions.node, machine: machine(),
    cache: config.cache, encrypted: Boolean(config.encryptionKey), ...(sent ? { credential_source: foundIn(sent) } : {}),
  };
}

/** What of a run is not recorded, and why. An end that is not is sent later. */
export function unrecorded(recorder: Recorder, connection: Connection): string[] {
  const { problem, incomplete, unsaid, run, answer } = recorder;
  if (unsaid && run) {
    const later = sayLater(connection, recorder) ? ' It is sent in the background for a minute.' : '';
    return [`the end of this run is not recorded yet: ${words(problem)}.${later}`];
  }
  if (problem === undefined) return incomplete ? ['this run is not recorded in whole: its logs were too large to be kept while the server was away.'] : [];
  return [`this run is not recorded${answer ? ' in whole' : ''}: ${words(problem)}.`];
}

export class Session {
  readonly cache: RemoteCache | undefined;
  readonly lifeCycle: LifeCycle;
  private readonly notes = new Notes();
  private readonly cacheApi: Api;
  private readonly recorder: Recorder;
  private readonly forgetExit: () => void;
  private asked: Promise<Whoami | undefined> | undefined;
  private folders: string[] | undefined;

  private constructor(private readonly config: Settings, private readonly connection: Connection, private readonly sent: Credential, private readonly tasks: Task[], context: Context, lifeCycle: LifeCycle) {
    for (const warning of config.warnings) this.notes.add(warning);
    this.cacheApi = new Api(connection);
    const runApi = new Api(connection);
    if (config.cache) {
      // A task may be hashed only when those that it waits for are over: nx writes the hash into the same object.
      const outputs = (hash: string) => {
        const is = (task: Task) => task.hash === hash;
        return (tasks.find(is) ?? Object.values(context.taskGraph?.tasks ?? {}).find(is))?.outputs;
      };
      this.cache = new RemoteCache(this.cacheApi, this.notes, {
        encryptionKey: config.encryptionKey, uploadLogs: config.uploadLogs, noTimeouts: config.noTimeouts,
        borders: (hash) => bordersOf(outputs(hash)),
        // What the workspace says of itself counts before what the server says of it.
        nxCloudId: async () => sent.nxCloudId?.toLowerCase() ?? (await this.whoami())?.workspace.nx_cloud_id,
      });
      // Those that nx has hashed already: most of them.
      this.cache.expect(tasks.map(({ hash }) => hash ?? ''));
    }
    const cacheable = (task: Task) => isCacheable(task, config.options);
    const key = randomBytes(32).toString('hex');
    const start = runStart(key, config, { command: command(config), tasks: tasks.length, nx_version: nxVersion() });
    this.recorder = new Recorder(runApi, key, start, {
      numbers: numbers(tasks, context), dependencies: dependencies(context), cacheable,
      miss: (task): MissReason | undefined => !cacheable(task) ? 'not_cacheable'
        : !this.cache ? 'cache_off' : task.hash ? this.cache.missOf(task.hash) : undefined,
      stored: (hash) => this.cache?.uploads.stored.get(hash),
      logs: config.uploadLogs, hide: hiding(config.maskedProperties),
      left: (hash) => left(this.folders ??= cacheFolders(config.root), hash), keepsFailures: cachesFailures(),
    });
    this.lifeCycle = observed(lifeCycle, this.recorder);
    this.forgetExit = watchExit(connection, this.recorder);
    void this.recorder.started.then((answer) => this.link(lifeCycle, answer?.run?.url)).catch(() => {});
  }

  /** Sets up what a command needs; throws `NotConnected` when there is nothing to talk to. */
  static begin(tasks: Task[], options: Options, context: Context, lifeCycle: LifeCycle): Session {
    const root = workspaceRoot() ?? installedIn() ?? process.cwd();
    const config = settings(root, { options, ...(context.nxJson ? { nxJson: context.nxJson } : {}) });
    if (config.off) throw new NotConnected(config.off, !config.offUnclear);
    const { connection, sent } = connect(config);
    return new Session(config, connection, sent, tasks, context, lifeCycle);
  }

  /** What the server takes us for: it says so when the run starts, and else when it is asked. */
  private whoami(): Promise<Whoami | undefined> {
    this.asked ??= this.recorder.started.then((answer) => answer?.whoami
      ?? this.cacheApi.json('GET', '/api/v1/whoami', undefined, whoami, { deadline: WHOAMI })).catch(() => undefined);
    return this.asked;
  }

  private async link(lifeCycle: LifeCycle, url: string | undefined): Promise<void> {
    const set = lifeCycle.setCloudLink;
    if (url && typeof set === 'function') await Reflect.apply(set, lifeCycle, ['Buildkeep', url]);
  }

  /** Waits for what is under way, within bounds, and says what was. */
  async end(results: Record<string, string> | undefined): Promise<void> {
    const states = Object.values(results ?? { none: 'failure' });
    // nx tells a life cycle nothing of tasks that wait for one that failed; in some versions they have no result either.
    const failed = results !== undefined && states.includes('failure');
    this.recorder.skip(this.tasks.filter(({ id }) => results?.[id] === 'skipped' || (failed && results[id] === undefined)));
    await Promise.all([this.cache?.uploads.drain(this.config.noTimeouts), this.recorder.settle()]);
    const status = states.includes('failure') ? 'failure' : states.includes('stopped') ? 'cancelled' : 'success';
    await this.recorder.end(status, this.cache?.uploads.lost ?? 0, this.config.noTimeouts);
    this.forgetExit();
    const outage = this.cache?.outage();
    if (outage) this.notes.add(outage);
    this.notes.print(this.lastLines(this.recorder.answer?.whoami ?? (this.cacheApi.givenUp ? undefined : await this.whoami())));
  }

  private lastLines(who: Whoami | undefined): string[] {
    const lines: string[] = [];
    if (who) {
      const more = notice(who);
      if (more) lines.push(more);
      lines.push(summary(who, this.sent, this.connection.execution !== undefined) + this.count() + this.clearLogs());
    }
    // When the cache has told already that there is no server, once is enough.
    if (!this.cacheApi.givenUp || this.recorder.answer) lines.push(...unrecorded(this.recorder, this.connection));
    if (this.recorder.run) lines.push(`run: ${this.recorder.run.url}`);
    return lines;
  }

  /** The key encrypts artifacts, and nothing else. */
  private clearLogs(): string {
    const { encryptionKey, uploadLogs } = this.config;
    return encryptionKey && uploadLogs && this.recorder.run ? ' Logs went to the server in clear: NX_CLOUD_UPLOAD_LOGS=false keeps them here.' : '';
  }

  private count(): string {
    if (!this.cache) return ' The remote cache is switched off for this command.';
    const { uploads: { stored, lost }, hits } = this.cache;
    return ` ${hits} fetched, ${stored.size} stored${lost > 0 ? `, ${lost} lost` : ''}.`;
  }
}
