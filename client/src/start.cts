// `index.js` of the bundle, and all that nx 17 to 22 download: they end with success and without a build when that download
// is cut, so it is as small as it can be. The client itself lies beside it as `client.js`; it is used only when it is whole,
// and fetched here when it is not there: what is cut then is an error, and nx's own runner does the work.
const { createHash } = require('node:crypto') as typeof import('node:crypto');
const { existsSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs') as typeof import('node:fs');
const { join } = require('node:path') as typeof import('node:path');

/** Put in by the build: SHA-256 of `client.js` in hex, and the version. */
declare const DIGEST: string;
declare const VERSION: string;

type Client = typeof import('./index.ts');

const file = join(__dirname, 'client.js');
const above = join(__dirname, '..');
let paths: string[] = [];
let why = 'it is damaged';

/** A module of the nx that runs. */
const nx = (name: string) => require(require.resolve(`nx/${name}`, { paths }));

function load(text: string): Client | undefined {
  if (createHash('sha256').update(text).digest('hex') !== DIGEST) return undefined;
  // What was checked is what runs: another nx may be writing the file.
  const made = new (module.constructor as any)(file, module);
  made.filename = file;
  made.paths = module.paths;
  made._compile(text, file);
  return made.exports;
}

function here(): Client | undefined {
  try {
    return load(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function fetched(options: unknown): Promise<Client | undefined> {
  const text = (await nx('src/nx-cloud/utilities/axios').createApiAxiosInstance(options ?? nx('src/nx-cloud/utilities/get-cloud-options').getCloudOptions())
    .get(`/nx-cloud/client/${VERSION}/client.js`, { responseType: 'text' })).data;
  const found = load(text);
  if (found) {
    try {
      const fresh = join(above, `client.${process.pid}`);
      writeFileSync(fresh, text);
      renameSync(fresh, file);
    } catch {}
  }
  return found;
}

async function whole(options?: unknown): Promise<Client | undefined> {
  try {
    // Another nx may be unpacking it.
    for (let left = 20; !client && left > 0 && existsSync(file); left -= 1) {
      await new Promise((done) => setTimeout(done, 100));
      client = here();
    }
    client ??= await fetched(options);
    client?.configureLightClientRequire()(paths);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // From nx 23 on there is no axios: what is cut there is never unpacked.
    if (code !== 'MODULE_NOT_FOUND') why = message.split('\n')[0] as string;
  }
  return client;
}

/** Says so at the end, when nx has asked the server for the last time in this command. */
function say(): void {
  // So it asks with the next command, and not in half an hour. nx 24 has a folder for each download.
  rmSync(/-[\da-f-]{36}$/.test(__dirname) ? __dirname : join(above, 'verify.lock'), { recursive: true, force: true });
  console.error(`\n Buildkeep: not used for this command: its client is not here in whole and could not be fetched (${why}). The next command tries again.`);
}

let client = here();
module.exports = client ?? {
  configureLightClientRequire: () => (given: string[]) => void (paths = given),
  async nxCloudTasksRunner(tasks: never, options: never, context: never) {
    const found = await whole(options);
    if (found) return found.nxCloudTasksRunner(tasks, options, context);
    const { default: run } = nx('tasks-runners/default');
    const results = await run(tasks, options, context);
    say();
    return results;
  },
  getRemoteCache: () => client?.getRemoteCache() ?? null,
  commands: new Proxy({}, {
    has: () => true,
    get: (_, name: string) => async () => {
      const found = await whole();
      if (found?.commands[name]) return found.commands[name]();
      if (name === 'cleanup') return undefined;
      if (found) console.error(` Buildkeep: there is no command "${name}".`);
      else say();
      return process.exit(1);
    },
  }),
  async runCLI(args: string[]) {
    const found = await whole();
    if (found) return found.runCLI(args);
    say();
    return 1;
  },
};
