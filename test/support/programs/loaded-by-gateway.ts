// Starts and stops a gateway of the configuration in argv, and prints the modules that this loaded.

import { registerHooks } from 'node:module';

const modules: string[] = [];
registerHooks({
  load(url, context, next) {
    modules.push(url);
    return next(url, context);
  },
});
const { parseConfig } = await import('../../../gateway/config/load.ts');
const { startGateway } = await import('../../../gateway/gateway.ts');
const { config } = parseConfig(process.argv[2] as string);
if (!config) throw new Error('the configuration has a mistake');
const gateway = await startGateway({ config });
await gateway.close({ deadlineMs: 1 });
console.log(JSON.stringify(modules));
