// The servers that are compared, each started on a folder of its own and ready to be asked.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Server, workspaceOf } from '../../nx/lib/server.mjs';

export const PORTS = { buildkeep: 7200, nginx: 7201, turbo: 7202, memory: 7203, pages: 7204, runs: 7205 };

/** Our server with one workspace and a read-write token. */
export async function buildkeep(folder, port = PORTS.buildkeep) {
  const data = join(folder, 'buildkeep');
  const workspace = await workspaceOf(data);
  const { token } = await workspace.token('bench', 'read-write');
  const server = await Server.start(data, { port, env: { BUILDKEEP_LOG: 'warn' } });
  return { name: 'buildkeep', port, token, path: '/v1/cache/%s', puts: true, pid: server.child.pid, stop: () => server.stop() };
}

/** nginx as the ceiling: the same bytes as files, no check, no log. */
export async function nginx(folder) {
  const root = join(folder, 'nginx');
  mkdirSync(join(root, 'files'), { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${root}/${name};`).join('\n  ');
  writeFileSync(join(root, 'nginx.conf'), `
user ${userInfo().username};
worker_processes 2;
daemon off;
pid ${root}/pid;
error_log ${root}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  default_type application/octet-stream;
  ${temporary}
  server { listen 127.0.0.1:${PORTS.nginx}; root ${root}/files; }
}
`);
  const stop = launch('nginx', ['-p', root, '-c', join(root, 'nginx.conf')], {});
  await answering(PORTS.nginx);
  return { name: 'nginx', port: PORTS.nginx, token: '', path: '/%s', puts: false, files: join(root, 'files'), stop };
}

/** What people use today: turborepo-remote-cache with files on the local disk. */
export async function turbo(folder) {
  const data = join(folder, 'turbo');
  const program = join(process.env.TURBO_CACHE, 'node_modules', '.bin', 'turborepo-remote-cache');
  const stop = launch(program, [], {
    NODE_ENV: 'production', PORT: String(PORTS.turbo), TURBO_TOKEN: 'bench', LOG_LEVEL: 'error',
    STORAGE_PROVIDER: 'local', STORAGE_PATH: data, STORAGE_PATH_USE_TMP_FOLDER: 'false',
  });
  await answering(PORTS.turbo);
  return { name: 'turbo', port: PORTS.turbo, token: 'bench', path: '/v8/artifacts/%s?teamId=team_x', puts: true, stop };
}

function launch(program, args, env) {
  const child = spawn(program, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => {
    child.once('error', (error) => { console.error(`${program} could not be started: ${error.message}`); done(); });
    child.once('exit', done);
  });
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

async function answering(port) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    if (answer) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`Nothing answered on port ${port} within 30 seconds: is another program using it?`);
}

/** The first line of a program's version text. */
export function versionOf(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0].trim();
  } catch {
    return 'unknown version';
  }
}
