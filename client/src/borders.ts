// How far an artifact reaches: the outputs that its task declares. nx restores nothing else, and since nx 24 no link that
// leaves the output that it is in; we hold artifacts to that with every version.

export interface Borders {
  /** Whether an entry may be at this path; of a folder it is enough that an output lies below. */
  mayHold(path: string[], folder: boolean): boolean;
  /** Whether a link at this path may point there. */
  mayLink(path: string[], target: string): boolean;
}

/** The fixed part of an output: up to its first pattern, or to what nx has not filled in. */
function fixed(output: string): string[] | undefined {
  if (output.startsWith('!')) return undefined;
  const parts: string[] = [];
  for (const part of output.replace(/\\/g, '/').split('/')) {
    if (/[*?[\]{}()!+@|]/.test(part)) break;
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

const begins = (path: string[], start: string[]) => start.length <= path.length && start.every((part, at) => part === path[at]);

/** Where a link leads, as parts below the workspace; none when it leads out, or goes up again behind the first step down. */
function resolved(path: string[], target: string): string[] | undefined {
  if (target === '' || target.includes('\0') || target.startsWith('/') || (process.platform === 'win32' && /^[A-Za-z]:|\\/.test(target))) return undefined;
  const at = path.slice(0, -1);
  let down = false;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') {
      down = true;
      at.push(part);
    // Behind a name that may be a link itself, `..` is not where it looks to be.
    } else if (down || at.pop() === undefined) return undefined;
  }
  return at;
}

/** The borders of a task with these outputs; unknown outputs are the whole workspace. */
export function bordersOf(outputs: string[] | undefined): Borders {
  const roots = outputs?.flatMap((output) => {
    const parts = fixed(output);
    return parts ? [parts] : [];
  }) ?? [[]];
  return {
    mayHold: (path, folder) => roots.some((root) => begins(path, root) || (folder && begins(root, path))),
    mayLink: (path, target) => {
      const to = resolved(path, target);
      return to !== undefined && roots.some((root) => begins(path, root) && begins(to, root));
    },
  };
}

/** Anywhere below the workspace. */
export const EVERYWHERE = bordersOf(undefined);
