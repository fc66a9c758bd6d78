// Starts and stops a server of the dataset in argv, and prints the modules that this has loaded.

import { registerHooks } from 'node:module';

const modules: string[] = [];
registerHooks({
  load(url, context, next) {
    modules.push(url);
    return next(url, context);
  },
});
const { startServer } = await import('../../../server/server.ts');
const server = await startServer(process.argv[2] as string, { port: 0 });
await server.close();
// Builtins that other builtins load, such as undici.
const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
console.log(JSON.stringify([...modules, ...moduleLoadList]));
