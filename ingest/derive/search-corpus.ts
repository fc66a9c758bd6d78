// Searches a corpus that is refused before it is read: an alarm is raised whatever refuses it.

import { CredveilError } from '../../protocol/errors.ts';
import { totalBytes } from '../input/inputs.ts';
import { createReading, readInput } from '../input/read-input.ts';
import type { IngestOptions } from '../options.ts';
import { PlantedTally } from '../report/planted.ts';
import { CorpusTally } from './corpus-tally.ts';
import { createPlantedSearch } from './planted-search.ts';

/** Reads all of it if accounts are planted, and calls `onPlanted` with those that it holds. */
export async function searchCorpus({
  inputs,
  names,
  signal,
  onPlanted,
  onProgress,
}: Pick<IngestOptions, 'inputs' | 'names' | 'signal' | 'onPlanted' | 'onProgress'>): Promise<void> {
  const search = createPlantedSearch(names?.marks);
  if (!search) return;
  const progress = new CorpusTally(totalBytes(inputs), onProgress);
  const reading = createReading(inputs[0]);
  const found = new PlantedTally();
  for (const input of inputs) {
    const before = progress.bytes;
    const each = (block: Buffer, bytesRead: number): void => {
      search.push(block);
      progress.bytes = before + bytesRead;
    };
    try {
      await readInput(input, each, signal, undefined, reading);
    } catch (error) {
      // What stands before the fault counts.
      if (!(error instanceof CredveilError)) throw error;
    }
    search.end();
    found.add(search.take());
  }
  if (found.found.length > 0) onPlanted?.(found.found);
}
