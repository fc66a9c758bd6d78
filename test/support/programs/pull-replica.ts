// A process that pulls a replica once. Its options arrive as JSON on standard input: the folder,
// and those of a checker.

import { text } from 'node:stream/consumers';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import { createReplica } from '../../../client-sdk/replica/replica.ts';

const { cache, ...options } = JSON.parse(await text(process.stdin));
const replica = createReplica({ cache, refreshMs: 0 });
createLeakChecker({ ...options, replica });
await replica.pull();
