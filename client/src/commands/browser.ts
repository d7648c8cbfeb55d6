import { spawn } from 'node:child_process';
import { isCi } from '../ci.ts';

/** Whether a person sits before a screen on this machine. */
export const hasScreen = (env = process.env): boolean =>
  Boolean(process.stdout.isTTY) && !isCi(env) && !env.SSH_CONNECTION && !env.SSH_TTY
  && (process.platform !== 'linux' || Boolean(env.DISPLAY ?? env.WAYLAND_DISPLAY ?? env.WSL_DISTRO_NAME));

/** Opens a page; when that fails the person has the address. */
export function openPage(url: string): void {
  const [program, ...args] = process.platform === 'darwin' ? ['open', url]
    : process.platform === 'win32' ? ['rundll32', 'url.dll,FileProtocolHandler', url] : ['xdg-open', url];
  try {
    spawn(program as string, args, { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
  } catch {}
}
