// Debian's programs for Have I Been Pwned, unchanged: Symfony's validator over HTTP, KeePassXC on
// an export. apt-get install php-cli php-symfony-validator php-symfony-http-client keepassxc

import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { createWorkPlace, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { makeRangeDataset, type RangeDataset, seededRanges, sha1Of } from '../support/range-dataset.ts';

const LEAKED = 'Pässwörd of many';
const LEAKED_TIMES = 3;
const CLEAN = 'never seen by anyone 81';

let made: RangeDataset;
let server: CredveilServer;
let place: WorkPlace;
beforeAll(async () => {
  const prefixes = [LEAKED, CLEAN].map((password) => sha1Of(password).slice(0, 5));
  const passwords = Array.from({ length: LEAKED_TIMES }, () => LEAKED);
  made = await makeRangeDataset({ sha1: seededRanges('sha1', [...prefixes, '00000', 'FFFFF'], 900), passwords });
  server = await startServer(made.folder, { port: 0 });
  place = createWorkPlace();
});
afterAll(async () => {
  await server.close({ deadlineMs: 100 });
  made.dispose();
  place.dispose();
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
  const validate = (password: string, endpoint = `${server.url}/range/%s`): Promise<string> =>
    run('php', [path.join(import.meta.dirname, 'not-compromised.php'), endpoint], password);

  test('rejects a leaked password and accepts a clean one', async () => {
    expect(await validate(LEAKED)).toBe('compromised');
    expect(await validate(CLEAN)).toBe('clean');
    expect(await validate('of a range without hashes')).toBe('clean');
  });

  test('throws if the server has no such route, so that a failure never looks clean', async () => {
    expect(await validate(CLEAN, `${server.url}/ranges/%s`)).toContain('ClientException: No such route');
  });
});

test('keepassxc-cli analyze -H finds the leaked entries of an export', async () => {
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
