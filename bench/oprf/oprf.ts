// The oblivious suite: its two engines compared, and ingest on all cores.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { comboFormat } from '../../ingest/formats/lines/line-format.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import type { PrivateInput } from '../../protocol/brands.ts';
import { createNobleOprf } from '../../protocol/oprf.ts';
import { createDataset } from '../../store/dataset.ts';
import { createDatasetKey } from '../../store/dataset-key.ts';
import { createSigningKey } from '../../store/signing-key.ts';
import { comboText, seededPairs } from '../../test/support/dataset.ts';
import type { Figure } from '../harness/figure.ts';
import { measureMicro } from '../harness/micro.ts';

const PAIRS = 40_000;

/** One evaluation with each engine, and their ratio. */
export async function measureEngines(): Promise<Figure[]> {
  const noble = createNobleOprf();
  const sodium = await createSodiumOprf();
  const { secretKey } = noble.deriveKeyPair(new Uint8Array(32).fill(7), new Uint8Array(0));
  const { blindedElement } = noble.blind(new TextEncoder().encode('an input of common length') as PrivateInput);
  const figures = await measureMicro([
    { name: 'blindEvaluate, noble', run: () => noble.blindEvaluate(secretKey, [blindedElement]) },
    { name: 'blindEvaluate, libsodium', run: () => sodium.blindEvaluate(secretKey, [blindedElement]) },
  ]);
  const [slow, fast] = figures.map(({ value }) => value);
  return [
    ...figures,
    { name: 'libsodium to noble', value: (slow ?? 0) / (fast ?? 1), unit: 'times', note: 'goal: at least 8' },
  ];
}

/** Entries per second from a combo list to a run, on all cores. */
export async function measureOprfIngest(): Promise<Figure[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
  try {
    const file = path.join(folder, 'combo.txt');
    fs.writeFileSync(file, comboText(seededPairs(PAIRS)));
    const key = createDatasetKey('oprf');
    const publisher = Buffer.from(createSigningKey('publisher').publicKey).toString('hex');
    const dataset = createDataset(path.join(folder, 'dataset'), key, { indexes: ['account', 'password'], publisher });
    const startedMs = performance.now();
    const { facts } = await ingest(dataset, key, { source: 'bench', format: comboFormat, inputs: [openInput(file)] });
    const seconds = (performance.now() - startedMs) / 1000;
    const entries = facts.sections.reduce((sum, { records }) => sum + records, 0);
    const note = `${entries} entries, ${os.availableParallelism()} threads, including the start of the threads; goal: 12,000`;
    return [{ name: 'oprf ingest', value: entries / seconds, unit: 'entries/s', note }];
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
