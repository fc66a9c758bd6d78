// Metrics of the commands that serve: their address, and what a taken one does.

import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startMetrics } from '../../../cli/service/run-service.ts';

const serviceOf = () => ({ metrics: async () => [], close: vi.fn(async () => undefined) });

test.each([
  [':0', /^http:\/\/127\.0\.0\.1:\d+\/metrics$/],
  ['127.0.0.1:0', /^http:\/\/127\.0\.0\.1:\d+\/metrics$/],
  ['0.0.0.0:0', /^http:\/\/0\.0\.0\.0:\d+\/metrics$/],
])('metrics at %s', async (address, url) => {
  const listener = await startMetrics(address, serviceOf(), () => undefined);
  onTestFinished(() => listener?.close());
  expect(listener?.url).toMatch(url);
});

test('metrics may be off', async () => {
  expect(await startMetrics('off', serviceOf(), () => undefined)).toBeUndefined();
});

test('a taken address stops the service', async () => {
  const taken = net.createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void taken.close());
  const service = serviceOf();
  const address = `:${(taken.address() as AddressInfo).port}`;
  await expect(startMetrics(address, service, () => undefined)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  expect(service.close).toHaveBeenCalled();
});
