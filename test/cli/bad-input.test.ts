// Invalid input on the command line: an error code, a hint, an exit code, and no change.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { createWorkPlace, credveil, credveilJson, digestFolder, type WorkPlace } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';

/** A folder with valid and invalid files. No test may change a dataset in it. */
interface World {
  readonly place: WorkPlace;
  /** A published dataset with the source `first`. */
  readonly dataset: string;
  readonly combo: string;
  readonly other: string;
  readonly keyFile: string;
}

async function openWorld(): Promise<World> {
  const place = createWorkPlace();
  const dataset = place.at('leaks');
  const keyFile = `${dataset}.key`;
  const combo = place.write('combo.txt', 'ana:pw\nben:pw\n');
  const other = place.write('other.txt', 'cleo:pw\n');
  place.write('noise.txt', 'one\ntwo\n');
  place.write('nothing.txt', '');
  place.write('table.csv', 'login,secret\nana,pw\n');
  place.write('wrong.key', 'not a key\n');
  fs.chmodSync(place.at('wrong.key'), 0o600);
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  await credveilJson(['ingest', dataset, combo, '--source', 'first']);
  await credveilJson(['init', place.at('stranger'), '--suite', 'hmac']);
  fs.copyFileSync(keyFile, place.at('exposed.key'));
  fs.chmodSync(place.at('exposed.key'), 0o644);
  return { place, dataset, combo, other, keyFile };
}

const test = base.extend<{ readonly world: World }>({
  world: perFile(openWorld, ({ place }) => place.dispose()),
});

/** Runs a command that must fail with this error code. @returns its output */
async function refused(
  { place }: World,
  code: string,
  exitCode: 1 | 2,
  args: readonly string[],
  input = '',
): Promise<string> {
  const before = digestFolder(place.home);
  const outcome = await credveil(args, input);
  expect(outcome).toMatchObject({ code: exitCode, stdout: '' });
  // After any progress, the output ends with the error: one line with its code, one with a hint.
  const lines = outcome.stderr.trimEnd().split('\n').slice(-2);
  expect(lines[0]).toMatch(new RegExp(`^error ${code}: \\S`));
  expect(lines[1]).toMatch(/^ {2}\S/);
  expect(outcome.stderr).not.toContain('    at ');
  expect(digestFolder(place.home)).toBe(before);
  return outcome.stderr;
}

/** A damaged copy of the dataset. */
function spoilt({ place, dataset, keyFile }: World, name: string, spoil: (folder: string) => void): string {
  const folder = place.at(name);
  fs.cpSync(dataset, folder, { recursive: true });
  fs.copyFileSync(keyFile, `${folder}.key`);
  spoil(folder);
  return folder;
}

const truncate = (file: string): void => fs.truncateSync(file, fs.statSync(file).size - 40);

describe('an invalid command line exits with code 2', () => {
  const cases: [title: string, args: (world: World) => string[]][] = [
    ['an unknown command', () => ['frobnicate']],
    ['an unknown option', ({ dataset }) => ['stats', dataset, '--frobnicate']],
    ['an unknown option of the program', () => ['--frobnicate']],
    ['an argument that is missing', () => ['stats']],
    ['an argument too many', ({ dataset }) => ['stats', dataset, dataset]],
    ['an option that is missing', ({ dataset, combo }) => ['ingest', dataset, combo]],
    ['an unknown suite', ({ place }) => ['init', place.at('new'), '--suite', 'rot13']],
    ['an unknown index', ({ place }) => ['init', place.at('new'), '--suite', 'hmac', '--index', 'account,nt']],
    ['no index', ({ place }) => ['init', place.at('new'), '--suite', 'hmac', '--index', '']],
    ['a bucket floor of nothing', ({ place }) => ['init', place.at('new'), '--suite', 'hmac', '--bucket-floor', '0']],
    ['an unknown format', ({ dataset, other }) => ['ingest', dataset, other, '--source', 'x', '--format', 'xml']],
    [
      'columns without csv',
      ({ dataset, other }) => [
        'ingest',
        dataset,
        other,
        '--source',
        'x',
        '--format',
        'combo',
        '--columns',
        'password=p',
      ],
    ],
    [
      'columns that are no list',
      ({ dataset, other }) => ['ingest', dataset, other, '--source', 'x', '--format', 'csv', '--columns', 'p'],
    ],
    [
      'columns without a password',
      ({ dataset, other }) => ['ingest', dataset, other, '--source', 'x', '--format', 'csv', '--columns', 'username=u'],
    ],
    [
      'an empty label',
      ({ dataset, other }) => ['ingest', dataset, other, '--source', 'x', '--labels', 'username=/home'],
    ],
    ['standard input beside a file', ({ dataset, other }) => ['ingest', dataset, other, '-', '--source', 'x']],
    [
      'a timeout that is no number',
      ({ keyFile }) => [
        'check',
        '--url',
        'http://127.0.0.1:9',
        '--dataset',
        keyFile.replace(/\.key$/, ''),
        '--timeout',
        'soon',
      ],
    ],
    ['no dataset to serve', () => ['serve', '--listen', ':0']],
  ];
  test.for(cases)('%s is a usage error', async ([, args], { world }) => {
    await refused(world, 'USAGE', 2, args(world));
  });

  test.for(['nonsense', '127.0.0.1', '127.0.0.1:99999', ':x', '::1:80', 'a b:80'])(
    '--listen %s is an invalid setting',
    async (listen, { world }) => {
      await refused(world, 'SETTING_INVALID', 2, ['serve', world.dataset, '--listen', listen]);
    },
  );

  test('an invalid month or source name has its own error code, and a URL its flag', async ({ world }) => {
    const { dataset, other, keyFile } = world;
    await refused(world, 'SOURCE_DATE', 2, ['ingest', dataset, other, '--source', 'x', '--date', '2024-13']);
    await refused(world, 'SOURCE_NAME', 2, ['ingest', dataset, other, '--source', '../x']);
    await refused(world, 'USAGE', 2, ['check', '--url', 'nonsense', '--key-file', keyFile]);
  });

  test('remove takes a source name, never a path', async ({ world }) => {
    const { place, dataset } = world;
    fs.writeFileSync(place.at('outside.run'), 'precious');
    await refused(world, 'SOURCE_NAME', 2, ['remove', dataset, '../../outside']);
  });

  test('check refuses a line that is not a credential, and does not repeat its text', async ({ world }) => {
    const { keyFile } = world;
    const check = ['check', '--url', 'http://127.0.0.1:9', '--dataset', keyFile.replace(/\.key$/, '')];
    for (const line of ['marker', '{"username":1,"password":"marker"}', '{"user":"marker"}', 'null', '[]']) {
      const { code, stdout, stderr } = await credveil(check, `\n${line}\n`);
      expect([code, JSON.parse(stdout)]).toMatchObject([2, { error: { code: 'LINE_MALFORMED' } }]);
      expect(stdout + stderr).not.toContain('marker');
    }
  });

  test('a command line without a command prints the help', async () => {
    expect(await credveil([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Commands:') });
    expect(await credveil(['--help'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('Commands:'),
    });
    expect(await credveil(['--version'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('an invalid file exits with code 1', () => {
  test('an unreadable, useless or repeated corpus is refused', async ({ world }) => {
    const { place, dataset, combo, other } = world;
    const ingest = (file: string, ...more: string[]): string[] => ['ingest', dataset, file, '--source', 'x', ...more];
    await refused(world, 'INPUT_MISSING', 1, ingest(place.at('none.txt')));
    fs.mkdirSync(place.at('empty'));
    await refused(world, 'INPUT_MISSING', 1, ingest(place.at('empty')));
    await refused(world, 'CONTAINER_CORRUPT', 1, ingest(place.write('cut.gz', Buffer.from('1f8b0800', 'hex'))));
    await refused(world, 'NOTHING_FOUND', 1, ingest(place.at('noise.txt'), '--format', 'combo'));
    expect(await refused(world, 'NOTHING_FOUND', 1, ingest(place.at('nothing.txt')))).toContain('the file is empty');
    await refused(world, 'NOTHING_FOUND', 1, ingest('-'));
    await refused(world, 'COLUMN_MISSING', 1, ingest(place.at('table.csv'), '--format', 'csv'));
    await refused(world, 'SOURCE_DUPLICATE', 1, ingest(combo));
    await refused(world, 'SOURCE_EXISTS', 1, ['ingest', dataset, other, '--source', 'first']);
    const missing = await refused(world, 'SOURCE_MISSING', 1, ['remove', dataset, 'nobody']);
    expect(missing).toContain('no source nobody');
    expect(missing).toContain(`credveil sources ${dataset}\n`);
  });

  test('a missing, malformed, exposed or wrong key file is refused', async ({ world }) => {
    const { place, dataset, other } = world;
    const stats = ['verify', dataset, '--key-file'];
    await refused(world, 'KEY_FILE_MISSING', 1, [...stats, place.at('none.key')]);
    await refused(world, 'KEY_FILE_MALFORMED', 1, [...stats, place.at('wrong.key')]);
    await refused(world, 'KEY_FILE_EXPOSED', 1, [...stats, place.at('exposed.key')]);
    await refused(world, 'KEY_FILE_EXPOSED', 1, [
      'check',
      '--url',
      'http://127.0.0.1:9',
      '--key-file',
      place.at('exposed.key'),
    ]);
    await refused(world, 'KEY_FILE_INSIDE_DATASET', 1, [
      'init',
      place.at('new'),
      '--suite',
      'hmac',
      '--key-file',
      place.at('new/key'),
    ]);
    for (const args of [
      ['verify', dataset],
      ['publish', dataset],
      ['remove', dataset, 'first'],
      ['ingest', dataset, other, '--source', 'x'],
    ])
      await refused(world, 'KEY_MISMATCH', 1, [...args, '--key-file', place.at('stranger.key')]);
  });

  test('a dataset that exists, is missing, damaged or unpublished is refused', async ({ world }) => {
    const { place, dataset, combo, keyFile } = world;
    await refused(world, 'DATASET_EXISTS', 1, ['init', dataset, '--suite', 'hmac']);
    await refused(world, 'DATASET_EXISTS', 1, ['init', combo, '--suite', 'hmac']);
    const nested = await refused(world, 'USAGE', 2, ['init', place.at('none/leaks'), '--suite', 'hmac']);
    expect(nested).toContain(`folder ${place.at('none')} does not exist`);
    expect(await refused(world, 'DATASET_MISSING', 1, ['serve', combo])).toContain('is a file, not a dataset');
    const later = spoilt(world, 'later', (folder) => {
      const file = path.join(folder, 'dataset.json');
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"format": 2', '"format": 3'));
    });
    const cut = spoilt(world, 'cut', (folder) => truncate(path.join(folder, 'dataset.json')));
    for (const [folder, code] of [
      [later, 'DATASET_VERSION'],
      [cut, 'DATASET_MALFORMED'],
      [place.at('nowhere'), 'DATASET_MISSING'],
      [combo, 'DATASET_MISSING'],
    ] as const)
      for (const args of [
        ['serve', '--listen', ':0'],
        ['verify', '--key-file', keyFile],
      ])
        await refused(world, code, 1, [args[0] as string, folder, ...args.slice(1)]);
    await refused(world, 'SNAPSHOT_MISSING', 1, ['serve', place.at('stranger'), '--listen', ':0']);
    await refused(world, 'SNAPSHOT_MISSING', 1, ['stats', place.at('stranger')]);
  });

  test('a truncated run is refused', async ({ world }) => {
    const { other } = world;
    const folder = spoilt(world, 'cut-run', (copy) => truncate(path.join(copy, 'runs', 'first.run')));
    for (const args of [
      ['publish', folder],
      ['ingest', folder, other, '--source', 'x'],
    ])
      await refused(world, 'RUN_CORRUPT', 1, args);
  });

  test('a truncated or missing snapshot, or one that CURRENT does not match, is refused', async ({ world }) => {
    const inSnapshots = (folder: string, end: string): string => {
      const name = fs.readdirSync(path.join(folder, 'snapshots')).find((file) => file.endsWith(end)) ?? '';
      return path.join(folder, 'snapshots', name);
    };
    const spoils: ((folder: string) => void)[] = [
      (folder) => truncate(inSnapshots(folder, '.account')),
      (folder) => fs.rmSync(inSnapshots(folder, '.account')),
      (folder) => fs.appendFileSync(inSnapshots(folder, '.json'), ' '),
      (folder) => fs.writeFileSync(path.join(folder, 'CURRENT'), '../../etc\n'),
    ];
    for (const [i, spoil] of spoils.entries()) {
      const folder = spoilt(world, `spoilt-${i}`, spoil);
      await refused(world, 'SNAPSHOT_CORRUPT', 1, ['serve', folder, '--listen', ':0']);
      await refused(world, 'SNAPSHOT_CORRUPT', 1, ['verify', folder]);
    }
  });

  test('an unreachable server is unknown, never clean', async ({ world }) => {
    const { keyFile } = world;
    const { code, stdout, stderr } = await credveil(
      ['check', '--url', 'http://127.0.0.1:9', '--dataset', keyFile.replace(/\.key$/, ''), '--timeout', '60000'],
      '{"password":"pw"}\n{"password":"other"}\n',
    );
    expect(code).toBe(1);
    expect(stderr.match(/^NETWORK: .*: a forbidden port at http:.*\n {2}Serve on another port/gm)).toHaveLength(1);
    for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ status: 'unknown' });
  });
});
