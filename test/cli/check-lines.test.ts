// `credveil check` reads JSON lines: where a line ends, what a line may hold, and what a bad one
// does to the batch.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { credveil, type WorkPlace } from '../support/credveil.ts';
import { type MadeDataset, makeDataset } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { keyPinOf } from '../support/pins.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const PAIR = { username: 'ada@example.test', password: 'sun\u2028rise' };
const KNOWN = { username: 'bob@example.test', password: 'Correct Horse 7' };

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
}

const test = placeTest.extend<{ world: World }>({
  world: perFile(
    async () => {
      const made = await makeDataset({ pairs: [PAIR, KNOWN] });
      return { made, server: await startServer(made.folder, { port: 0 }) };
    },
    async ({ made, server }: World) => {
      await server.close();
      made.dispose();
    },
  ),
});

/** Runs the command with `input`. @returns what it printed, each line parsed */
async function check({ made, server }: World, place: WorkPlace, input: string) {
  const keyFile = place.at('dataset.key');
  fs.writeFileSync(keyFile, `${keyPinOf(made).key}\n`, { mode: 0o600 });
  const { code, stdout, stderr } = await credveil(
    ['check', '--url', server.url, '--key-file', keyFile, '--timeout', '60000'],
    input,
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  return {
    code,
    stderr,
    lines: lines.map((line) => JSON.parse(line) as { status?: string; error?: { code: string } }),
  };
}

const raw = (value: object): string => JSON.stringify(value);

describe('a line of standard input', () => {
  test('ends at a line feed alone, whatever the JSON text holds', async ({ world, place }) => {
    const { code, lines, stderr } = await check(world, place, `${raw(PAIR)}\n${raw(KNOWN)}\r\n\n`);
    expect([code, stderr]).toEqual([0, '']);
    expect(lines.map(({ status }) => status)).toEqual(['pair', 'pair']);
  });

  test('may follow a byte order mark', async ({ world, place }) => {
    const { code, lines } = await check(world, place, `\ufeff${raw(KNOWN)}\n`);
    expect([code, lines.map(({ status }) => status)]).toEqual([0, ['pair']]);
  });

  test.for([
    ['{"email":"bob@example.test","password":"x"}', 'Did you mean username?'],
    ['{"username":"bob@example.test","pass":"x"}', 'Did you mean password?'],
    ['{"username":"bob@example.test","password":7}', 'with strings as their values'],
    ['not JSON', 'one JSON object per line'],
    ['["bob@example.test","x"]', 'one JSON object per line'],
    ['{}', 'neither username nor password'],
  ] as const)('that is %s is an error of its own, and the batch goes on', async ([line, hint], { world, place }) => {
    const { code, lines, stderr } = await check(world, place, `${raw(KNOWN)}\n${line}\n${raw(PAIR)}\n`);
    expect(lines.map(({ status, error }) => status ?? error?.code)).toEqual(['pair', 'LINE_MALFORMED', 'pair']);
    expect(stderr).toContain('error LINE_MALFORMED: line 2 of standard input');
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('bob@example');
    expect(code).toBe(2);
  });
});
