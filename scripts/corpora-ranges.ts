// Part of npm run corpora: runs Have I Been Pwned's ranges through ingest and a running server.

import fs from 'node:fs';
import path from 'node:path';
import { startServer } from '../server/server.ts';

/**
 * @param files a folder of ranges as downloaded from Have I Been Pwned
 * @param dataset a dataset that contains only these ranges
 */
export async function checkRanges(files: string, dataset: string): Promise<void> {
  const server = await startServer(dataset, { port: 0 });
  try {
    const ask = async (prefix: string, padding: boolean): Promise<Buffer> => {
      const response = await fetch(`${server.url}/range/${prefix}`, {
        headers: padding ? { 'Add-Padding': 'true' } : {},
      });
      if (response.status !== 200) throw new Error(`range ${prefix}: ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    };
    const sizes = new Set<number>();
    const names = fs.readdirSync(files).sort();
    for (const name of names) {
      const given = fs.readFileSync(path.join(files, name));
      for (const prefix of [name, name.toLowerCase()])
        if (!(await ask(prefix, false)).equals(given))
          throw new Error(`range ${name}: differs from the ingested bytes`);
      const padded = await ask(name, true);
      sizes.add(padded.length);
      const rows = padded.toString('latin1').split('\r\n');
      const kept = rows.filter((row) => Number(row.split(':')[1]) > 0).join('\r\n');
      if (kept !== given.toString('latin1')) throw new Error(`range ${name}: padding removes rows`);
    }
    sizes.add((await ask('FFFFF', true)).length);
    if (sizes.size !== 1) throw new Error(`padded ranges have ${sizes.size} sizes`);
    console.log(`ranges of HIBP: ${names.length} equal byte for byte; padded, ${[...sizes][0]} bytes each`);
  } finally {
    await server.close();
  }
}
