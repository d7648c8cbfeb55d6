// What nx looks for in the bundle. Nothing here may throw while it is loaded: from nx 20 on that ends the build.
import { commands, runCLI } from './commands/index.ts';
import { GOODBYE, goodbye } from './goodbye.ts';
import { configureLightClientRequire } from './nx.ts';
import { getRemoteCache, nxCloudTasksRunner } from './runner.ts';

export { commands, configureLightClientRequire, getRemoteCache, nxCloudTasksRunner, runCLI };

if (process.argv[2] === GOODBYE && require.main === module) goodbye().catch(() => {});
