// Publishes copies of a dataset, and tells whether they are the same byte for byte.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { openDataset } from '../../../store/dataset.ts';
import type { PublishOptions } from '../../../store/snapshot/publication.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import type { MadeDataset } from '../dataset.ts';

export const partThread = new URL('../../../cli/publish/part-thread.ts', import.meta.url);

/** Members of the facts that name the time of publication. */
const TIMED = ['snapshot', 'statement'];

/** Each file of the current snapshot by its kind, but for what names the time: as digests. */
export function publishedBytes(folder: string): Map<string, string> {
  const [name = ''] = fs.readFileSync(path.join(folder, 'CURRENT'), 'utf8').split(' ');
  const found = new Map<string, string>();
  for (const file of fs.readdirSync(path.join(folder, 'snapshots')).filter((each) => each.startsWith(`${name}.`))) {
    const kind = path.extname(file);
    if (kind === '.head' || kind === '.statement') continue;
    const bytes = fs.readFileSync(path.join(folder, 'snapshots', file));
    found.set(kind, kind === '.json' ? untimed(bytes) : createHash('sha256').update(bytes).digest('hex'));
  }
  return found;
}

function untimed(facts: Buffer): string {
  const members = Object.entries(JSON.parse(facts.toString()) as object).filter(([name]) => !TIMED.includes(name));
  return JSON.stringify(members, null, 1);
}

let copies = 0;

/** A copy of a dataset, beside it. */
export function copyOf({ folder }: Pick<MadeDataset, 'folder'>): string {
  const copy = `${folder}-copy-${copies++}`;
  fs.cpSync(folder, copy, { recursive: true });
  return copy;
}

/** What publishes a dataset. */
export type Keys = Pick<MadeDataset, 'suite'> & Partial<Pick<MadeDataset, 'publisher'>>;

/** Publishes a dataset's folder. */
export async function publishIn(
  folder: string,
  { suite, publisher }: Keys,
  options: PublishOptions = {},
): Promise<void> {
  await publish(openDataset(folder), suite, { ...(publisher && { publisher }), ...options });
}
