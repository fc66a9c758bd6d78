// What it costs to know a client and to count its requests: bucket GETs with and without.

import type { BucketId } from '../protocol/brands.ts';
import { formatPrefix } from '../protocol/bucket-id.ts';
import { addClient } from '../store/client-file.ts';
import { openDataset } from '../store/dataset.ts';
import { MAX_QUOTA, type Quotas } from '../store/quota-policy.ts';
import { openSnapshot } from '../store/snapshot.ts';
import type { MadeDataset } from '../test/fixtures/dataset.ts';
import type { Figure } from './figure.ts';
import { measureLoad } from './http-load.ts';

const QUOTAS: Quotas = {
  'requests-per-minute': MAX_QUOTA,
  'requests-per-day': MAX_QUOTA,
  'evaluations-per-minute': MAX_QUOTA,
  'evaluations-per-day': MAX_QUOTA,
};

export async function measureClients({ folder }: MadeDataset): Promise<Figure[]> {
  const snapshot = await openSnapshot(openDataset(folder));
  const { prefixBits = 0 } = snapshot.facts.indexes.account ?? {};
  snapshot.close();
  const paths = Array.from(
    { length: 2 ** prefixBits },
    (_, id) => `/v1/account/${formatPrefix(id as BucketId, prefixBits)}`,
  );
  const target = (name: string, quotas: Quotas) => {
    const clientsFile = `${folder}.${name}.json`;
    const { keyText } = addClient(clientsFile, name, quotas);
    return { server: { folder, clientsFile }, paths, headers: `Authorization: Bearer ${keyText}\r\n` };
  };
  const [anonymous, known, counted] = await measureLoad([
    { server: { folder, clientsFile: `${folder}.nobody.json` }, paths },
    target('known', {}),
    target('counted', QUOTAS),
  ]);
  if (!anonymous || !known || !counted) throw new Error('nothing was measured');
  const unit = 'µs of server CPU';
  return [
    { name: 'bucket GET, anonymous', value: anonymous.cpuMicroseconds, unit },
    { name: 'bucket GET, client with a key', value: known.cpuMicroseconds, unit },
    {
      name: 'bucket GET, client with quotas',
      value: counted.cpuMicroseconds,
      unit,
      note: 'all four, and their headers',
    },
  ];
}
