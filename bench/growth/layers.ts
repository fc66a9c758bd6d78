// npm run bench:layers [-- --pairs N --share PERCENT]: bytes and time of a publish of added
// sources as a layer, as a share of those of the whole snapshot before, in both layouts, with MACs
// and with signatures.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openDataset } from '../../store/dataset.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { type LayerFacts, layersOf, type SnapshotFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { bin } from '../../test/support/credveil.ts';
import { writeUsers } from './growth-dataset.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '2200000' }, share: { type: 'string', default: '1' } },
});
const pairs = Number(values.pairs);
const added = Math.round((pairs * Number(values.share)) / 100);
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-layers-'));

/** @returns seconds */
function credveil(...args: string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`credveil ${args[0]}: ${stderr}`);
  return (performance.now() - started) / 1000;
}

/** Of all files of a layer that answer. */
function bytesOf(folder: string, { name }: LayerFacts): number {
  const files = fs
    .readdirSync(path.join(folder, 'snapshots'))
    .filter((file) => /^\d+\.(account|password|sqlite|parts|filter)$/.test(file));
  const own = files.filter((file) => file.startsWith(`${name}.`));
  return own.reduce((sum, file) => sum + fs.statSync(path.join(folder, 'snapshots', file)).size, 0);
}

const longest = ({ indexes }: LayerFacts): number => indexes.account?.bodyBytes.at(-1) ?? 0;
const content = ({ indexes, filter }: LayerFacts): number =>
  Object.values(indexes).reduce((sum, { contentBytes }) => sum + contentBytes, 0) + (filter?.bytes ?? 0);
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)}%`;

try {
  const [base, more] = [path.join(home, 'base.txt'), path.join(home, 'more.txt')];
  writeUsers(base, pairs);
  writeUsers(more, added);
  fs.writeFileSync(more, fs.readFileSync(more, 'utf8').replaceAll('user', 'added'));
  for (const sign of [false, true]) {
    const folder = path.join(home, sign ? 'signed' : 'mac');
    credveil('init', folder, '--suite', 'hmac', ...(sign ? ['--sign'] : []));
    credveil('ingest', folder, base, '--source', 'base', '--no-publish');
    credveil('ingest', folder, more, '--source', 'more', '--no-publish');
    const run = path.join(folder, 'runs/more.run');
    for (const layout of ['slots', 'sqlite']) {
      fs.renameSync(run, `${folder}.more`);
      const whole = credveil('publish', folder, '--layout', layout, '--threads', '1');
      fs.renameSync(`${folder}.more`, run);
      const delta = credveil('publish', folder, '--layout', layout, '--threads', '1', '--delta');
      const facts = openCurrent(openDataset(folder))?.facts as SnapshotFacts;
      const [first, second] = layersOf(facts) as [LayerFacts, LayerFacts];
      const buckets = 2 ** (first.indexes.account?.prefixBits ?? 0);
      const entries = (layer: LayerFacts): number => (layer.indexes.account?.entries ?? 0) / buckets;
      process.stdout.write(
        `${sign ? 'signature' : 'mac'}, ${layout}: ${entries(first).toFixed(0)} + ${entries(second).toFixed(1)} entries a bucket; ` +
          `files ${percent(bytesOf(folder, second), bytesOf(folder, first))} of ${bytesOf(folder, first)}, ` +
          `without padding ${percent(content(second), content(first))}; ` +
          `answers +${percent(longest(second), longest(first))} of ${longest(first)}; ` +
          `${delta.toFixed(1)} of ${whole.toFixed(1)} s\n`,
      );
    }
  }
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
