// Archives that nobody should unpack as they are.
import { pack } from 'tar-stream';

type Entry = [Record<string, unknown> & { name: string }, string?];

async function tar(entries: Entry[], whole = true): Promise<Buffer> {
  const out = pack();
  for (const [header, body] of entries) out.entry(header as never, body ?? '');
  if (whole) {
    out.entry({ name: 'terminalOutput' }, 'evil');
    out.entry({ name: 'code' }, Buffer.alloc(4));
  }
  out.finalize();
  const parts: Buffer[] = [];
  for await (const part of out as unknown as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** By what is wrong with it. Each gets the folder of the workspace. */
export const evil: Record<string, (workspace: string) => Promise<Buffer>> = {
  'a path that leads out': () => tar([[{ name: '../../../nx.json' }, 'pwned']]),
  'a path that leads out in its middle': () => tar([[{ name: 'dist/../../../../nx.json' }, 'pwned']]),
  'an absolute path': (workspace) => tar([[{ name: `${workspace}/nx.json` }, 'pwned']]),
  'a file through a link': (workspace) => tar([[{ name: 'dist', type: 'symlink', linkname: workspace }], [{ name: 'dist/nx.json' }, 'pwned']]),
  'a folder through a link': (workspace) => tar([[{ name: 'dist', type: 'symlink', linkname: workspace }], [{ name: 'dist/sub/', type: 'directory' }]]),
  'a file over a link': (workspace) => tar([[{ name: 'a', type: 'symlink', linkname: `${workspace}/nx.json` }], [{ name: 'a' }, 'pwned']]),
  'a link out of the workspace': () => tar([[{ name: 'dist/' , type: 'directory' }], [{ name: 'dist/l', type: 'symlink', linkname: '/etc/passwd' }]]),
  'a link that climbs out': () => tar([[{ name: 'dist/l', type: 'symlink', linkname: '../../../../etc/passwd' }]]),
  'a link out of its output': () => tar([[{ name: 'dist/l', type: 'symlink', linkname: '../nx.json' }]]),
  'links that lead out together': () => tar([[{ name: 'dist/up', type: 'symlink', linkname: 'a/b' }], [{ name: 'dist/l', type: 'symlink', linkname: 'up/../../../..' }]]),
  'a link to its own output': () => tar([[{ name: 'dist', type: 'symlink', linkname: '.' }]]),
  'a file outside the outputs': () => tar([[{ name: 'nx.json' }, 'pwned']]),
  'a file in the repository': () => tar([[{ name: '.git/hooks/pre-commit', mode: 0o755 }, 'pwned']]),
  'an output in another case': () => tar([[{ name: 'DIST/a' }, 'pwned']]),
  'an output of another Unicode form': () => tar([[{ name: 'di\u017Ft/a' }, 'pwned']]),
  'log and code as links': () => tar([[{ name: 'terminalOutput', type: 'symlink', linkname: '/etc/passwd' }], [{ name: 'code', type: 'symlink', linkname: 'dist' }]]),
  'a hard link': (workspace) => tar([[{ name: 'a', type: 'link', linkname: `${workspace}/nx.json` }]]),
  'a device': () => tar([[{ name: 'a', type: 'character-device', devmajor: 1, devminor: 3 }]]),
  'a pipe': () => tar([[{ name: 'a', type: 'fifo' }]]),
  'a file twice': () => tar([[{ name: 'a' }, 'one'], [{ name: 'a' }, 'two']]),
  'no exit code': () => tar([[{ name: 'terminalOutput' }, 'x']], false),
  'an exit code of another length': () => tar([[{ name: 'terminalOutput' }, 'x'], [{ name: 'code' }, '0']], false),
  'nothing': () => tar([], false),
  'an end in the middle': async () => (await tar([[{ name: 'a' }, 'x'.repeat(5000)]])).subarray(0, 2000),
};
