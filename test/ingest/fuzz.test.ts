// Five million damaged bytes through each format and container: no crash, no hang, and every line
// is counted.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ContainerError } from '../../ingest/containers/errors.ts';
import { FORMAT_NAMES } from '../../ingest/format-loader.ts';
import { createFormat } from '../../ingest/format-registry.ts';
import { readInput } from '../../ingest/input/read-input.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { fixture } from '../support/paths.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const BYTES = 5_000_000;
const folder = fixture('corpora');

/** A copy with some bytes changed, a part repeated over another, or the end gone. */
function damage(random: Random, valid: Uint8Array, changes: number): Buffer {
  const bytes = Buffer.from(valid);
  for (let i = 0; i < changes; i++) {
    const at = random.below(bytes.length);
    switch (random.below(8)) {
      case 0:
        bytes[at] = random.pick([0, 0x0a, 0x0d, 0x22, 0x24, 0x3a, 0x7f, 0x80, 0xff]);
        break;
      case 1:
        bytes.copyWithin(at, random.below(bytes.length), Math.min(bytes.length, at + 1 + random.below(40)));
        break;
      default:
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
    }
  }
  return random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Lines of the format, with what else corpora have. */
function lineOf(name: string, i: number): string {
  switch (name) {
    case 'combo-semicolon':
      return `user${i}@example.com;pass${i}`;
    case 'combo-comma':
    case 'csv':
      return i % 7 === 0 ? `"us""er${i}","pa,\nss${i}"` : `user${i},pass${i}`;
    case 'combo-pipe':
      return `user${i}|pass${i}`;
    case 'combo-tab':
    case 'tsv':
      return `user${i}\tpass${i}`;
    case 'url-user-pass':
      return `https://site${i}.example:8443/x:user${i}:pass${i}`;
    case 'stealer-blocks':
      return `URL: https://s${i}.example\nUsername: user${i}\nPassword: pass${i}\n`;
    case 'json':
      return `[{"email":"user${i}","tags":["a",{"b":${i}}]},\n{"username":"user${i}","password":"p\\u00e4ss${i}"}]`;
    case 'sql':
      return `INSERT INTO users (email, password) VALUES ('us''er${i}',0x41${10 + (i % 90)}),('user${i}',N'pa\\ss${i}');`;
    case 'json-lines':
      return JSON.stringify({ username: `user${i}`, password: `pä"ss\\${i}` });
    case 'passwords':
      return `$HEX[70617373${10 + (i % 90)}]`;
    case 'counted-passwords':
      return `   ${i + 1} pass${i}`;
    case 'hash-plain':
      return `${'0123456789'.repeat(4)}:$HEX[7061${10 + (i % 90)}]`;
    case 'hash-hexplain':
      return `${'0123456789'.repeat(4)}:7061${10 + (i % 90)}`;
    case 'user-hash-hexplain':
      return `user${i}:${'0123456789'.repeat(4)}:7061${10 + (i % 90)}`;
    case 'sha1-base64':
      return `{SHA}${'0123456789'.repeat(4).slice(0, 27)}=`;
    case 'john-show':
      return `user${i}:pass${i}:${i}:${i}:x:/home/x:/bin/sh`;
    case 'hydra':
      return `[22][ssh] host: h   login: user${i}   password: pass${i}`;
    case 'medusa':
      return `ACCOUNT FOUND: [ssh] Host: h User: user${i} Password: pass${i} [SUCCESS]`;
    case 'hash-salt-plain':
      return `${'0123456789'.repeat(4)}:salt:pass${i}`;
    case 'user-hash-plain':
      return `user${i}:${'0123456789'.repeat(4)}:pass${i}`;
    case 'user-sha1':
      return `user${i}:${'0123456789'.repeat(4)}`;
    case 'user-ntlm':
      return `user${i}:${'0123456789abcdef'.repeat(2)}`;
    case 'pwdump':
      return `user${i}:${i}:${'0123456789abcdef'.repeat(2)}:${'fedcba9876543210'.repeat(2)}:::`;
    case 'sha1':
      return `${'0123456789'.repeat(4)}:${i}`;
    case 'ntlm':
      return 'abcdef0123456789'.repeat(2);
    default:
      return `user${i}@example.com:pässword${i}`;
  }
}

/** Lines that LF ends, or a CR that stands before something else. */
function countLines(corpus: Buffer): number {
  const rows = corpus.toString('latin1').split('\n');
  if (rows.at(-1) === '') rows.pop();
  return rows.reduce((sum, row) => sum + row.replace(/\r+$/, '').split('\r').length, 0);
}

describe('five million bytes', () => {
  test.each(FORMAT_NAMES)('five million damaged bytes of %s parse, and every line is counted', (name) => {
    const random = createRandom(testSeed(`fuzzed ${name}`));
    const format = createFormat(name);
    const header = name === 'csv' ? 'username,password\n' : name === 'tsv' ? 'username\tpassword\n' : '';
    const text = Buffer.from(Array.from({ length: 10_000 }, (_, i) => `${lineOf(name, i)}\n`).join(''));
    let credentials = 0;
    let rejects = 0;
    for (let bytes = 0; bytes < BYTES; ) {
      credentials = 0;
      rejects = 0;
      const parser = format.createParser({
        credential: () => credentials++,
        reject: () => rejects++,
      });
      const corpus =
        random.below(8) === 0 ? Buffer.from(random.bytes(text.length)) : damage(random, text, random.below(5000));
      parser.push(Buffer.from(header));
      for (let at = 0; at < corpus.length; at += 65_536) parser.push(corpus.subarray(at, at + 65_536));
      parser.end();
      bytes += corpus.length;
      if (!format.lines) continue;
      const lines = countLines(corpus);
      expect(credentials + rejects).toBe(lines);
    }
    expect(credentials + rejects).toBeGreaterThan(0);
  });

  test.each(['two-members.gz', 'lines.zst', 'lines.xz', 'lines.bz2', 'lines.zip', 'two-files.tar'])(
    'five million damaged bytes of %s are read or refused',
    async (name) => {
      const random = createRandom(testSeed(`fuzzed ${name}`));
      const one = fs.readFileSync(path.join(folder, name));
      // Streams may follow one another, and a longer one is damaged farther from its start.
      const repeats = /lines|tar/.test(name) ? 1 : Math.ceil(40_000 / one.length);
      const valid = Buffer.concat(Array.from({ length: repeats }, () => one));
      let whole = 0;
      let refused = 0;
      for (let bytes = 0; bytes < BYTES; ) {
        const magic = valid.subarray(0, 4 + random.below(30));
        const corpus =
          random.below(8) === 0
            ? Buffer.concat([magic, random.bytes(1 + random.below(2000))])
            : damage(random, valid, 1 + random.below(3));
        await readInput(streamInput(Readable.from([corpus])), () => {}).then(
          () => whole++,
          (error) => {
            if (!(error instanceof ContainerError)) throw error;
            refused++;
          },
        );
        // What was refused at its first bytes is no work for a decoder.
        bytes += corpus.length;
      }
      expect(refused).toBeGreaterThan(0);
      console.log(`${name}: ${refused} refused, ${whole} read`);
    },
  );
});
