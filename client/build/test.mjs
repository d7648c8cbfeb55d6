// Bundles every test like the client itself, and runs them: test.mjs [--nx] [part of a name …].
import { spawn } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const client = fileURLToPath(new URL('..', import.meta.url));
const nx = process.argv[2] === '--nx';
const wanted = process.argv.slice(nx ? 3 : 2);
const out = join(client, '..', 'target', nx ? 'client-test-nx' : 'client-test');
const folder = nx ? 'test/nx' : 'test';
const tests = (await readdir(join(client, folder))).filter((name) => name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => name.includes(part))));
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [...tests.map((name) => join(client, folder, name)), join(client, 'src', 'index.ts')], outdir: out, outbase: client, bundle: true,
  platform: 'node', target: 'node18', format: 'cjs', mainFields: ['module', 'main'], sourcemap: 'inline', logLevel: 'error',
});
const files = tests.map((name) => join(out, folder, name.replace(/\.ts$/, '.js')));
const child = spawn(process.execPath, ['--enable-source-maps', '--test', '--test-concurrency=4', `--test-timeout=${nx ? 600_000 : 120_000}`, '--test-reporter=spec', ...files],
  { stdio: 'inherit', env: { ...process.env, BUILDKEEP_CLIENT: client, NX_DAEMON: 'false' } });
child.once('exit', (code) => { process.exitCode = code ?? 1; });
