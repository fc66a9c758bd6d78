// Nothing that somebody else wrote moves the cursor of the operator's terminal.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { credveil, credveilJson } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

/** Cursor movements, C1 controls, and characters that reverse or hide text. */
const EVIL = '\u001b]0;pwned\u0007\u001b[31m\r\b\v\u007f\u009b2J\u202egpj\u2066\u2069\u200f\u061cx';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('the output of the command line', () => {
  test('a file name in an error is printed without controls, on one line', async ({ place }) => {
    const folder = place.at('leaks');
    await credveilJson(['init', folder, '--suite', 'hmac']);
    for (const args of [
      ['ingest', folder, place.at(`${EVIL}\nerror FAKE: all is well`), '--source', 'a'],
      ['ingest', folder, place.at('a'), '--source', EVIL],
      ['stats', place.at(EVIL)],
      ['key', 'show', '--key-file', place.at(EVIL)],
      ['serve', folder, '--config', place.at(`${EVIL}\nfake`)],
      [EVIL],
    ]) {
      const { code, stdout, stderr } = await credveil(args);
      expect(code).not.toBe(0);
      expect(stdout + stderr).not.toMatch(CONTROLS);
      expect(stderr).not.toMatch(/^error FAKE|^fake/m);
    }
  });

  test('names below a folder are printed without controls: left out, read and broken ones', async ({ place }) => {
    const folder = place.at('hashes');
    await credveilJson(['init', folder, '--suite', 'hmac', '--index', 'sha1']);
    const below = place.at(`corpus/${EVIL}\nsource fake: all is well`);
    fs.mkdirSync(below, { recursive: true });
    fs.writeFileSync(`${below}/00000`, `${'A'.repeat(35)}:1\r\nno hash\r\n${'B'.repeat(35)}:1`);
    fs.writeFileSync(`${below}/00001`, '');
    fs.writeFileSync(`${below}/00002`, `${'C'.repeat(35)}:1`);
    fs.symlinkSync('nowhere', `${below}/link`);
    for (const args of [[], ['--dry-run'], ['--replace', 'a']]) {
      const source = args[0] === '--replace' ? [] : ['--source', 'a'];
      const accepted = ['--mirror', '--no-publish', '--accept', 'many-rejects'];
      const { stdout, stderr } = await credveil([
        'ingest',
        folder,
        place.at('corpus'),
        ...source,
        ...args,
        ...accepted,
      ]);
      expect(stdout + stderr).not.toMatch(CONTROLS);
      expect(stdout + stderr).not.toMatch(/^source fake/m);
      expect(stderr).toContain('left out');
    }
  });

  test('sources and rotate print file names without controls, and JSON escapes them', async ({ place }) => {
    const folder = place.at('leaks');
    await credveilJson(['init', folder, '--suite', 'hmac']);
    const text = seededPairs(20)
      .map((pair) => `${pair.username}:${pair.password}\n`)
      .join('');
    const name = `${EVIL}\nfiles\n  fake.txt  1`;
    const file = place.write(name, text);
    await credveilJson(['ingest', folder, file, '--source', 'first']);
    const shown = await credveil(['sources', folder, '--show', 'first']);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).not.toMatch(CONTROLS);
    expect(shown.stdout).not.toMatch(/^ {2}fake\.txt/m);
    const rotated = await credveil(['rotate', folder, place.at('next')]);
    expect(rotated.stdout).toContain('credveil ingest');
    expect(rotated.stdout).not.toMatch(CONTROLS);
    for (const args of [
      ['sources', folder, '--show', 'first'],
      ['export', folder, '--source', 'first'],
    ]) {
      const { stdout } = await credveil([...args, '--json']);
      expect(stdout).not.toMatch(CONTROLS);
      expect((JSON.parse(stdout) as { files: { name: string }[] }).files[0]?.name).toBe(name);
    }
    expect(fs.existsSync(file)).toBe(true);
  });
});
