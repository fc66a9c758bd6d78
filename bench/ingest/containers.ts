// npm run bench:containers [-- --mib N --memory 256MiB --containers zstd,xz --folder DIR]: ingests
// one generated list from each container, as its own tool packs it, and measures peak memory.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { formatBytes } from '../../cli/units.ts';
import { bin } from '../../test/support/credveil.ts';
import { createRandom } from '../../test/support/random.ts';
import { describeMachine } from '../harness/machine.ts';
import { watchPeaks } from '../harness/process-peaks.ts';

/** Each container, and the shell command that packs list.txt into it. */
const CONTAINERS: { readonly [name: string]: string } = {
  text: 'cp list.txt packed',
  zstd: 'zstd -q -3 list.txt -o packed',
  'zstd --long=27': 'zstd -q -3 --long=27 list.txt -o packed',
  gzip: 'gzip -c list.txt > packed',
  bzip2: 'bzip2 -c list.txt > packed',
  xz: 'xz -T1 -c list.txt > packed',
  'xz -9': 'xz -T1 -9 -c list.txt > packed',
  zip: 'zip -q packed.zip list.txt && mv packed.zip packed',
  tar: 'tar cf packed list.txt',
  'tar.gz': 'tar czf packed list.txt',
};

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '448' },
    memory: { type: 'string', default: '256MiB' },
    containers: { type: 'string', default: Object.keys(CONTAINERS).join(',') },
    folder: { type: 'string', default: os.tmpdir() },
  },
});

const BLOCK_LINES = 10_000;
const PASSWORD_BYTES = { min: 16, more: 16 };

/** Pairs of about ninety bytes. */
function writeList(file: string, bytes: number): void {
  const random = createRandom(1);
  const handle = fs.openSync(file, 'w');
  for (let written = 0; written < bytes; ) {
    const lines = Array.from({ length: BLOCK_LINES }, () => {
      const password = Buffer.from(random.bytes(PASSWORD_BYTES.min + random.below(PASSWORD_BYTES.more))).toString(
        'base64url',
      );
      return `user.${random.below(1_000_000)}@mail-of-an-organisation.example:${password}\n`;
    });
    written += fs.writeSync(handle, lines.join(''));
  }
  fs.closeSync(handle);
}

/** @returns the size of the container, the peak, and what the command printed last if it failed */
async function measure(home: string, command: string): Promise<string[]> {
  const packed = spawnSync(command, { shell: true, cwd: home });
  if (packed.status !== 0) return ['not packed', '', String(packed.stderr).trim()];
  const { size } = fs.statSync(path.join(home, 'packed'));
  const folder = path.join(home, 'dataset');
  spawnSync(process.execPath, [bin, 'init', folder, '--suite', 'hmac', '--index', 'account']);
  const args = [
    'ingest',
    folder,
    path.join(home, 'packed'),
    '--source',
    's',
    '--no-publish',
    '--memory',
    values.memory,
  ];
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (block) => {
    stderr = `${stderr}${block}`.slice(-2000);
  });
  const peaks = watchPeaks(child.pid as number, path.join(folder, 'work'));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const { rss } = peaks.stop();
  for (const name of ['packed', 'dataset', 'dataset.key', 'dataset.publisher'])
    fs.rmSync(path.join(home, name), { recursive: true, force: true });
  return [formatBytes(size), formatBytes(rss), code === 0 ? '' : (/error .*/.exec(stderr)?.[0] ?? stderr)];
}

const { cpu, node } = describeMachine();
console.log(`${cpu}, Node ${node}; ${values.mib} MiB of text, --memory ${values.memory}`);
const home = fs.mkdtempSync(path.join(values.folder, 'credveil-bench-'));
try {
  writeList(path.join(home, 'list.txt'), Number(values.mib) * 2 ** 20);
  const rows: string[][] = [];
  for (const name of values.containers.split(',')) {
    rows.push([name, ...(await measure(home, CONTAINERS[name] ?? 'false'))]);
    if (process.stderr.isTTY) process.stderr.write(`${name}\n`);
  }
  console.log(formatTable(['container', 'packed', 'peak memory', 'error'], rows));
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
