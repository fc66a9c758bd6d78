// A failure inside the client: whatever it is, a check resolves to `unknown` with a reason, and the
// next one tries again.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import type { LeakChecker, OprfOptions, VerdictEvent } from '../../../client-sdk/index.ts';
import { startServer } from '../../../server/server.ts';
import { makeDataset } from '../../support/dataset.ts';
import { pinOf } from '../../support/pins.ts';
import { allUnknown, LEAKED, STRANGER, summary, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

interface World {
  readonly url: string;
  readonly pin: { readonly key: string } | { readonly trust: string };
  close(): Promise<void>;
}

async function serve(suite: 'hmac' | 'oprf'): Promise<World> {
  const oprf = await createSodiumOprf();
  const made = await makeDataset({ pairs: [LEAKED], similar: true, suite, signed: true, oprf });
  const server = await startServer(made.folder, { port: 0, ...(suite === 'oprf' && { key: made.key }) });
  const close = async (): Promise<void> => {
    await server.close();
    made.dispose();
  };
  return { url: server.url, pin: pinOf(made), close };
}

let worlds: { readonly hmac: World; readonly oprf: World };
beforeAll(async () => {
  worlds = { hmac: await serve('hmac'), oprf: await serve('oprf') };
});
afterAll(async () => {
  await worlds.hmac.close();
  await worlds.oprf.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Started {
  readonly leaks: LeakChecker;
  readonly events: VerdictEvent[];
}

/** A checker of a client of its own, whose modules are not loaded yet. */
async function start(suite: 'hmac' | 'oprf', options: Partial<OprfOptions> = {}): Promise<Started> {
  vi.resetModules();
  const { createLeakChecker } = await import('../../../client-sdk/index.ts');
  const { url, pin } = worlds[suite];
  const events: VerdictEvent[] = [];
  const onVerdict = (event: VerdictEvent): void => void events.push(event);
  return { leaks: createLeakChecker({ url, timeoutMs: TIMEOUT_MS, onVerdict, ...options, ...pin }), events };
}

const memory = { load: () => undefined, save: () => undefined };
const engine = createSodiumOprf();

describe('a module that cannot be loaded', () => {
  test.each([
    ['hmac', 'client-sdk/publication/signature.ts', {}],
    ['hmac', 'client-sdk/publication/shared-memory.ts', { memory }],
    ['hmac', 'protocol/similar.ts', {}],
    ['oprf', 'client-sdk/oprf/lookup.ts', {}],
    ['oprf', 'client-sdk/oprf/noble-blinding.ts', {}],
    ['oprf', 'client-sdk/oprf/multiplicative-blinding.ts', { engine }],
  ] as const)('under %s: %s', async (suite, module, options) => {
    const file = `../../../${module}`;
    const missing = new Error('a chunk is missing');
    vi.doMock(file, () => {
      throw missing;
    });
    const { leaks, events } = await start(suite, options);
    const verdict = await leaks.check(LEAKED).finally(() => vi.doUnmock(file));
    expect(summary(verdict)).toBe(allUnknown('MODULE_FAILED'));
    expect(verdict.action).toBe('allow');
    expect(events).toMatchObject([{ status: 'unknown', reason: 'MODULE_FAILED', failures: ['MODULE_FAILED'] }]);
    expect((await leaks.check(LEAKED)).status, 'the next check loads it').toBe('pair');
  });

  test('of the filter: checks ask the service, and loadFilter says why', async () => {
    const file = '../../../client-sdk/filter/cache.ts';
    vi.doMock(file, () => {
      throw new Error('a chunk is missing');
    });
    const { leaks } = await start('hmac', { passwordFilter: true });
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    await expect(leaks.loadFilter()).rejects.toMatchObject({ name: 'LookupError', code: 'MODULE_FAILED' });
    vi.doUnmock(file);
    await expect(leaks.loadFilter()).resolves.toMatchObject({ bytes: expect.any(Number) });
  });

  test('of the words of an error: it has its code, and a hint', async () => {
    const file = '../../../client-sdk/reasons.ts';
    vi.doMock(file, () => {
      throw new Error('a chunk is missing');
    });
    const { leaks } = await start('hmac', { passwordFilter: { maxBytes: 1 } });
    await expect(leaks.loadFilter()).rejects.toMatchObject({
      name: 'LookupError',
      code: 'FILTER_TOO_LARGE',
      message: 'FILTER_TOO_LARGE',
      hint: expect.stringContaining('README'),
    });
    vi.doUnmock(file);
    await expect(leaks.loadFilter()).rejects.toMatchObject({ hint: expect.stringContaining('maxBytes') });
  });

  test('of the engine, which a caller gave', async () => {
    const broken = Promise.reject(new Error('no WebAssembly'));
    const { leaks, events } = await start('oprf', { engine: broken });
    for (let i = 0; i < 2; i++) expect(summary(await leaks.check(LEAKED))).toBe(allUnknown('MODULE_FAILED'));
    expect(events).toHaveLength(2);
    const failure = await leaks.ready().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MODULE_FAILED', message: expect.stringContaining('engine') });
    expect((failure as Error).cause).toBe(await broken.catch((error: unknown) => error));
  });
});

describe('a defect below a check', () => {
  const CHALLENGED = { status: 'unknown', reason: 'CHECK_FAILED', action: 'challenge' };

  test.each(['hmac', 'oprf'] as const)('under %s: an exception while it derives what to ask', async (suite) => {
    const { leaks, events } = await start(suite);
    await leaks.ready();
    const broken = vi.spyOn(String.prototype, 'normalize').mockImplementation(fail);
    expect(await leaks.check(STRANGER)).toMatchObject(CHALLENGED);
    broken.mockRestore();
    expect(events).toMatchObject([{ status: 'unknown', reason: 'CHECK_FAILED' }]);
    expect((await leaks.check(LEAKED)).status).toBe('pair');
  });

  test.each(['hmac', 'oprf'] as const)('under %s: an exception while it reads an answer', async (suite) => {
    const file = '../../../protocol/bucket.ts';
    vi.doMock(file, async (whole) => ({ ...(await whole<object>()), findEntry: fail }));
    const { leaks, events } = await start(suite);
    expect(await leaks.check(STRANGER).finally(() => vi.doUnmock(file))).toMatchObject(CHALLENGED);
    expect(events).toMatchObject([{ status: 'unknown', reason: 'CHECK_FAILED' }]);
  });

  test('a call that rejects does so with a LookupError', async () => {
    const { leaks } = await start('hmac', { memory });
    vi.spyOn(JSON, 'parse').mockImplementation(() => fail());
    await expect(leaks.ready()).rejects.toMatchObject({ name: 'LookupError', hint: expect.any(String) });
  });
});

function fail(): never {
  throw new TypeError('a defect');
}
