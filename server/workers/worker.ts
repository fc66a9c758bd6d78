// The entry of a worker process: one of several that serve the same datasets on one port.

import '../../runtime/workers/deaf.ts';
import { QuotaMeter } from '../../access/quota/meter.ts';
import { runWorker } from '../../runtime/workers/worker.ts';
import { parseKeyText } from '../../store/dataset-key.ts';
import { type CredveilServer, startServer } from '../server.ts';
import type { ServedFolder } from '../service.ts';
import type { OrderedFolder, PrimaryAnswers, WorkerAddress, WorkerAnswers, WorkerOrder } from './messages.ts';

/**
 * How long a new snapshot waits for the other workers: after that they are broken rather than slow.
 */
const AGREE_MS = 60_000;
const GATHER_MS = 3_000;

const meter = new QuotaMeter((request) => worker.primary.ask('leaseQuota', request));

const worker = runWorker<WorkerOrder, CredveilServer, PrimaryAnswers, WorkerAnswers>({
  title: 'credveil worker',
  start: ({ datasets, options }, primary, onEvent) => {
    const [first, ...additional] = datasets.map(withKey) as [ServedFolder, ...ServedFolder[]];
    return startServer(first.folder, {
      ...options,
      ...(first.key && { key: first.key }),
      additional,
      meter,
      // If the primary does not answer, this worker's own rates are better than none.
      gatherRates: (own) => primary.ask('gatherRates', null, { timeoutMs: GATHER_MS }).catch(() => own),
      onEvent,
      peers: {
        opened: (dataset, snapshot) =>
          primary.ask('snapshotOpened', { dataset, snapshot }, { timeoutMs: AGREE_MS }).catch(() => true),
        refused: (dataset) => primary.tell('snapshotRefused', { dataset }),
      },
    });
  },
  describe: ({ url, address }): WorkerAddress => ({ url, ...address }),
  closed: (primary) => primary.ask('returnQuotas', meter.returnAll()),
});
worker.primary.handle('recallQuota', (request) => meter.recall(request));
worker.primary.handle('metrics', async () => (await worker.service().metrics()).flat());
worker.primary.handle('requestRates', () => worker.service().requestRates());

function withKey({ folder, keyText }: OrderedFolder): ServedFolder {
  return keyText === undefined ? { folder } : { folder, key: parseKeyText(keyText) };
}
