// Plays attacks in a process of their own, so that their load does not slow down whoever measures.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PLAYER = fileURLToPath(new URL('./player.mjs', import.meta.url));

/** Attacks that are being played. */
export class Attack {
  static async start(names, world) {
    const attack = new Attack();
    attack.counts = {};
    attack.child = fork(PLAYER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    attack.ended = new Promise((done) => attack.child.once('exit', done));
    const begun = new Promise((done, fail) => {
      attack.child.on('message', (message) => {
        if (message === 'begun') done();
        else Object.assign(attack.counts, message);
      });
      attack.ended.then(() => fail(new Error('the attackers did not come up')));
    });
    attack.child.send({ names, world });
    await begun;
    return attack;
  }

  /** What they did. */
  did() {
    return Object.entries(this.counts).map(([what, count]) => `${what} ${count}`).join(', ');
  }

  async stop() {
    this.child.send('stop');
    await this.ended;
  }
}
