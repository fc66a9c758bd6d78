// `--memory` limits the resident memory of the whole process, including its threads and kernels.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { watchPeaks } from '../../bench/harness/process-peaks.ts';
import { decoderBytes } from '../../ingest/containers/decoder-memory.ts';
import { assertMemorySuffices, MIN_MEMORY_BYTES, planMemory } from '../../ingest/memory-plan.ts';
import { credveil, startCredveil } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const MIB = 2 ** 20;
const LINES = 3_000_000;
/** Of a container: more text only takes longer. */
const PACKED_LINES = 1_000_000;

describe('the plan', () => {
  test.each([256, 288, 512, 1024, 4096, 65_536])('a plan of %i MiB stays within that limit', (mebibytes) => {
    for (const suite of ['hmac', 'oprf'] as const)
      for (const threads of [1, 2, 8, 64]) {
        const plan = planMemory(suite, mebibytes * MIB, threads);
        const buffers = plan.segmentBytes * (plan.threads + 1) + plan.sorterBytes * plan.threads;
        expect(plan.threads).toBeGreaterThanOrEqual(1);
        expect(plan.threads).toBeLessThanOrEqual(threads);
        // The rest is what Node takes without data, as measured.
        expect(buffers + (150 + 35 * plan.threads) * MIB).toBeLessThanOrEqual(mebibytes * MIB);
        expect(plan.mergeBytes).toBeLessThan(mebibytes * MIB);
      }
  });

  test('a plan of the minimum memory still works', () => {
    const plan = planMemory('hmac', 1, 8, 100 * MIB);
    expect(plan).toMatchObject({ threads: 1 });
    expect(plan.fanIn).toBeGreaterThan(1);
  });

  test('memory that decoders would exceed is refused with a size that suffices', () => {
    const window = decoderBytes(Buffer.from('28b52ffd0088'.padEnd(80, '0'), 'hex'));
    expect(() => assertMemorySuffices(MIN_MEMORY_BYTES, 0)).not.toThrow();
    expect(() => assertMemorySuffices(MIN_MEMORY_BYTES, window)).toThrow(
      expect.objectContaining({ code: 'MEMORY_TOO_SMALL', hint: expect.stringContaining('--memory 384MiB or more') }),
    );
    expect(() => assertMemorySuffices(384 * MIB, window)).not.toThrow();
  });
});

function writeCorpus(file: string, lines: number): void {
  const handle = fs.openSync(file, 'w');
  for (let from = 0; from < lines; from += 50_000) {
    let block = '';
    for (let i = from; i < from + 50_000; i++) {
      const [user, word] = [(i * 2_654_435_761) % 400_000, (i * 40_503) % 16_777_213];
      block += `user${user}@example.com:${word.toString(36)}x${i % 97}\n`;
    }
    fs.writeSync(handle, block);
  }
  fs.closeSync(handle);
}

/** @returns the peak resident memory */
async function peakOf(folder: string, args: readonly string[]): Promise<number> {
  const { child, ended } = startCredveil(args);
  const peaks = watchPeaks(child.pid as number, folder);
  const { code, stderr } = await ended;
  const { rss } = peaks.stop();
  expect(code, stderr).toBe(0);
  expect(rss).toBeGreaterThan(32 * MIB);
  console.log(`${args[0]}: peak ${Math.round(rss / MIB)} MiB`);
  return rss;
}

// The kernel's own figure of the peak is there on Linux.
describe.runIf(fs.existsSync('/proc/self/status'))('the process', () => {
  test(`the process stays within 256 MiB for ${LINES} lines, through ingest and publish`, async ({ place }) => {
    const corpus = place.at('corpus.txt');
    writeCorpus(corpus, LINES);
    const folder = place.at('dataset');
    await credveil(['init', folder, '--suite', 'hmac', '--index', 'account,password']);
    for (const args of [
      ['ingest', folder, corpus, '--source', 'big', '--no-publish', '--memory', '256MiB'],
      ['publish', folder, '--memory', '256MiB'],
    ])
      expect((await peakOf(folder, args)) / MIB, args[0]).toBeLessThanOrEqual(256);
  });

  test('and it does while it unpacks gzip', async ({ place }) => {
    const corpus = place.at('corpus.txt');
    writeCorpus(corpus, PACKED_LINES);
    execFileSync('gzip', ['-1', corpus]);
    const folder = place.at('dataset');
    await credveil(['init', folder, '--suite', 'hmac', '--index', 'account,password']);
    const args = ['ingest', folder, `${corpus}.gz`, '--source', 'big', '--no-publish', '--memory', '256MiB'];
    expect((await peakOf(folder, args)) / MIB).toBeLessThanOrEqual(256);
  });
});
