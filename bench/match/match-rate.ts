// The rate of verifications of a match, beside the rate of the bare hash on as many threads.

import { once } from 'node:events';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { DEFAULT_HASH_LIMITS } from '../../match/hashes/stored-hash.ts';
import { SpoolWriter } from '../../match/state/spool.ts';
import { MatchState } from '../../match/state/state-folder.ts';
import { UserTable } from '../../match/users/user-table.ts';
import { verifyCandidates } from '../../match/verify/verify.ts';

/** A hash of each kind that no candidate fits. */
const HASHES: { readonly [name: string]: string } = {
  'argon2id m=19456 t=2 p=1': `$argon2id$v=19$m=19456,t=2,p=1$YSBzYWx0IG9mIDE2IGJ5dA$${'A'.repeat(43)}`,
  'bcrypt cost 10': '$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  'pbkdf2-sha256 600000 iterations': `pbkdf2_sha256$600000$salt$${'A'.repeat(43)}=`,
};
export const KINDS = Object.keys(HASHES);

/** Rates by the clock and by processor time, which other programs on the machine do not change. */
export interface Rate {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
}

/** Measures all threads of this process. */
function startMeter(): (count: number) => Rate {
  const started = performance.now();
  const before = process.cpuUsage();
  return (count) => {
    const { user, system } = process.cpuUsage(before);
    return {
      perSecond: (count * 1000) / (performance.now() - started),
      perProcessorSecond: (count * 1e6) / (user + system),
    };
  };
}

/** Of the bare primitive. */
export async function rawRate(name: string, count: number, threads: number): Promise<Rate> {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./raw-worker.ts', import.meta.url)));
  const run = (each: number): Promise<unknown> =>
    Promise.all(
      workers.map((worker) => {
        worker.postMessage({ name, count: each });
        return once(worker, 'message');
      }),
    );
  await run(1);
  const stop = startMeter();
  await run(count / threads);
  const rate = stop(count);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return rate;
}

/** Of a match, the start of its threads included. */
export async function matchRate(name: string, count: number, threads: number, folder: string): Promise<Rate> {
  const users = new UserTable({});
  for (let i = 0; i < count; i++) users.row({ id: `${i}`, names: [`user${i}`], hash: HASHES[name], salt: undefined });
  const state = MatchState.open(folder, users.digest(), { name, count });
  const spool = new SpoolWriter(state.spoolFile, state.key);
  for (let i = 0; i < count; i++) spool.add(i, 0, Buffer.from(`candidate${i}`));
  spool.finish();
  const stop = startMeter();
  const settings = { limits: DEFAULT_HASH_LIMITS, description: undefined, pepper: undefined };
  await verifyCandidates(users, state, count, { threads, similar: false, settings });
  const rate = stop(count);
  state.discard();
  fs.rmSync(folder, { recursive: true, force: true });
  return rate;
}
