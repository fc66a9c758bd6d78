// Asks a running server, by the SDK, about credentials of generated files that ingest accepted.

import { createLeakChecker } from '../../../client-sdk/index.ts';
import { startServer } from '../../../server/server.ts';
import { openDataset } from '../../../store/dataset.ts';
import { openKeyFile } from '../../../store/key-file.ts';
import type { Judgement } from './judge.ts';

/** Credentials asked for of each file. */
const EACH = 20;

/**
 * Compares verdicts with the truth: pairs and passwords that leaked, and strangers.
 * @returns the number of verdicts
 * @throws Error on the first wrong one
 */
export async function checkServed(folder: string, judgements: readonly Judgement[]): Promise<number> {
  const server = await startServer(folder, { port: 0 });
  const key = openKeyFile(`${folder}.key`).revealPin(openDataset(folder).id) as string;
  let verdicts = 0;
  try {
    const checker = createLeakChecker({ url: server.url, key, timeoutMs: 60_000 });
    const expect = async (question: Parameters<typeof checker.check>[0], status: string, of: string) => {
      const verdict = await checker.check(question);
      verdicts++;
      if (verdict.status !== status)
        throw new Error(`${of}: ${verdict.status} (${verdict.reason ?? 'no reason'}) where ${status} is right`);
    };
    for (const { file } of judgements) {
      const { pairs, passwords } = file.truth.holds;
      for (const [at, pair] of pairs.slice(0, EACH).entries()) {
        await expect(pair, 'pair', file.combination);
        const stranger = { username: `stranger${at}@example.invalid`, password: `Unseen-${file.number}-${at}` };
        await expect({ username: pair.username, password: stranger.password }, 'username', file.combination);
        await expect(stranger, 'clean', file.combination);
      }
      for (const { password } of passwords.slice(0, EACH)) await expect({ password }, 'password', file.combination);
    }
  } finally {
    await server.close();
  }
  return verdicts;
}
