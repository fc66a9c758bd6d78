// The entry of a worker process: one of several gateways on the same ports.

import { runWorker } from '../../runtime/workers/worker.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import type { WorkerAddresses, WorkerAnswers, WorkerOptions, WorkerOrder } from './messages.ts';

interface WorkerGateway extends Omit<Gateway, 'reload'> {
  reload(options: WorkerOptions): void;
}

const worker = runWorker<WorkerOrder, WorkerGateway, object, WorkerAnswers>({
  title: 'credveil gateway worker',
  start: async ({ options: { config }, share, ticketSecret }, _, onEvent) => {
    const gateway = await startGateway({ config, share, ticketSecret, reusePort: true, onEvent });
    return {
      urls: gateway.urls,
      ports: gateway.ports,
      metrics: () => gateway.metrics(),
      close: (options) => gateway.close(options),
      reload: ({ config: changed }) => gateway.reload(changed),
    };
  },
  describe: ({ urls, ports }): WorkerAddresses => ({ urls, ports }),
});
worker.primary.handle('metrics', () => worker.service().metrics());
