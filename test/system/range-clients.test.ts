// Debian's programs for Have I Been Pwned, unchanged: Symfony's validator over HTTP, KeePassXC on
// an export. apt-get install php-cli php-symfony-validator php-symfony-http-client keepassxc

import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { credveilJson } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';
import { makeRangeDataset, type RangeDataset, seededRanges, sha1Of } from '../support/range-dataset.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const LEAKED = 'Pässwörd of many';
const LEAKED_TIMES = 3;
const CLEAN = 'never seen by anyone 81';
const VALIDATOR = path.join(import.meta.dirname, 'not-compromised.php');

interface Fixtures {
  readonly made: RangeDataset;
  readonly server: CredveilServer;
}

async function makeLeaked(): Promise<RangeDataset> {
  const prefixes = [LEAKED, CLEAN].map((password) => sha1Of(password).slice(0, 5));
  const passwords = Array.from({ length: LEAKED_TIMES }, () => LEAKED);
  return makeRangeDataset({ sha1: seededRanges('sha1', [...prefixes, '00000', 'FFFFF'], 900), passwords });
}

const test = placeTest.extend<Fixtures>({
  made: perFile(makeLeaked, (made) => made.dispose()),
  server: [
    async ({ made }, use) => {
      const server = await startServer(made.folder, { port: 0 });
      await use(server);
      await server.close({ deadlineMs: 100 });
    },
    { scope: 'file' },
  ],
});

/** Runs a program of the system. A missing one is an error, never a pass. @returns its output */
function run(command: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Qt without a screen.
    const child = spawn(command, args, { env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' } });
    let written = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (block) => (written += String(block)));
    child.on('error', (cause) => reject(new Error(`${command} is not installed`, { cause })));
    child.on('close', (code) =>
      code === 0 ? resolve(written) : reject(new Error(`${command} ${args[0]}: exit code ${code}\n${written}`)),
    );
    child.stdin.end(input);
  });
}

describe("Symfony's NotCompromisedPassword", () => {
  const validate = ({ url }: CredveilServer, password: string, path = '/range/%s'): Promise<string> =>
    run('php', [VALIDATOR, url + path], password);

  test('the Symfony validator rejects a leaked password and accepts a clean one', async ({ server }) => {
    expect(await validate(server, LEAKED)).toBe('compromised');
    expect(await validate(server, CLEAN)).toBe('clean');
    expect(await validate(server, 'of a range without hashes')).toBe('clean');
  });

  test('the Symfony validator throws if the server has no such route, so that a failure never looks clean', async ({
    server,
  }) => {
    expect(await validate(server, CLEAN, '/ranges/%s')).toContain('ClientException: No such route');
  });
});

test('keepassxc-cli analyze -H finds the leaked entries of an export', async ({ made, place }) => {
  const [database, list] = [place.at('passwords.kdbx'), place.at('list.txt')];
  await run('keepassxc-cli', ['db-create', '-q', '-p', '-t', '100', database], 'master\nmaster\n');
  for (const [title, password] of [
    ['of many', LEAKED],
    ['of nobody', CLEAN],
  ] as const)
    await run('keepassxc-cli', ['add', '-q', '-p', database, title], `master\n${password}\n`);
  await credveilJson(['export', made.folder, '--index', 'sha1', '--to', list, '--list']);
  const found = await run('keepassxc-cli', ['analyze', '-q', '-H', list, database], 'master\n');
  expect(found).toContain(`'of many' has been leaked ${LEAKED_TIMES} times`);
  expect(found).not.toContain('of nobody');
});
