// Branch and commit, as git tells them. Whatever git does, it is over soon.
import { execFile } from 'node:child_process';
import { type Commit, refOf } from './ci.ts';
import { cut } from './text.ts';

const LONGEST = 2_000;

function git(root: string, ...args: string[]): Promise<string | undefined> {
  return new Promise((done) => {
    // A timer of our own holds the process; a git that hangs does not hold us.
    const timer = setTimeout(() => done(undefined), LONGEST + 500);
    const end = (text: string | undefined) => {
      clearTimeout(timer);
      done(text);
    };
    try {
      execFile('git', args, { cwd: root, timeout: LONGEST, maxBuffer: 1 << 20, windowsHide: true }, (error, stdout) => end(error ? undefined : stdout.trim()));
    } catch {
      end(undefined);
    }
  });
}

export interface GitFacts {
  branch?: string;
  commit?: Commit;
}

/** What git says of the checkout; where it says nothing, `told` counts: what the CI system says. */
export async function gitFacts(root: string, told?: Commit): Promise<GitFacts> {
  const [head, log] = await Promise.all([
    git(root, 'rev-parse', '--abbrev-ref', 'HEAD'),
    git(root, 'log', '-1', '--no-show-signature', '--format=%H%x00%s%x00%an'),
  ]);
  // A checkout of a commit has no branch.
  const { branch } = refOf(head);
  const [sha, title, author] = (log ?? '').split('\0');
  const seen: Commit | undefined = sha && /^[0-9a-f]{40,64}$/.test(sha) ? { sha, title, author } : told;
  const message = process.env.NX_CLOUD_COMMIT_MESSAGE?.trim().split('\n')[0] || seen?.title;
  return {
    ...(branch ? { branch } : {}),
    ...(seen ? { commit: { sha: seen.sha, ...(message ? { title: cut(message, 500) } : {}), ...(seen.author ? { author: cut(seen.author, 200) } : {}) } } : {}),
  };
}
