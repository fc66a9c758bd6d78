// A worker: one process of several that answer on one port. Started by workers.ts, which tells it over its message
// port what to serve.

import { QuotaMeter } from '../../access/quota/meter.ts';
import { ServerError } from '../../runtime/errors.ts';
import { openChannel } from '../../runtime/ipc.ts';
import { parseKeyText } from '../../store/dataset-key.ts';
import { type CredveilServer, startServer } from '../server.ts';
import type { ServedFolder } from '../service.ts';
import type { OrderedFolder, PrimaryAnswers, PrimaryChannel, WorkerAnswers } from './messages.ts';

/** How long the others are waited for with a new snapshot: by then they are broken rather than slow. */
const AGREE_MS = 60_000;
const GATHER_MS = 3_000;
/** Without the primary nobody can say how long. */
const ORPHAN_DEADLINE_MS = 10_000;

const primary: PrimaryChannel = openChannel<PrimaryAnswers, WorkerAnswers>(process);
const meter = new QuotaMeter((request) => primary.ask('leaseQuota', request));
let server: CredveilServer | undefined;

process.title = 'credveil worker';
// A terminal sends its signals to all processes: the primary decides what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

primary.onGone(async () => {
  await server?.close({ deadlineMs: ORPHAN_DEADLINE_MS });
  process.exit();
});

primary.handle('start', async ({ datasets, options }) => {
  const [first, ...additional] = datasets.map(withKey) as [ServedFolder, ...ServedFolder[]];
  server = await startServer(first.folder, {
    ...options,
    ...(first.key && { key: first.key }),
    additional,
    meter,
    // Where the primary does not answer, its own are better than none.
    gatherRates: (own) => primary.ask('gatherRates', null, { timeoutMs: GATHER_MS }).catch(() => own),
    onEvent: (event) => primary.tell('event', event),
    peers: {
      opened: (dataset, snapshot) =>
        primary.ask('snapshotOpened', { dataset, snapshot }, { timeoutMs: AGREE_MS }).catch(() => true),
      refused: (dataset) => primary.tell('snapshotRefused', { dataset }),
    },
  });
  return { url: server.url, ...server.address };
});
primary.handle('reload', (limits) => started().reload(limits));
primary.handle('recallQuota', (request) => meter.recall(request));
primary.handle('metrics', async () => (await started().metrics()).flat());
primary.handle('requestRates', () => started().requestRates());
primary.handle('close', async (options) => {
  await started().close(options);
  // Nothing is answered any more: what is left is what was not used.
  await primary.ask('returnQuotas', meter.returnAll());
});

function withKey({ folder, keyText }: OrderedFolder): ServedFolder {
  return keyText === undefined ? { folder } : { folder, key: parseKeyText(keyText) };
}

function started(): CredveilServer {
  if (!server) throw new ServerError('WORKER_DIED', 'this worker has not started', 'Start it first.');
  return server;
}
