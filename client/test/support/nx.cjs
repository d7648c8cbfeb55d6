// A small nx: calls the bundle as nx does, fails as nx does, and ends the process as nx does.
// nx.cjs <bundle> <workspace> <task count>; V1=1 for the cache of nx 17 to 19; FAIL=skipped or FAIL=nothing: the first task
// fails, and this becomes of the last one, which waits for it. CODE=1: the first task fails, and its result is stored.
// NOT_ASKED=1: the cache is not asked.
const { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const [bundle, workspace, count] = process.argv.slice(2);
const cacheDirectory = join(workspace, '.nx', 'cache');
const v1 = Boolean(process.env.V1);
process.chdir(workspace);
mkdirSync(cacheDirectory, { recursive: true });

let client;
const outputs = (hash) => join(cacheDirectory, hash, ...(v1 ? ['outputs'] : []));

async function get(task, remote) {
  if (v1) {
    if (!existsSync(join(cacheDirectory, `${task.hash}.commit`))) await remote?.retrieve(task.hash, cacheDirectory);
    if (!existsSync(join(cacheDirectory, `${task.hash}.commit`))) return null;
    const folder = join(cacheDirectory, task.hash);
    return { terminalOutput: readFileSync(join(folder, 'terminalOutput'), 'utf8'), code: Number(readFileSync(join(folder, 'code'), 'utf8')) };
  }
  const found = await remote?.retrieve(task.hash, cacheDirectory);
  if (!found) return null;
  if (typeof found.terminalOutput !== 'string') throw new Error('Failed to convert JavaScript value into rust type `String`');
  return found;
}

async function build(task, remote) {
  const terminalOutput = `built ${task.id}\n`;
  if (process.env.BUILD_MS) await new Promise((done) => setTimeout(done, Number(process.env.BUILD_MS)));
  mkdirSync(join(workspace, 'dist'), { recursive: true });
  writeFileSync(join(workspace, 'dist', `${task.hash}.txt`), `result of ${task.id}`);
  const folder = join(cacheDirectory, task.hash);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(outputs(task.hash), 'dist'), { recursive: true });
  cpSync(join(workspace, 'dist', `${task.hash}.txt`), join(outputs(task.hash), 'dist', `${task.hash}.txt`));
  if (v1) {
    writeFileSync(join(folder, 'terminalOutput'), terminalOutput);
    writeFileSync(join(folder, 'code'), '0');
    writeFileSync(join(folder, 'source'), 'this machine');
    writeFileSync(`${folder}.commit`, 'true');
    await remote?.store(task.hash, cacheDirectory);
  } else {
    await remote?.store(task.hash, cacheDirectory, terminalOutput, 0);
  }
  return { terminalOutput, code: 0 };
}

async function defaultRunner(tasks, options) {
  const remote = v1 ? options.remoteCache : await client.getRemoteCache();
  const results = {};
  options.lifeCycle.startCommand();
  const { FAIL, CODE } = process.env;
  if (FAIL === 'skipped') results[tasks.at(-1).id] = 'skipped';
  await Promise.all((FAIL ? tasks.slice(0, -1) : tasks).map(async (task) => {
    options.lifeCycle.startTasks([task], { groupId: 0 });
    if (CODE && task === tasks[0]) {
      // NX_CACHE_FAILURES: the result of a failed task is stored like any other.
      const found = await get(task, remote);
      if (!found) await remote?.store(task.hash, cacheDirectory, 'broke', Number(CODE));
      results[task.id] = found ? 'remote-cache' : 'failure';
      options.lifeCycle.endTasks([{ task, status: results[task.id], code: Number(CODE), terminalOutput: 'broke' }], { groupId: 0 });
      return;
    }
    if (FAIL && task === tasks[0]) {
      results[task.id] = 'failure';
      options.lifeCycle.endTasks([{ task, status: 'failure', code: 1, terminalOutput: 'broke' }], { groupId: 0 });
      return;
    }
    const hit = process.env.NOT_ASKED ? null : await get(task, remote);
    if (hit) {
      mkdirSync(join(workspace, 'dist'), { recursive: true });
      cpSync(join(outputs(task.hash), 'dist'), join(workspace, 'dist'), { recursive: true });
    }
    const result = hit ?? await build(task, remote);
    results[task.id] = hit ? 'remote-cache' : 'success';
    options.lifeCycle.endTasks([{ task, status: results[task.id], ...result }], { groupId: 0 });
  }));
  options.lifeCycle.endCommand();
  return results;
}

const nx = join(workspace, 'node_modules', 'nx');
mkdirSync(join(nx, 'tasks-runners'), { recursive: true });
writeFileSync(join(nx, 'package.json'), '{"name":"nx","version":"22.0.0"}');
writeFileSync(join(nx, 'tasks-runners', 'default.js'), 'exports.default = (...args) => globalThis.defaultRunner(...args);');
globalThis.defaultRunner = defaultRunner;

// As nx does: it ends by itself, and waits for nobody.
if (process.env.EXIT_ON_SIGINT) process.on('SIGINT', () => process.exit(130));

const calls = [];
const lifeCycle = {};
for (const name of ['startCommand', 'startTasks', 'endTasks', 'endCommand']) lifeCycle[name] = () => void calls.push(name);

async function main() {
  client = require(bundle);
  client.configureLightClientRequire()([join(workspace, 'node_modules')]);
  const tasks = Array.from({ length: Number(count) }, (_, number) => ({
    id: `p${number}:build`, target: { project: `p${number}`, target: 'build' }, hash: String(1000 + number), cache: true, outputs: ['dist'],
  }));
  const nxJson = JSON.parse(readFileSync(join(workspace, 'nx.json'), 'utf8'));
  const options = { lifeCycle, ...JSON.parse(process.env.RUNNER_OPTIONS ?? '{}') };
  const results = await client.nxCloudTasksRunner(tasks, options, { nxJson, taskGraph: { tasks: {}, dependencies: {} } });
  console.log(`RESULTS ${JSON.stringify({ results, calls })}`);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
