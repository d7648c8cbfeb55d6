// Branch and commit, as git tells them. Whatever git does, it is over soon.
import { execFile } from 'node:child_process';

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
  commit?: { sha: string; title?: string; author?: string };
}

export async function gitFacts(root: string): Promise<GitFacts> {
  const [branch, log] = await Promise.all([
    git(root, 'rev-parse', '--abbrev-ref', 'HEAD'),
    git(root, 'log', '-1', '--no-show-signature', '--format=%H%x00%s%x00%an'),
  ]);
  const [sha, title, author] = (log ?? '').split('\0');
  const message = process.env.NX_CLOUD_COMMIT_MESSAGE?.split('\n')[0] ?? title;
  return {
    // A checkout of a commit has no branch.
    ...(branch && branch !== 'HEAD' ? { branch } : {}),
    ...(sha && /^[0-9a-f]{40,64}$/.test(sha)
      ? { commit: { sha, ...(message ? { title: message.slice(0, 500) } : {}), ...(author ? { author: author.slice(0, 200) } : {}) } } : {}),
  };
}
