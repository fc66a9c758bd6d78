// A gateway that is told to stop twice: by its primary, and then by the end of the primary.

import { expect, test } from 'vitest';
import { serve, startOrigin } from '../../support/gateway/gateway.ts';

test('a gateway may be closed again', async () => {
  const { url } = await startOrigin((_, response) => response.end('hello'));
  const { gateway, port } = await serve(`{listen: '127.0.0.1:0', apps: {'*': {to: '${url}'}}}`, {
    isClosedByTest: true,
  });
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('hello');
  await Promise.all([gateway.close({ deadlineMs: 200 }), gateway.close({ deadlineMs: 200 })]);
  await gateway.close({ deadlineMs: 200 });
});
