// Commands of distributed execution, which this server does not have. A CI file that uses them must not break: its
// tasks simply run where they are started.
import { say } from '../say.ts';
import type { Command } from './command.ts';

const none = (about: string, line: string, code = 0): Command => ({
  usage: '', about,
  run: async () => {
    say(line);
    return code;
  },
});

const HERE = 'distributed execution is not available with this version of the server; tasks run on the machine that starts them.';
const AGENT = 'distributed execution is not available with this version of the server; this agent has nothing to do.';
const FIX = 'this version of the server proposes no fixes.';

export const agents: Record<string, Command> = {
  'start-ci-run': none('Accepted, without effect.', HERE),
  'start-agent': none('Accepted, without effect.', AGENT),
  'start-nx-agents': none('Accepted, without effect.', HERE),
  'stop-all-agents': none('Accepted, without effect.', HERE),
  'complete-ci-run': none('Accepted, without effect.', HERE),
  'upload-agent-metrics': none('Accepted, without effect.', HERE),
  'fix-ci': none('Accepted, without effect.', FIX),
  'apply-locally': none('Not available.', FIX, 1),
};
