// A list as its file has it now, for a command that may not read the gateway's copies.

import { createHash } from 'node:crypto';
import { buildList } from './build/build-list.ts';
import type { ReplicatedList } from './list-replica.ts';
import { replaceCopy } from './list-view.ts';
import { decodeImage } from './table/list-image.ts';

/** Does nothing for a list without a file. @throws SourceError, ContentError */
export async function loadFile({ view, source: configured }: ReplicatedList, signal: AbortSignal): Promise<void> {
  if (!configured?.isLocal) return;
  const { source, origin, build } = configured;
  const { bytes, validator, confirmedAtMs } = await source.read('', signal);
  if (!bytes) return;
  const content = createHash('sha256').update(bytes).digest('hex');
  const { image } = buildList({ bytes, header: { origin, content, validator }, options: build });
  const read = await decodeImage(image);
  if (read) replaceCopy(view, read.columns, confirmedAtMs);
}
