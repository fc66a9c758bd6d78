// credveil serve: answers over HTTP until told to stop.

import type { Command } from 'commander';
import { startServer } from '../../server/server.ts';
import { ExitCode, UsageError } from '../exit.ts';

interface ServeOptions {
  listen: string;
  json?: boolean;
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT`. */
function parseListen(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^[\]:]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535)
    throw new UsageError('--listen is not HOST:PORT', 'Write for example --listen 127.0.0.1:8787.');
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('answer queries over HTTP')
    .argument('<dataset>', 'folder of the dataset')
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', '127.0.0.1:8787')
    .option('--json', 'print the address and events as JSON lines')
    .action(async (folder: string, options: ServeOptions) => {
      const { host, port } = parseListen(options.listen);
      const server = await startServer(folder, {
        host,
        port,
        onEvent: (event) => process.stderr.write(`${describeEvent(event, options.json === true)}\n`),
      });
      const stopped = new Promise<void>((resolve, reject) => {
        const stop = (signal: NodeJS.Signals): void => {
          process.off('SIGINT', stop).off('SIGTERM', stop);
          if (signal === 'SIGINT') process.exitCode = ExitCode.interrupted;
          server.close().then(resolve, reject);
        };
        process.on('SIGINT', stop).on('SIGTERM', stop);
      });
      // After that, so that whoever waits for this line may stop the server at once.
      process.stdout.write(options.json ? `${JSON.stringify({ url: server.url })}\n` : `listening on ${server.url}\n`);
      await stopped;
    });
}

function describeEvent(event: { readonly event: string }, json: boolean): string {
  const at = new Date().toISOString();
  if (json) return JSON.stringify({ at, ...event });
  const { event: name, ...fields } = event;
  return [at, name, ...Object.entries(fields).map(([field, value]) => `${field}=${String(value)}`)].join(' ');
}
