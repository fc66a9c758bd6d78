// credveil serve: answers over HTTP until told to stop.

import type { Command } from 'commander';
import { startServer } from '../../server/server.ts';
import type { ServedFolder } from '../../server/service.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { keyFileFor } from '../open.ts';

interface ServeOptions {
  listen: string;
  keyFile?: string;
  also: string[];
  pages: boolean;
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

/** Under `oprf` a server holds the key; under `hmac` it must not, and the key file is not even opened. */
function withKey(folder: string, keyFile?: string): ServedFolder {
  const { suite } = openDataset(folder).parameters;
  if (suite === 'oprf') return { folder, key: openKeyFile(keyFileFor(folder, keyFile)) };
  if (keyFile !== undefined)
    throw new UsageError(
      'a dataset of the hmac suite is served without its key',
      'Leave --key-file out, and keep the key away from this machine if you can.',
    );
  return { folder };
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('answer queries over HTTP')
    .argument('<dataset>', 'folder of the dataset')
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', '127.0.0.1:8787')
    .option('--key-file <file>', 'oprf: key of the dataset (default: <dataset>.key)')
    .option('--also <dataset>', 'serve one more under /d/<dataset id>, as while keys are rotated', collect, [])
    .option('--no-pages', 'leave out the pages at / and /status')
    .option('--json', 'print the address and events as JSON lines')
    .action(async (folder: string, options: ServeOptions) => {
      const { host, port } = parseListen(options.listen);
      const { key } = withKey(folder, options.keyFile);
      const server = await startServer(folder, {
        ...(key ? { key } : {}),
        additional: options.also.map((also) => withKey(also)),
        host,
        port,
        pages: options.pages,
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

const collect = (value: string, list: string[]): string[] => [...list, value];

function describeEvent(event: { readonly event: string }, json: boolean): string {
  const at = new Date().toISOString();
  if (json) return JSON.stringify({ at, ...event });
  const { event: name, ...fields } = event;
  return [at, name, ...Object.entries(fields).map(([field, value]) => `${field}=${String(value)}`)].join(' ');
}
