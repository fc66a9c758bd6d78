// Native code is loaded for hashes that need it, and for no others: a thread that ends while it
// loads some ends the process.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const parser = new URL('../../../match/hashes/parse-hash.ts', import.meta.url).href;

/** Whether a process has bcrypt's native code after this was verified. */
function loadsAddon(hash: string): boolean {
  const text = `
    const { parseHash } = await import(${JSON.stringify(parser)});
    parseHash(${JSON.stringify(hash)}, undefined, {}).verify(Buffer.from('U*U'));
    process.report.excludeNetwork = true;
    console.log(process.report.getReport().sharedObjects.some((file) => /bcrypt/.test(file)));`;
  return (
    execFileSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' }).trim() === 'true'
  );
}

test('bcrypt is loaded by its first hash', () => {
  expect(loadsAddon('$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW')).toBe(true);
  expect(loadsAddon('{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=')).toBe(false);
});
