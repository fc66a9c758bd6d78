// Invalid input on the command line: an error code, a hint, an exit code, and no change.

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkPlace, credveil, credveilJson, digestFolder, type WorkPlace } from '../support/credveil.ts';

let place: WorkPlace;
/** A published dataset with the source `first`. No test may change it. */
let dataset: string;
let combo: string;
let other: string;
let keyFile: string;

beforeAll(async () => {
  place = createWorkPlace();
  dataset = place.at('leaks');
  keyFile = `${dataset}.key`;
  combo = place.write('combo.txt', 'ana:pw\nben:pw\n');
  other = place.write('other.txt', 'cleo:pw\n');
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
});

afterAll(() => place.dispose());

/** Runs a command that must fail with this error code. @returns its output */
async function refused(code: string, exitCode: 1 | 2, args: readonly string[], input = ''): Promise<string> {
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
function spoilt(name: string, spoil: (folder: string) => void): string {
  const folder = place.at(name);
  fs.cpSync(dataset, folder, { recursive: true });
  fs.copyFileSync(keyFile, `${folder}.key`);
  spoil(folder);
  return folder;
}

const truncate = (file: string): void => fs.truncateSync(file, fs.statSync(file).size - 40);

describe('an invalid command line exits with code 2', () => {
  const cases: [string, () => string[]][] = [
    ['an unknown command', () => ['frobnicate']],
    ['an unknown option', () => ['stats', dataset, '--frobnicate']],
    ['an unknown option of the program', () => ['--frobnicate']],
    ['an argument that is missing', () => ['stats']],
    ['an argument too many', () => ['stats', dataset, dataset]],
    ['an option that is missing', () => ['ingest', dataset, combo]],
    ['an unknown suite', () => ['init', place.at('new'), '--suite', 'rot13']],
    ['an unknown index', () => ['init', place.at('new'), '--suite', 'hmac', '--index', 'account,nt']],
    ['no index', () => ['init', place.at('new'), '--suite', 'hmac', '--index', '']],
    ['a bucket floor of nothing', () => ['init', place.at('new'), '--suite', 'hmac', '--bucket-floor', '0']],
    ['an unknown format', () => ['ingest', dataset, other, '--source', 'x', '--format', 'xml']],
    [
      'columns without csv',
      () => ['ingest', dataset, other, '--source', 'x', '--format', 'combo', '--columns', 'password=p'],
    ],
    [
      'columns that are no list',
      () => ['ingest', dataset, other, '--source', 'x', '--format', 'csv', '--columns', 'p'],
    ],
    [
      'columns without a password',
      () => ['ingest', dataset, other, '--source', 'x', '--format', 'csv', '--columns', 'username=u'],
    ],
    ['standard input beside a file', () => ['ingest', dataset, other, '-', '--source', 'x']],
    [
      'a timeout that is no number',
      () => ['check', '--url', 'http://127.0.0.1:9', '--key-file', keyFile, '--timeout', 'soon'],
    ],
    ['no dataset to serve', () => ['serve', '--listen', ':0']],
  ];
  test.each(cases)('%s', async (_, args) => {
    await refused('USAGE', 2, args());
  });

  test.each(['nonsense', '127.0.0.1', '127.0.0.1:99999', ':x', '::1:80', 'a b:80'])('--listen %s', async (listen) => {
    await refused('SETTING_INVALID', 2, ['serve', dataset, '--listen', listen]);
  });

  test('an invalid month, source name or URL', async () => {
    await refused('SOURCE_DATE', 2, ['ingest', dataset, other, '--source', 'x', '--date', '2024-13']);
    await refused('SOURCE_NAME', 2, ['ingest', dataset, other, '--source', '../x']);
    await refused('OPTION_MALFORMED', 2, ['check', '--url', 'nonsense', '--key-file', keyFile]);
  });

  test('remove takes a source name, never a path', async () => {
    fs.writeFileSync(place.at('outside.run'), 'precious');
    await refused('SOURCE_NAME', 2, ['remove', dataset, '../../outside']);
  });

  test('a line that is not a credential, without repeating its text', async () => {
    const check = ['check', '--url', 'http://127.0.0.1:9', '--key-file', keyFile];
    for (const line of ['marker', '{"username":1,"password":"marker"}', '{"user":"marker"}', 'null', '[]'])
      expect(await refused('USAGE', 2, check, `\n${line}\n`)).not.toContain('marker');
  });

  test('a missing command prints the help', async () => {
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
  test('corpora', async () => {
    const ingest = (file: string, ...more: string[]): string[] => ['ingest', dataset, file, '--source', 'x', ...more];
    await refused('INPUT_MISSING', 1, ingest(place.at('none.txt')));
    fs.mkdirSync(place.at('empty'));
    await refused('INPUT_MISSING', 1, ingest(place.at('empty')));
    await refused('CONTAINER_CORRUPT', 1, ingest(place.write('cut.gz', Buffer.from('1f8b0800', 'hex'))));
    await refused('NOTHING_FOUND', 1, ingest(place.at('noise.txt'), '--format', 'combo'));
    await refused('NOTHING_FOUND', 1, ingest(place.at('nothing.txt')));
    await refused('NOTHING_FOUND', 1, ingest('-'));
    await refused('COLUMN_MISSING', 1, ingest(place.at('table.csv'), '--format', 'csv'));
    await refused('SOURCE_DUPLICATE', 1, ingest(combo));
    await refused('SOURCE_EXISTS', 1, ['ingest', dataset, other, '--source', 'first']);
    await refused('SOURCE_MISSING', 1, ['remove', dataset, 'nobody']);
  });

  test('keys', async () => {
    const stats = ['verify', dataset, '--key-file'];
    await refused('KEY_FILE_MISSING', 1, [...stats, place.at('none.key')]);
    await refused('KEY_FILE_MALFORMED', 1, [...stats, place.at('wrong.key')]);
    await refused('KEY_FILE_EXPOSED', 1, [...stats, place.at('exposed.key')]);
    await refused('KEY_FILE_EXPOSED', 1, [
      'check',
      '--url',
      'http://127.0.0.1:9',
      '--key-file',
      place.at('exposed.key'),
    ]);
    await refused('KEY_FILE_INSIDE_DATASET', 1, [
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
      await refused('KEY_MISMATCH', 1, [...args, '--key-file', place.at('stranger.key')]);
  });

  test('datasets', async () => {
    await refused('DATASET_EXISTS', 1, ['init', dataset, '--suite', 'hmac']);
    await refused('DATASET_EXISTS', 1, ['init', combo, '--suite', 'hmac']);
    const later = spoilt('later', (folder) => {
      const file = path.join(folder, 'dataset.json');
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"format": 1', '"format": 2'));
    });
    const cut = spoilt('cut', (folder) => truncate(path.join(folder, 'dataset.json')));
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
        await refused(code, 1, [args[0] as string, folder, ...args.slice(1)]);
    await refused('SNAPSHOT_MISSING', 1, ['serve', place.at('stranger'), '--listen', ':0']);
    await refused('SNAPSHOT_MISSING', 1, ['stats', place.at('stranger')]);
  });

  test('a truncated run', async () => {
    const folder = spoilt('cut-run', (copy) => truncate(path.join(copy, 'runs', 'first.run')));
    for (const args of [
      ['publish', folder],
      ['ingest', folder, other, '--source', 'x'],
    ])
      await refused('RUN_CORRUPT', 1, args);
  });

  test('a truncated or missing snapshot, or one that CURRENT does not match', async () => {
    const inSnapshots = (folder: string, end: string): string => {
      const name = fs.readdirSync(path.join(folder, 'snapshots')).find((file) => file.endsWith(end)) ?? '';
      return path.join(folder, 'snapshots', name);
    };
    const spoils: ((folder: string) => void)[] = [
      (folder) => truncate(inSnapshots(folder, '.sqlite')),
      (folder) => fs.rmSync(inSnapshots(folder, '.sqlite')),
      (folder) => fs.appendFileSync(inSnapshots(folder, '.json'), ' '),
      (folder) => fs.writeFileSync(path.join(folder, 'CURRENT'), '../../etc\n'),
    ];
    for (const [i, spoil] of spoils.entries()) {
      const folder = spoilt(`spoilt-${i}`, spoil);
      await refused('SNAPSHOT_CORRUPT', 1, ['serve', folder, '--listen', ':0']);
      await refused('SNAPSHOT_CORRUPT', 1, ['verify', folder]);
    }
  });

  test('an unreachable server is unknown, never clean', async () => {
    const { code, stdout, stderr } = await credveil(
      ['check', '--url', 'http://127.0.0.1:9', '--key-file', keyFile, '--timeout', '60000'],
      '{"password":"pw"}\n',
    );
    expect([code, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'unknown' });
  });
});
