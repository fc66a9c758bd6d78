// Dataset folders, key files and the writer's lock: opening never creates them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertKeyBelongs, createDataset, openDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { assertOutside, openKeyFile, writeKeyFile } from '../../store/key-file.ts';
import { lockDataset } from '../../store/lock.ts';
import { storeError } from '../support/errors.ts';
import { program } from '../support/paths.ts';

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-store-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

function makeDataset(): string {
  const folder = path.join(home, 'dataset');
  createDataset(folder, createDatasetKey(), { indexes: ['account'] });
  return folder;
}

describe('a dataset folder', () => {
  test('opens as it was created', () => {
    const folder = path.join(home, 'dataset');
    const key = createDatasetKey();
    const created = createDataset(folder, key, { indexes: ['password', 'account'], metadataBytes: 3, bucketFloor: 7 });
    expect(openDataset(folder)).toEqual(created);
    expect(created.parameters).toMatchObject({ indexes: ['account', 'password'], metadataBytes: 3, bucketFloor: 7 });
    expect(created.parameters.keyId).toBe(key.keyId);
    expect(fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8')).not.toContain(key.revealText().slice(-43));
  });

  test('is not created by opening or locking it', () => {
    const missing = path.join(home, 'tpyo');
    expect(() => openDataset(missing)).toThrow(storeError('DATASET_MISSING'));
    expect(() => lockDataset(missing)).toThrow(storeError('DATASET_MISSING'));
    expect(() => openDataset(home)).toThrow(storeError('DATASET_MISSING'));
    expect(() => lockDataset(home)).toThrow(storeError('DATASET_MISSING'));
    expect(fs.readdirSync(home)).toEqual([]);
  });

  test('cannot be a file', () => {
    const file = path.join(home, 'corpus.txt');
    fs.writeFileSync(file, 'a:b\n');
    expect(() => openDataset(file)).toThrow(storeError('DATASET_MISSING'));
    expect(() => createDataset(file, createDatasetKey(), { indexes: ['account'] })).toThrow(
      storeError('DATASET_EXISTS'),
    );
  });

  test('is not created in a folder that is not empty', () => {
    const folder = makeDataset();
    const before = fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8');
    expect(() => createDataset(folder, createDatasetKey(), { indexes: ['account'] })).toThrow(
      storeError('DATASET_EXISTS'),
    );
    expect(fs.readFileSync(path.join(folder, 'dataset.json'), 'utf8')).toBe(before);
  });

  test.each([
    [{ format: 2 }, 'DATASET_VERSION'],
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
  ])('with %j is rejected as %s', (change, code) => {
    const file = path.join(makeDataset(), 'dataset.json');
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...change }));
    expect(() => openDataset(path.dirname(file))).toThrow(storeError(code));
  });

  test.each(['', '{', 'null', '[]', '7', '"x"', ' '.repeat(70_000)])('with the text %.8j is rejected', (text) => {
    const file = path.join(makeDataset(), 'dataset.json');
    fs.writeFileSync(file, text);
    expect(() => openDataset(path.dirname(file))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^DATASET_(MALFORMED|VERSION)$/) }),
    );
  });

  test('rejects the key of another dataset', () => {
    const folder = path.join(home, 'dataset');
    const key = createDatasetKey();
    const dataset = createDataset(folder, key, { indexes: ['account'] });
    expect(() => assertKeyBelongs(dataset, key)).not.toThrow();
    expect(() => assertKeyBelongs(dataset, createDatasetKey())).toThrow(storeError('KEY_MISMATCH'));
  });
});

describe('a key file', () => {
  test('is readable by its owner only, and opens to the same key', () => {
    const file = path.join(home, 'dataset.key');
    const key = createDatasetKey();
    writeKeyFile(file, key);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(openKeyFile(file).revealText()).toBe(key.revealText());
  });

  test('never replaces a file', () => {
    const file = path.join(home, 'dataset.key');
    writeKeyFile(file, createDatasetKey());
    const before = fs.readFileSync(file);
    expect(() => writeKeyFile(file, createDatasetKey())).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(fs.readFileSync(file)).toEqual(before);
  });

  test.each([0o640, 0o604, 0o660, 0o644])('of mode %o is rejected as exposed', (mode) => {
    const file = path.join(home, 'dataset.key');
    writeKeyFile(file, createDatasetKey());
    fs.chmodSync(file, mode);
    expect(() => openKeyFile(file)).toThrow(storeError('KEY_FILE_EXPOSED'));
  });

  test.runIf(process.getuid?.() === 0)(
    "of root, which its group may read and nobody write, is a credential of systemd's",
    () => {
      const file = path.join(home, 'dataset.key');
      const key = createDatasetKey();
      writeKeyFile(file, key);
      fs.chmodSync(file, 0o440);
      expect(openKeyFile(file).keyId).toBe(key.keyId);
      fs.chownSync(file, 0, 1);
      expect(() => openKeyFile(file)).toThrow(storeError('KEY_FILE_EXPOSED'));
    },
  );

  test('that is missing is not created', () => {
    expect(() => openKeyFile(path.join(home, 'no.key'))).toThrow(storeError('KEY_FILE_MISSING'));
    expect(fs.readdirSync(home)).toEqual([]);
  });

  test('with other content is rejected, and the error does not quote it', () => {
    const file = path.join(home, 'dataset.key');
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

  test('inside the dataset is rejected, also through a link', () => {
    const folder = makeDataset();
    const link = path.join(home, 'link');
    fs.symlinkSync(folder, link);
    for (const inside of [path.join(folder, 'a.key'), path.join(folder, 'runs', 'a.key'), path.join(link, 'a.key')])
      expect(() => assertOutside(inside, folder), inside).toThrow(storeError('KEY_FILE_INSIDE_DATASET'));
    for (const outside of [path.join(home, 'a.key'), `${folder}.key`, path.join(folder, '..', 'b.key')])
      expect(() => assertOutside(outside, folder), outside).not.toThrow();
  });

  test('shows only its id when printed in any way', () => {
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
  test('has one holder at a time and can be taken again', () => {
    const folder = makeDataset();
    const unlock = lockDataset(folder);
    expect(() => lockDataset(folder)).toThrow(storeError('DATASET_BUSY'));
    unlock();
    lockDataset(folder)();
  });

  test('excludes other processes, and is released when its holder is killed', async () => {
    const folder = makeDataset();
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
