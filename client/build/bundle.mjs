// Makes what the server serves: client.js, the small index.js that checks and loads it, both in client.tar.gz, the small one
// alone in start.tar.gz, and client.json that describes them.
// The same source gives the same bytes: no times, no owners, no paths of this machine.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import tar from 'tar-stream';

const client = fileURLToPath(new URL('..', import.meta.url));
const out = process.argv[2] ?? join(client, '..', 'target', 'client');
// nx downloads it on every machine; a large one is often half there.
const MOST_BYTES = 150 << 10;
// What nx 17 to 22 download must be there in a moment, or not at all: it goes out in one packet.
const MOST_START_BYTES = 1_400;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/** The packages whose code is in the bundle, with the text of their licences. */
async function licences(inputs) {
  const names = new Set(Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean));
  // Several of them have the same text: once is enough.
  const texts = new Map();
  for (const name of [...names].sort()) {
    const folder = join(client, 'node_modules', name);
    const { license, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    if (!['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'].includes(license)) throw new Error(`${name} has the licence ${license}: bundle nothing of it.`);
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file ? (await readFile(join(folder, file), 'utf8')).trim().replaceAll('*/', '* /').replaceAll('\r', '') : '';
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...texts].map(([text, packages]) => `${packages.join('\n')}\n\n${text}`).join('\n\n');
}

const options = {
  absWorkingDir: client, bundle: true, write: false, metafile: true, platform: 'node', target: 'node18', format: 'cjs', minify: true,
  legalComments: 'none', mainFields: ['module', 'main'], charset: 'utf8', logLevel: 'warning',
};

async function program() {
  const built = await build({ ...options, entryPoints: [join(client, 'src', 'index.ts')] });
  const notice = `/*! Buildkeep client. Apache-2.0 OR MIT. It holds code of:\n\n${await licences(built.metafile.inputs)}\n*/\n`;
  return Buffer.from(built.outputFiles[0].text + notice);
}

/** `index.js`, for exactly this program. */
async function start(digest) {
  const define = { DIGEST: JSON.stringify(digest), VERSION: JSON.stringify(version) };
  const built = await build({ ...options, entryPoints: [join(client, 'src', 'start.cts')], define });
  return Buffer.from(built.outputFiles[0].text);
}

function archive(files) {
  return new Promise((done, fail) => {
    const pack = tar.pack();
    const parts = [];
    pack.on('data', (part) => parts.push(part)).on('error', fail).on('end', () => done(Buffer.concat(parts)));
    const header = { mtime: new Date(0), uid: 0, gid: 0 };
    // nx makes no folder on its own: it must come first.
    pack.entry({ ...header, name: './', type: 'directory', mode: 0o755 });
    for (const [name, content] of files) pack.entry({ ...header, name, mode: 0o644, size: content.length }, content);
    pack.finalize();
  });
}

const { name, version, license } = JSON.parse(await readFile(join(client, 'package.json'), 'utf8'));
if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(version)) throw new Error(`${version} is no version that nx takes.`);
// Its own package.json comes first: the one of the workspace above may say that all files are modules.
const manifest = Buffer.from(`${JSON.stringify({ name, version, license, main: 'index.js' })}\n`);
const whole = await program();
const small = [['package.json', manifest], ['index.js', await start(sha256(whole))]];
const files = [...small, ['client.js', whole]];

async function packed(what, most) {
  const zipped = gzipSync(await archive(what), { level: constants.Z_BEST_COMPRESSION });
  // Which system made it is nobody's business, and would make other bytes.
  zipped[9] = 255;
  if (zipped.length > most) throw new Error(`The archive of ${what.map(([file]) => file).join(', ')} has ${zipped.length} bytes, more than ${most}: see what came in.`);
  return zipped;
}
const zipped = await packed(files, MOST_BYTES);
const zippedStart = await packed(small, MOST_START_BYTES);

// As nx hashes a folder: see server and docs.
const contentHash = sha256(files.map(([, content]) => sha256(content)).sort().join(''));
const facts = { version, contentHash, sha256: sha256(zipped), bytes: zipped.length };

async function put(file, content) {
  // What did not change keeps its time, so that nothing is built again for it.
  if (existsSync(file) && (await readFile(file)).equals(Buffer.from(content))) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
await put(join(out, 'client.js'), whole);
await put(join(out, 'start.tar.gz'), zippedStart);
await put(join(out, 'client.tar.gz'), zipped);
await put(join(out, 'client.json'), `${JSON.stringify(facts, null, 2)}\n`);
console.log(`client ${version}: ${zipped.length} bytes, to start with ${zippedStart.length}, sha256 ${facts.sha256}`);
