// Dataset folders, key files and the writer's lock: opening never creates them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import { assertKeyBelongs, createDataset, openDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { assertOutside, openKeyFile, writeKeyFile } from '../../store/key-file.ts';
import { lockDataset } from '../../store/lock.ts';
import { storeError } from '../support/errors.ts';
import { program } from '../support/paths.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

function makeDataset(folder: string): string {
  createDataset(folder, createDatasetKey(), { indexes: ['account'] });
  return folder;
}

describe('a dataset folder', () => {
  test('a dataset opens with the parameters of its creation', ({ place }) => {
    const folder = place.at('dataset');
    const key = createDatasetKey();
    const created = createDataset(folder, key, { indexes: ['password', 'account'], metadataBytes: 3, bucketFloor: 7 });
    expect(openDataset(folder)).toEqual(created);
    expect(created.parameters).toMatchObject({ indexes: ['account', 'password'], metadataBytes: 3, bucketFloor: 7 });
    expect(created.parameters.keyId).toBe(key.keyId);
    expect(fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8')).not.toContain(key.revealText().slice(-43));
  });

  test('opening or locking a missing dataset does not create it', ({ place }) => {
    const missing = place.at('tpyo');
    expect(() => openDataset(missing)).toThrow(storeError('DATASET_MISSING'));
    expect(() => lockDataset(missing)).toThrow(storeError('DATASET_MISSING'));
    expect(() => openDataset(place.home)).toThrow(storeError('DATASET_MISSING'));
    expect(() => lockDataset(place.home)).toThrow(storeError('DATASET_MISSING'));
    expect(fs.readdirSync(place.home)).toEqual([]);
  });

  test('a file is not a dataset folder', ({ place }) => {
    const file = place.at('corpus.txt');
    fs.writeFileSync(file, 'a:b\n');
    expect(() => openDataset(file)).toThrow(storeError('DATASET_MISSING'));
    expect(() => createDataset(file, createDatasetKey(), { indexes: ['account'] })).toThrow(
      storeError('DATASET_EXISTS'),
    );
  });

  test('a dataset is not created in a folder that is not empty', ({ place }) => {
    const folder = makeDataset(place.at('dataset'));
    const before = fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8');
    expect(() => createDataset(folder, createDatasetKey(), { indexes: ['account'] })).toThrow(
      storeError('DATASET_EXISTS'),
    );
    expect(fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8')).toBe(before);
  });

  test.for<readonly [change: object, code: string]>([
    [{ format: 1 }, 'DATASET_VERSION'],
    [{ format: 3 }, 'DATASET_VERSION'],
    [{ suite: 'oprf-9' }, 'DATASET_VERSION'],
    [{ normalization: 2 }, 'DATASET_VERSION'],
    [{ dataset: 'DEADBEEFDEADBEEF' }, 'DATASET_MALFORMED'],
    [{ dataset: ['0123456789abcdef'] }, 'DATASET_MALFORMED'],
    [{ keyId: null }, 'DATASET_MALFORMED'],
    [{ indexes: [] }, 'DATASET_MALFORMED'],
    [{ indexes: ['account', 'account'] }, 'DATASET_MALFORMED'],
    [{ indexes: ['accounts'] }, 'DATASET_MALFORMED'],
    [{ metadataBytes: 2 }, 'DATASET_MALFORMED'],
    [{ bucketFloor: 0 }, 'DATASET_MALFORMED'],
    [{ bucketFloor: 1.5 }, 'DATASET_MALFORMED'],
    // A layer's id names the names and prefixes that it goes by so.
    [{ suppressed: 'ab'.repeat(32) }, 'DATASET_MALFORMED'],
    [{ prefixes: { account: 4 } }, 'DATASET_MALFORMED'],
    [{ note: 'mine' }, 'DATASET_MALFORMED'],
    [{ sources: undefined }, 'DATASET_MALFORMED'],
    [{ sources: ['a', 'a'] }, 'DATASET_MALFORMED'],
    [{ sources: ['A b'] }, 'DATASET_MALFORMED'],
  ])('a dataset.json with %j is rejected as %s', ([change, code], { place }) => {
    const file = path.join(makeDataset(place.at('dataset')), 'dataset.json');
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...change }));
    expect(() => openDataset(path.dirname(file))).toThrow(storeError(code));
  });

  test.for(['', '{', 'null', '[]', '7', '"x"', ' '.repeat(70_000)])(
    'a dataset.json with the text %.8j is rejected',
    (text, { place }) => {
      const file = path.join(makeDataset(place.at('dataset')), 'dataset.json');
      fs.writeFileSync(file, text);
      expect(() => openDataset(path.dirname(file))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^DATASET_(MALFORMED|VERSION)$/) }),
      );
    },
  );

  test('a dataset rejects the key of another', ({ place }) => {
    const folder = place.at('dataset');
    const key = createDatasetKey();
    const dataset = createDataset(folder, key, { indexes: ['account'] });
    expect(() => assertKeyBelongs(dataset, key)).not.toThrow();
    expect(() => assertKeyBelongs(dataset, createDatasetKey())).toThrow(storeError('KEY_MISMATCH'));
  });
});

describe('a key file', () => {
  test('a key file is readable by its owner only, and opens to the same key', ({ place }) => {
    const file = place.at('dataset.key');
    const key = createDatasetKey();
    writeKeyFile(file, key);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(openKeyFile(file).revealText()).toBe(key.revealText());
  });

  test('writing a key file never replaces a file', ({ place }) => {
    const file = place.at('dataset.key');
    writeKeyFile(file, createDatasetKey());
    const before = fs.readFileSync(file);
    expect(() => writeKeyFile(file, createDatasetKey())).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(fs.readFileSync(file)).toEqual(before);
  });

  test.for([0o640, 0o604, 0o660, 0o644])('a key file of mode %o is rejected as exposed', (mode, { place }) => {
    const file = place.at('dataset.key');
    writeKeyFile(file, createDatasetKey());
    fs.chmodSync(file, mode);
    expect(() => openKeyFile(file)).toThrow(storeError('KEY_FILE_EXPOSED'));
  });

  test.runIf(process.getuid?.() === 0)(
    "a read-only key file of root's group is accepted as a systemd credential",
    ({ place }) => {
      const file = place.at('dataset.key');
      const key = createDatasetKey();
      writeKeyFile(file, key);
      fs.chmodSync(file, 0o440);
      expect(openKeyFile(file).keyId).toBe(key.keyId);
      fs.chownSync(file, 0, 1);
      expect(() => openKeyFile(file)).toThrow(storeError('KEY_FILE_EXPOSED'));
    },
  );

  test('a folder, or an exposed file without a key, is reported as no key', ({ place }) => {
    const file = place.at('notes.txt');
    fs.writeFileSync(file, 'marked', { mode: 0o644 });
    for (const wrong of [place.home, file])
      expect(() => openKeyFile(wrong)).toThrow(
        expect.objectContaining({ code: 'KEY_FILE_MALFORMED', hint: expect.not.stringContaining('chmod') }),
      );
    expect(() => openKeyFile(place.home)).toThrow('a folder, not a file');
  });

  test('a missing key file is not created', ({ place }) => {
    expect(() => openKeyFile(place.at('no.key'))).toThrow(storeError('KEY_FILE_MISSING'));
    expect(fs.readdirSync(place.home)).toEqual([]);
  });

  test('a key file with other content is rejected, and the error does not quote it', ({ place }) => {
    const file = place.at('dataset.key');
    const text = createDatasetKey().revealText();
    const flipped = `${text.slice(0, -1)}${text.endsWith('A') ? 'E' : 'A'}`;
    for (const wrong of ['', 'hunter2-marked-secret', flipped, `${text}\n${text}`, 'x'.repeat(5000)]) {
      fs.writeFileSync(file, wrong, { mode: 0o600 });
      let thrown: unknown;
      try {
        openKeyFile(file);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toEqual(storeError('KEY_FILE_MALFORMED'));
      const printed = inspect(thrown, { depth: 9 });
      if (wrong.length > 0) expect(printed).not.toContain(wrong.slice(0, 40));
      expect(printed).not.toContain(text.slice(-43, -1));
    }
  });

  test('a key file inside the dataset is rejected, also through a link', ({ place }) => {
    const folder = makeDataset(place.at('dataset'));
    const link = place.at('link');
    fs.symlinkSync(folder, link);
    for (const inside of [path.join(folder, 'a.key'), path.join(folder, 'runs', 'a.key'), path.join(link, 'a.key')])
      expect(() => assertOutside(inside, folder), inside).toThrow(storeError('KEY_FILE_INSIDE_DATASET'));
    for (const outside of [place.at('a.key'), `${folder}.key`, path.join(folder, '..', 'b.key')])
      expect(() => assertOutside(outside, folder), outside).not.toThrow();
    // Nor inside another dataset; a folder with a dataset.json of another program is none.
    expect(() => assertOutside(path.join(link, 'a.key'))).toThrow(storeError('KEY_FILE_INSIDE_DATASET'));
    fs.writeFileSync(place.at('dataset.json'), '{}');
    expect(() => assertOutside(place.at('a.key'))).not.toThrow();
  });

  test('a key shows only its id when printed in any way', () => {
    const key = createDatasetKey();
    const secret = key.revealText().slice(-43);
    const raw = Buffer.from(secret, 'base64url');
    const printed = [
      `${key}`,
      String(key),
      JSON.stringify({ key }),
      inspect(key, { depth: 9, showHidden: true }),
      inspect({ nested: [key] }, { depth: 9 }),
      inspect(new Error('x', { cause: key })),
      Object.entries(key).join(),
    ];
    for (const text of printed) {
      expect(text).toContain(key.keyId);
      for (const form of [secret, raw.toString('hex'), raw.toString('base64'), [...raw].join(','), [...raw].join(', ')])
        expect(text).not.toContain(form);
    }
  });
});

describe('the lock', () => {
  test('the lock has one holder at a time and can be taken again', ({ place }) => {
    const folder = makeDataset(place.at('dataset'));
    const unlock = lockDataset(folder);
    expect(() => lockDataset(folder)).toThrow(storeError('DATASET_BUSY'));
    unlock();
    lockDataset(folder)();
  });

  test('the lock excludes other processes, and is released when its holder is killed', async ({ place }) => {
    const folder = makeDataset(place.at('dataset'));
    const child = spawn(process.execPath, [program('hold-lock.ts'), folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      expect(said.toString()).toBe('locked\n');
      expect(() => lockDataset(folder)).toThrow(storeError('DATASET_BUSY'));
    } finally {
      child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    lockDataset(folder)();
  });
});
