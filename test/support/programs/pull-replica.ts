// A process that pulls a replica once. Its options arrive as JSON on standard input: the folder,
// and those of a checker. It waits for a lock that is left, and for no other failure.

import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { createLeakChecker, LookupError } from '../../../client-sdk/index.ts';
import { createReplica } from '../../../client-sdk/replica/replica.ts';

/** Who is killed while it writes its lock leaves it for seconds. */
const PAUSE_MS = 200;

const { cache, ...options } = JSON.parse(await text(process.stdin));
const replica = createReplica({ cache, refreshMs: 0 });
createLeakChecker({ ...options, replica });
for (;;)
  try {
    await replica.pull();
    break;
  } catch (error) {
    if (!(error instanceof LookupError && error.code === 'REPLICA_BUSY')) throw error;
    await setTimeout(PAUSE_MS);
  }
