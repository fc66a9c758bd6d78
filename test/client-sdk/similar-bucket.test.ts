// A checker takes account buckets with forms where the layer has `similar`, and only there: a
// bucket of the other format would answer that no password is similar, however well it is sealed.

import { expect, test } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import type { BucketId } from '../../protocol/brands.ts';
import { decodeBody, encodeBucket, shortenTags } from '../../protocol/bucket.ts';
import { startServer } from '../../server/server.ts';
import { openDataset } from '../../store/dataset.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { makeDataset } from '../support/dataset.ts';
import { forward, send, startFront } from '../support/http-front.ts';
import { pinOf } from '../support/pins.ts';
import { isAccount, LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

test.each([
  { similar: true, name: 'without forms in a dataset with similar passwords' },
  { similar: false, name: 'with forms in a dataset without similar passwords' },
])('a sealed bucket $name makes the verdict unknown', async ({ similar }) => {
  const made = await makeDataset({ similar, pairs: [LEAKED] });
  const facts = openCurrent(openDataset(made.folder))?.facts;
  const { layer, indexes } = facts ?? expect.fail('nothing is published');
  const { prefixBits, bodyBytes } = indexes.account ?? expect.fail('there is no account index');
  const server = await startServer(made.folder, { port: 0 });
  let asked = 0;
  const front = await startFront(async (request, response) => {
    const answer = await forward(server.url, request);
    const url = request.url ?? '';
    if (isAccount(url)) {
      asked++;
      const { tags, metadata, metadataBytes } = decodeBody(answer.body);
      const id = Number.parseInt(/[0-9a-f]+(?=\?)/.exec(url)?.[0] ?? '', 16) as BucketId;
      const forms = similar ? undefined : shortenTags(new Float64Array(0));
      const place = { layer, index: 'account', prefixBits, id } as const;
      const body = encodeBucket({ tags, metadata, metadataBytes, forms }, place, made.suite.sealKey);
      answer.body = Buffer.alloc(bodyBytes.find((bytes) => bytes >= body.length) ?? 0);
      answer.body.set(body);
      response.setHeader('Content-Length', answer.body.length);
    }
    send(response, answer);
  });
  try {
    const checker = createLeakChecker({ url: front.url, timeoutMs: TIMEOUT_MS, ...pinOf(made) });
    for (const credential of [LEAKED, STRANGER])
      expect(await checker.check(credential)).toMatchObject({ status: 'unknown', reason: 'BODY_MALFORMED' });
    expect(asked).toBeGreaterThan(0);
  } finally {
    await front.close();
    await server.close();
    made.dispose();
  }
});
