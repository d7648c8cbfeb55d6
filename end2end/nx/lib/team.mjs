// A server with one organization and its workspace, the Admin who is signed in, and machines that are pointed at it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser } from './browser.mjs';
import { install } from './install.mjs';
import { Machine } from './machine.mjs';
import { admin, PASSWORD, Server, workspaceOf } from './server.mjs';
import { versions } from './versions.mjs';

export class Team {
  static async create(major, topic) {
    const team = new Team();
    Object.assign(team, { major: Number(major), version: versions[major], place: await install(versions[major]) });
    team.folder = await mkdtemp(join(tmpdir(), `nx${major}-${topic}-`));
    team.data = join(team.folder, 'data');
    try {
      team.shop = await workspaceOf(team.data);
      team.server = await Server.start(team.data);
      team.ada = await Browser.signIn(team.server.url, 'ada@example.com');
      return team;
    } catch (error) {
      await team.end();
      throw error;
    }
  }

  async end() {
    await this.server?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  get url() {
    return this.server.url;
  }

  /** A checkout with this in its nx.json; by default the server and the workspace. It is part of every hash. */
  async machine(name, nxJson = { nxCloudUrl: this.url, nxCloudId: this.shop.nxCloudId }) {
    const machine = await Machine.create(join(this.folder, name), this.version, this.place);
    await machine.configure(nxJson);
    machine.head = await machine.commit();
    return machine;
  }

  /** Another person, who is signed in and in no organization. */
  async person(name) {
    const email = `${name.toLowerCase()}@example.com`;
    const { id } = await admin(this.data, ['user', 'create', '--email', email, '--name', name, '--password-stdin'], { input: `${PASSWORD}\n` });
    return { id, email, browser: await Browser.signIn(this.url, email) };
  }

  /** One who is a Member. */
  async member(name) {
    const person = await this.person(name);
    await admin(this.data, ['member', 'add', '--org', 'acme', '--email', person.email, '--role', 'member']);
    return person;
  }

  get path() {
    return `/o/acme/w/${this.shop.id}`;
  }

  /** Ada chooses what the Nx Cloud id alone (`id`) or personal access tokens (`personal`) may do. */
  level(kind, access) {
    return this.ada.post(`/do/access-levels/set-${kind}`, { org_slug: 'acme', workspace_id: this.shop.id, access });
  }
}

/** A build of one small project, with this source and without any local cache, so that only the server can know its result. */
export async function build(machine, { source, env, args = [] } = {}) {
  if (source) await machine.edit('notes', source);
  await machine.forget();
  const run = await machine.build({ args: ['-p', 'notes', ...args], env });
  return { ...run, cache: run.tasks.notes?.cacheStatus, says: run.text.split('\n').filter((line) => line.includes('Buildkeep:')).join('\n') };
}

/** What a command that runs has printed, as soon as it looks like this. */
export async function seen(running, pattern, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    const found = pattern.exec(running.text);
    if (found) return found;
  }
  running.kill();
  throw new Error(`${pattern} was not printed:\n${running.text}`);
}
