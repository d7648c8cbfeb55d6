// `convert-to-nx-cloud-id`: the token in nx.json becomes the Nx Cloud id, which is no secret. All other text stays as it is.
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyEdits, type Edit, findNodeAtLocation, modify, type Node, parseTree } from 'jsonc-parser';
import { Api } from '../api.ts';
import { credential } from '../credentials.ts';
import { nxVersion } from '../nx.ts';
import { say } from '../say.ts';
import { whoami } from '../shapes.ts';
import { version } from '../version.ts';
import { type Command, given, here, serverOf, Stop } from './command.ts';

export const convert: Command = {
  usage: '',
  about: 'Replace the access token in nx.json by the Nx Cloud id.',
  async run(args) {
    given(args, ['help']);
    const config = here();
    const file = join(config.root, 'nx.json');
    const text = readFileSync(file, 'utf8');
    if (places(text).length === 0) {
      say('there is no access token in nx.json: nothing to do.');
      return 0;
    }
    const sent = credential(config);
    const token = sent?.kind === 'token' ? sent.token : undefined;
    if (!token) throw new Stop('The access token in nx.json is not a text.');
    const who = await new Api({ url: serverOf(undefined, config), version, token }).json('GET', '/api/v1/whoami', undefined, whoami);
    replace(file, converted(text, who.workspace.nx_cloud_id));
    say(`nx.json holds the nxCloudId ${who.workspace.nx_cloud_id} now, and no token. People log in with: npx nx-cloud login`);
    say(`the old token still works, and stays in the history of your repository: revoke it${who.workspace.url ? ` at ${who.workspace.url}` : ' in the web app'}, and give CI one of its own in NX_CLOUD_ACCESS_TOKEN.`);
    if (/^1[0-8]\.|^19\.[0-6]\./.test(nxVersion())) say(`nx ${nxVersion()} does not know nxCloudId: update to 19.7 or newer, or set NX_CLOUD_ACCESS_TOKEN.`);
    return 0;
  },
};

type Place = { holder: (string | number)[]; name: string };

/** Where tokens are. */
function places(text: string): Place[] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
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
  let result = text;
  for (const { holder, name } of places(text)) {
    const tree = parseTree(result, [], { allowTrailingComma: true }) as Node;
    const there = findNodeAtLocation(tree, [...holder, 'nxCloudId']);
    result = applyEdits(result, there
      ? modify(result, [...holder, name], undefined, {})
      : renamed(findNodeAtLocation(tree, [...holder, name])?.parent as Node, id));
  }
  return result;
}

/** Name and value anew; all around them stays. */
function renamed({ children }: Node, id: string): Edit[] {
  const [name, value] = children as [Node, Node];
  return [
    { offset: name.offset, length: name.length, content: '"nxCloudId"' },
    { offset: value.offset, length: value.length, content: JSON.stringify(id) },
  ];
}

function replace(file: string, text: string): void {
  const fresh = `${file}.${process.pid}.tmp`;
  writeFileSync(fresh, text, { mode: statSync(file).mode });
  renameSync(fresh, file);
}
