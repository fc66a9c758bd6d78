// A server that evaluates with a key and has no entries: the evaluator of split roles.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { type ServerOptions, startServer } from '../../../server/server.ts';
import { createDataset } from '../../../store/dataset.ts';
import type { DatasetKey } from '../../../store/dataset-key.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { seededPublisher } from '../dataset.ts';

export interface EvaluatorServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startEvaluator(key: DatasetKey, options: ServerOptions = {}): Promise<EvaluatorServer> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-evaluator-'));
  const folder = path.join(home, 'evaluator');
  const publisher = seededPublisher(1);
  const dataset = createDataset(folder, key, {
    indexes: ['password'],
    publisher: Buffer.from(publisher.publicKey).toString('hex'),
  });
  await publish(dataset, key.createSuite(await createSodiumOprf()), { publisher });
  const server = await startServer(folder, { ...options, port: 0, key });
  return {
    url: server.url,
    close: async () => {
      await server.close({ deadlineMs: 100 });
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}
