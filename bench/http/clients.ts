// The cost of recognizing a client and counting its requests: a bucket through the whole listener,
// without a socket.

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { addClient } from '../../access/client-file.ts';
import { MAX_QUOTA, QUOTA_POLICY_NAMES, type Quotas } from '../../access/quota/policy.ts';
import { parseLimits } from '../../runtime/limits.ts';
import { openAccess } from '../../server/access.ts';
import { createListener } from '../../server/listener.ts';
import { closeServices, openServices, type Service } from '../../server/service.ts';
import type { MadeDataset } from '../../test/support/dataset.ts';
import type { Figure } from '../harness/figure.ts';
import { measureMicro } from '../harness/micro.ts';

const HOST = '127.0.0.1';
/** Longer than the benchmark runs. */
const POLL_MS = 3_600_000;

export async function measureClients({ folder, dataset }: MadeDataset): Promise<Figure[]> {
  const onEvent = (): void => undefined;
  const services = await openServices([{ folder }], { pollIntervalMs: POLL_MS, maxHeldBytes: 2 ** 27, onEvent });
  const opened: { close(): void }[] = [];
  const ask = (name: string, quotas?: Quotas): (() => Promise<void>) => {
    const clientsFile = `${folder}.${name}.json`;
    const { keyText = '' } = quotas ? addClient(clientsFile, name, quotas) : {};
    const options = { clientsFile, quotaFile: `${clientsFile}.sqlite` };
    const access = openAccess(options, { folder, host: HOST, pollIntervalMs: POLL_MS, onEvent });
    opened.push(access);
    const parts = { state: { closing: false }, limits: parseLimits({}), pages: undefined, ...access };
    const listener = createListener(services as [Service], parts);
    const socket = new Socket();
    return async () => {
      const request = new IncomingMessage(socket);
      request.method = 'GET';
      request.url = `/d/${dataset.id}/v1/account/00`;
      request.headers = { host: HOST, ...(keyText !== '' && { authorization: `Bearer ${keyText}` }) };
      const response = new ServerResponse(request);
      listener(request, response);
      // When a lease runs out, the meter requests another from the ledger.
      while (!response.writableEnded) await new Promise(setImmediate);
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    };
  };
  const all = Object.fromEntries(QUOTA_POLICY_NAMES.map((policy) => [policy, MAX_QUOTA])) as Quotas;
  try {
    return await measureMicro([
      { name: 'listener, anonymous', run: ask('nobody'), note: 'a bucket, without the socket' },
      { name: 'listener, client with a key', run: ask('known', {}) },
      { name: 'listener, client with quotas', run: ask('counted', all), note: 'all quotas, with their headers' },
    ]);
  } finally {
    for (const access of opened) access.close();
    await closeServices(services);
  }
}
