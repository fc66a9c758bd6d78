// A thread of publishing that checks the second run last: once all parts of the account index were
// begun, and so all but one of them were reported. Beside the dataset it leaves a copy of what the
// publish had kept by then, as anybody who may read and write there can.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createNodePads } from '../../../store/snapshot/parts/pads.ts';
import { servePartTasks, type ThreadSettings, type ThreadTask } from '../../../store/snapshot/parts/part-thread.ts';

const [run] = (workerData as ThreadSettings).work.sources.runs;
const folder = path.resolve(run?.run.file ?? '', '../..');
const kept = path.join(folder, 'work/publish');

const port = parentPort;
const on = port?.on.bind(port);
if (port && on)
  port.on = ((event: string, take: (task: ThreadTask) => void) =>
    on(event, async (task: ThreadTask) => {
      if (task.task.kind === 'check' && task.task.run === 1) {
        while (!fs.existsSync(path.join(kept, 'account-015.bodies'))) await sleep(5);
        fs.cpSync(kept, `${folder}-kept`, { recursive: true });
      }
      take(task);
    })) as typeof port.on;
servePartTasks(createNodePads);
