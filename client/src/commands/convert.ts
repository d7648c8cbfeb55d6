// `convert-to-nx-cloud-id`: the token in nx.json becomes the Nx Cloud id, which is no secret. All other text stays as it is.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { applyEdits, type Edit, findNodeAtLocation, modify, type Node, parseTree } from 'jsonc-parser';
import { Api } from '../api.ts';
import { credential } from '../credentials.ts';
import { rewrite } from '../files.ts';
import { nxVersion } from '../nx.ts';
import { say } from '../say.ts';
import { extendedFile } from '../settings.ts';
import { whoami } from '../shapes.ts';
import { version } from '../version.ts';
import { type Command, given, here, serverOf, Stop } from './command.ts';

export const convert: Command = {
  usage: '',
  about: 'Replace the access token in nx.json by the Nx Cloud id.',
  async run(args) {
    given(args, ['help']);
    const config = here();
    const files = [join(config.root, 'nx.json'), extendedFile(config.root, config.nxJson.extends)]
      .flatMap((file) => (file ? [{ file, text: readFileSync(file, 'utf8') }] : [])).filter(({ text }) => places(text).length > 0);
    const [first] = files;
    if (!first) {
      say('there is no access token in nx.json: nothing to do.');
      return 0;
    }
    const foreign = files.find(({ file }) => /^\.\.[\\/]|(^|[\\/])node_modules[\\/]/.test(relative(config.root, file)));
    if (foreign) throw new Stop(`The access token is in ${foreign.file}, which nx.json extends and which is not of this workspace: change it where it comes from.`);
    const sent = credential(config);
    const token = sent?.kind === 'token' ? sent.token : undefined;
    if (!token) throw new Stop('The access token in nx.json is not a text.');
    const who = await new Api({ url: serverOf(undefined, config), version, token }).json('GET', '/api/v1/whoami', undefined, whoami);
    for (const { file, text } of files) rewrite(file, converted(text, who.workspace.nx_cloud_id));
    say(`${files.map(({ file }) => relative(config.root, file)).join(' and ')} holds the nxCloudId ${who.workspace.nx_cloud_id} now, and no token. People log in with: npx nx-cloud login`);
    say(`the old token still works, and stays in the history of your repository: revoke it${who.workspace.url ? ` at ${who.workspace.url}` : ' in the web app'}, and give CI one of its own in NX_CLOUD_ACCESS_TOKEN.`);
    if (/^1[0-8]\.|^19\.[0-6]\./.test(nxVersion())) say(`nx ${nxVersion()} does not know nxCloudId: update to 19.7 or newer, or set NX_CLOUD_ACCESS_TOKEN.`);
    return 0;
  },
};

/** Without the mark at the start that editors of Windows write. */
const unmarked = (text: string): string => text.replace(/^\uFEFF/, '');

type Place = { holder: (string | number)[]; name: string };

/** Where tokens are. */
function places(text: string): Place[] {
  const tree = parseTree(unmarked(text), [], { allowTrailingComma: true });
  if (tree?.type !== 'object') throw new Stop('nx.json is not an object: mend it first.');
  const found: Place[] = [{ holder: [], name: 'nxCloudAccessToken' }];
  for (const entry of findNodeAtLocation(tree, ['tasksRunnerOptions'])?.children ?? []) {
    const name: unknown = entry.children?.[0]?.value;
    if (typeof name === 'string') found.push({ holder: ['tasksRunnerOptions', name, 'options'], name: 'accessToken' });
  }
  return found.filter(({ holder, name }) => findNodeAtLocation(tree, [...holder, name]));
}

/** The text with every token replaced by the id. */
export function converted(text: string, id: string): string {
  let result = unmarked(text);
  for (const { holder, name } of places(text)) {
    const tree = parseTree(result, [], { allowTrailingComma: true }) as Node;
    const there = findNodeAtLocation(tree, [...holder, 'nxCloudId']);
    result = applyEdits(result, there
      ? modify(result, [...holder, name], undefined, {})
      : renamed(findNodeAtLocation(tree, [...holder, name])?.parent as Node, id));
  }
  return text.startsWith('\uFEFF') ? `\uFEFF${result}` : result;
}

/** Name and value anew; all around them stays. */
function renamed({ children }: Node, id: string): Edit[] {
  const [name, value] = children as [Node, Node];
  return [
    { offset: name.offset, length: name.length, content: '"nxCloudId"' },
    { offset: value.offset, length: value.length, content: JSON.stringify(id) },
  ];
}
