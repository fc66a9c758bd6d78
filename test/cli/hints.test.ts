// Errors and results of the command line name the option, file or command that comes next.

import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { createWorkPlace, credveil, credveilJson, digestFolder, type WorkPlace } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';

/** An unsigned dataset and a signed one, both published. No test may change them. */
interface World {
  readonly place: WorkPlace;
  readonly dataset: string;
  readonly signed: string;
  /** A dataset of the suite oprf, not published. */
  readonly keyless: string;
}

async function openWorld(): Promise<World> {
  const place = createWorkPlace();
  const [dataset, signed, keyless] = ['my leaks', 'signed', 'keyless'].map(place.at) as [string, string, string];
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  await credveilJson(['publish', dataset]);
  await credveilJson(['init', signed, '--suite', 'hmac', '--sign']);
  await credveilJson(['publish', signed]);
  await credveilJson(['init', keyless, '--suite', 'oprf']);
  return { place, dataset, signed, keyless };
}

const test = base.extend<{ readonly world: World }>({
  world: perFile(openWorld, ({ place }) => place.dispose()),
});

/** Runs a command that must fail and change nothing. @returns the error and its hint */
async function refused({ place }: World, exitCode: 1 | 2, args: readonly string[]): Promise<string> {
  const before = digestFolder(place.home);
  const outcome = await credveil(args);
  expect(outcome).toMatchObject({ code: exitCode, stdout: '' });
  expect(digestFolder(place.home)).toBe(before);
  return outcome.stderr;
}

describe('a mistyped command line', () => {
  const cases: [title: string, args: string[], fault: string, meant: string][] = [
    ['a command', ['serv'], "unknown command 'serv'", 'serve? See: credveil --help'],
    ['a subcommand', ['key', 'sho'], "unknown command 'sho'", 'show? See: credveil key --help'],
    ['one of a command', ['gateway', 'statsu'], "unknown command 'statsu'", 'status? See: credveil gateway --help'],
    [
      'one below that',
      ['gateway', 'lists', 'acept', 'x'],
      "unknown command 'acept'",
      'accept? See: credveil gateway lists --help',
    ],
    ['an option', ['stats', 'x', '--jsn'], "unknown option '--jsn'", '--json? See: credveil stats --help'],
    ['a required option', ['init', 'x', '--suit', 'hmac'], "unknown option '--suit'", '--suite? See: credveil init'],
    ['another program', ['serve', 'x', '--port', '80'], "unknown option '--port'", '--listen? See: credveil serve'],
  ];
  test.for(cases)('%s is named, with what was meant', async ([, args, fault, meant], { world }) => {
    expect(await refused(world, 2, args)).toMatch(`error USAGE: ${fault}\n  Did you mean ${meant}`);
  });

  test('the value of an unknown option is not repeated, nor a line feed as a line', async ({ world }) => {
    const secret = await refused(world, 2, ['check', '--password=marked secret']);
    expect(secret).toContain("unknown option '--password'");
    expect(secret).not.toContain('marked');
    expect(await refused(world, 2, ['x\nerror FAKE: y'])).toMatch(/^error USAGE: unknown command\n {2}See: /);
  });

  test.for([
    ['gateway', 'users', 'code'],
    ['gateway', 'users', 'remove'],
    ['gateway', 'factors'],
    ['suppress', 'add', 'x'],
    ['check'],
  ])('what belongs on standard input is told so: %s %s %s', async (words, { world }) => {
    const stderr = await refused(world, 2, [
      ...words,
      'ann@example.com',
      ...(words[0] === 'check' ? ['--url', 'x'] : []),
    ]);
    expect(stderr).toContain('It reads that from standard input, since others see arguments: end it with < FILE.');
    expect(stderr).not.toContain('ann@');
  });

  const MARKED = 'Marked:pass-word';
  const typed: string[][] = [
    [MARKED],
    ['stats', 'x', MARKED],
    ['gateway', MARKED],
    ['gateway', 'lists', 'accept', 'x', MARKED],
    ['gateway', 'limits', 'lift', 'x', MARKED],
    ['key', 'show', 'x', MARKED],
    ['check', `-p${MARKED}`],
    ['check', `--${MARKED}`],
    ['keygen', '--suite', MARKED, '--out', 'x'],
    ['client', 'add', 'x', 'y', '--quota', MARKED],
  ];
  test.for(typed)('what may be a secret is not repeated: %s %s %s', async (args, { world }) => {
    expect(await refused(world, 2, args)).not.toMatch(/pass-word/);
  });
});

describe('an option without effect is refused', () => {
  const cases: [title: string, args: (world: World) => string[], fault: string][] = [
    [
      '--keep of a renewal',
      ({ dataset }) => ['publish', dataset, '--renew', '--keep', '3'],
      '--keep, --memory, --layout, --delta and --threads',
    ],
    [
      '--memory of a renewal',
      ({ dataset }) => ['publish', dataset, '--renew', '--memory', '1GiB'],
      '--keep, --memory, --layout, --delta and --threads',
    ],
    [
      '--key-file of a signed renewal',
      ({ signed }) => ['publish', signed, '--renew', '--key-file', `${signed}.key`],
      '--key-file does not renew',
    ],
    [
      'two keys of a renewal',
      ({ signed }) => ['publish', signed, '--renew', '--head-key', 'x', '--publisher-key', 'y'],
      'either --head-key or --publisher-key',
    ],
    [
      '--key-file of a dataset whose clients hold none',
      ({ keyless }) => ['key', 'pin', keyless, '--key-file', `${keyless}.key`],
      '--key-file does not apply',
    ],
    [
      '--delta without publishing',
      ({ dataset }) => ['ingest', dataset, 'x', '--source', 'x', '--delta', '--no-publish'],
      '--delta publishes added sources\n  Leave out --delta, or --replace',
    ],
    [
      '--delta of a source that is replaced',
      ({ dataset }) => ['ingest', dataset, 'x', '--replace', 'x', '--delta'],
      '--delta publishes added sources\n  Leave out --delta, or --replace',
    ],
    [
      '--trust beside the folder',
      ({ signed }) => ['check', '--url', 'http://127.0.0.1:9', '--dataset', signed, '--trust', 'x'],
      '--dataset and --trust',
    ],
  ];
  test.for(cases)('%s', async ([, args, fault], { world }) => {
    expect(await refused(world, 2, args(world))).toContain(`error USAGE: ${fault}`);
  });

  test('a number of users in another notation is answered with the right one', async ({ world }) => {
    const stderr = await refused(world, 2, ['init', world.place.at('x'), '--suite', 'hmac', '--users', '1e6']);
    expect(stderr).toContain('Write it in digits, such as --users 1000000.');
  });
});

test('ingest refuses a date, a source name and a dataset before it reads anything', async ({ world }) => {
  const { place, dataset } = world;
  const corpus = place.write('early.txt', 'ana@example.test:secret one\nben@example.test:secret two\n');
  const cases: [exitCode: 1 | 2, args: string[], code: string][] = [
    [2, [dataset, '--source', 'a', '--date', '2024-13'], 'SOURCE_DATE'],
    [2, [dataset, '--source', '../a'], 'SOURCE_NAME'],
    [1, [place.at('nowhere'), '--source', 'a'], 'DATASET_MISSING'],
  ];
  for (const [exitCode, [folder = '', ...args], code] of cases)
    expect(await refused(world, exitCode, ['ingest', folder, corpus, ...args])).toMatch(new RegExp(`^error ${code}: `));
});

describe('a dataset holds no key and no other dataset', () => {
  test('neither export nor stats writes into a dataset', async ({ world }) => {
    const { dataset } = world;
    for (const [command = '', ...args] of [
      ['export', '--filter', `${dataset}/CURRENT`],
      ['export', '--index', 'sha1', '--to', `${dataset}/x`],
      ['stats', '--html', `${dataset}/dataset.json`],
    ])
      expect(await refused(world, 2, [command, dataset, ...args])).toContain('is inside the dataset');
  });

  test('neither init, rotate nor keygen writes into a dataset, also through a link', async ({ world }) => {
    const { place, dataset } = world;
    fs.symlinkSync(dataset, place.at('link'));
    for (const inside of [`${dataset}/x`, `${dataset}/runs/x`, place.at('link/x')]) {
      expect(await refused(world, 1, ['init', inside, '--suite', 'hmac'])).toMatch(/DATASET_EXISTS: .* is inside the/);
      expect(await refused(world, 1, ['rotate', dataset, inside])).toContain('_INSIDE_DATASET');
      const key = ['--key-file', `${inside}.key`];
      expect(await refused(world, 1, ['keygen', '--suite', 'hmac', ...key])).toContain('KEY_FILE_INSIDE_DATASET');
      expect(await refused(world, 1, ['keygen', '--suite', 'oprf', '--split', ...key])).toContain('_INSIDE_DATASET');
      const init = ['init', place.at('beside'), '--suite', 'hmac', ...key];
      expect(await refused(world, 1, init)).toContain('KEY_FILE_INSIDE_DATASET');
    }
  });
});

describe('a result names its next command', () => {
  test('the folder is in it, quoted for a shell', async ({ world }) => {
    const { place, dataset } = world;
    const quoted = `'${dataset}'`;
    const said = async (...args: string[]): Promise<string> => (await credveil(args)).stdout;
    expect(await said('publish', dataset)).toContain(`credveil publish ${quoted} --renew`);
    expect(await said('sources', dataset)).toContain(`credveil ingest ${quoted} `);
    expect(await said('client', 'list', dataset)).toContain(`credveil client add ${quoted} `);
    const copy = place.at('a copy');
    fs.cpSync(dataset, copy, { recursive: true });
    fs.copyFileSync(`${dataset}.key`, `${copy}.key`);
    const combo = place.write('combo.txt', 'ana@example.test:secret one\nben@example.test:secret two\n');
    expect(await said('ingest', copy, combo, '--source', 'a', '--no-publish')).toContain(`credveil publish '${copy}'`);
    expect(await said('verify', copy)).toContain(`credveil publish '${copy}'`);
  });

  test('keygen and key show name a public key, and the halves of a key with their own ids', async ({ world }) => {
    const keyFile = world.place.at('split.key');
    const { stdout } = await credveil(['keygen', '--suite', 'oprf', '--split', '--key-file', keyFile]);
    const shown = await credveil(['key', 'show', '--key-file', keyFile]);
    expect(stdout + shown.stdout).not.toContain('to pin');
    const { keyId } = (await credveilJson(['key', 'show', '--key-file', keyFile])) as { keyId: string };
    for (const half of [`${keyFile}.1`, `${keyFile}.2`]) {
      const { keyId: own } = (await credveilJson(['key', 'show', '--key-file', half])) as { keyId: string };
      expect(stdout).toContain(`half of key ${keyId} in ${half}, as key ${own}`);
    }
  });
});

describe('a key file', () => {
  test('a key of another kind is named, with the kind that is expected', async ({ world }) => {
    const { place, dataset, signed, keyless } = world;
    const clientKey = place.at('client.key');
    const { code, stdout } = await credveil(['client', 'add', keyless, 'a']);
    expect(code).toBe(0);
    fs.writeFileSync(clientKey, stdout, { mode: 0o600 });
    const check = ['check', '--url', 'http://127.0.0.1:9'];
    const cases: [args: string[], why: string, hint: string][] = [
      [
        [...check, '--dataset', dataset, '--client-key-file', `${dataset}.key`],
        'a dataset key, not a client',
        'client add',
      ],
      [['publish', signed, '--renew', '--head-key', `${signed}.key`], 'a dataset key, not the key of a', '--signing'],
      [['verify', dataset, '--key-file', clientKey], 'a client key, not a dataset key', 'credveil init'],
      [
        ['verify', dataset, '--key-file', `${signed}.publisher`],
        'the key of a publisher, not a dataset',
        'credveil init',
      ],
      [['key', 'show', '--key-file', clientKey], 'a client key, not a key of a dataset', 'credveil init'],
    ];
    for (const [args, why, hint] of cases) {
      const stderr = await refused(world, 1, args);
      expect(stderr).toMatch(/^error KEY_FILE_MALFORMED: key file /);
      expect(stderr).toContain(`: ${why}`);
      expect(stderr.split('\n')[1]).toContain(hint);
    }
  });

  test('the hint for a missing file names its option', async ({ world }) => {
    const { place, dataset, signed } = world;
    const none = place.at('none');
    const check = ['check', '--url', 'http://127.0.0.1:9', '--dataset', dataset];
    const copy = place.at('unsigned');
    fs.cpSync(signed, copy, { recursive: true });
    const cases: [args: string[], option: string][] = [
      [['verify', dataset, '--key-file', none], '--key-file.'],
      [['key', 'show', '--key-file', none], '--key-file.'],
      [[...check, '--client-key-file', none], '--client-key-file.'],
      [['publish', signed, '--publisher-key', none], '--publisher-key.'],
      [['publish', copy, '--renew'], '--publisher-key, or that of a head key with --head-key.'],
      [['publish', signed, '--renew', '--head-key', none], '--head-key.'],
      [['publish', signed, '--delegate', none], '--delegate.'],
      [['ingest', dataset, '--from-archive', none, '--identity', none], '--identity.'],
    ];
    for (const [args, option] of cases)
      expect(await refused(world, 1, args)).toMatch(
        new RegExp(`^error KEY_FILE_MISSING: .*\n {2}Name the file with ${option.replaceAll('.', '\\.')}\n$`),
      );
  });
});
