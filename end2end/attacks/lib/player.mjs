// The process that plays attacks.
import * as attacks from './attacks.mjs';

process.once('message', async ({ names, world }) => {
  const counts = {};
  const note = (what) => { counts[what] = (counts[what] ?? 0) + 1; };
  let over = false;
  const playing = names.map((name) => attacks[name](world, { note, over: () => over }));
  process.on('message', async () => {
    over = true;
    await Promise.race([Promise.allSettled(playing), new Promise((done) => setTimeout(done, 3000))]);
    process.send(counts, () => process.exit(0));
  });
  // The attack is under way when its first wave has been sent.
  setTimeout(() => process.send('begun'), 1000);
});
