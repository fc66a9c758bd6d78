// Unknown names in a credential or in options are errors: a mistake of the caller never reads as
// `clean`.

import { describe, expect, test } from 'vitest';
import {
  type CheckOptions,
  type Credential,
  createLeakChecker,
  createPolicy,
  type HmacOptions,
  type LeakCheckerOptions,
} from '../../../client-sdk/index.ts';
import type { DatasetId } from '../../../protocol/brands.ts';
import { seededKey } from '../../support/dataset.ts';

// No test here sends a request.
const right = (): HmacOptions => ({
  url: 'http://credveil.invalid',
  key: seededKey('hmac', 1).revealPin('0123456789abcdef' as DatasetId) as string,
});

describe('check', () => {
  test.each([
    [{ email: 'ada@example.test', password: 'x' }, 'Did you mean username?'],
    [{ user: 'ada', password: 'x' }, 'Did you mean username?'],
    [{ username: 'ada', pass: 'x' }, 'Did you mean password?'],
    [{ username: 'ada', Password: 'x' }, 'Did you mean password?'],
    [{ usernme: 'ada', password: 'x' }, 'Did you mean username?'],
    [{ username: 'ada', password: 'x', remember: true }, 'The members are'],
  ])('rejects the unknown member of %j', async (credential, hint) => {
    const checking = createLeakChecker(right()).check(credential as Credential);
    await expect(checking).rejects.toMatchObject({
      code: 'ARGUMENT_MALFORMED',
      hint: expect.stringContaining(hint),
    });
  });

  test('does not quote a name: a request body is a credential that its sender named', async () => {
    const checking = createLeakChecker(right()).check({ password: 'x', hunter2: '' } as Credential);
    await expect(checking).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
    const error = await checking.catch((caught: Error) => caught);
    expect(JSON.stringify([error, String(error), (error as { hint?: string }).hint])).not.toContain('hunter2');
  });

  test.each([
    [{ timeoutMs: 5 }, 'signal'],
    [{ passwordChanged: new Date() }, 'Did you mean passwordChangedAt?'],
    [7, 'signal'],
    [null, 'signal'],
  ])('rejects the options %j', async (options, hint) => {
    const checking = createLeakChecker(right()).check({ password: 'x' }, options as CheckOptions);
    await expect(checking).rejects.toMatchObject({
      code: 'ARGUMENT_MALFORMED',
      hint: expect.stringContaining(hint),
    });
  });

  test('rejects options of ready, loadFilter and policy that these do not have', async () => {
    const leaks = createLeakChecker(right());
    const malformed = { code: 'ARGUMENT_MALFORMED' };
    await expect(leaks.ready({ timeoutMs: 5 } as object)).rejects.toMatchObject(malformed);
    await expect(leaks.loadFilter({ timeoutMs: 5 } as object)).rejects.toMatchObject(malformed);
    const absent = { result: 'absent' } as const;
    const clean = { status: 'clean', signals: { pair: absent, similar: absent, password: absent, username: absent } };
    const changed = { changedAt: new Date() } as object;
    expect(() => createPolicy()(clean as never, changed)).toThrow(expect.objectContaining(malformed));
  });
});

describe('createLeakChecker', () => {
  test.each([
    [{ timeout: 300 }, 'Did you mean timeoutMs?'],
    [{ timeoutMS: 300 }, 'Did you mean timeoutMs?'],
    [{ apiKey: 'x' }, 'The options are'],
    [{ client: 'x' }, 'Did you mean clientKey?'],
    [{ circuitBreaker: { failure: 3 } }, 'Did you mean failures?'],
    [{ circuitBreaker: { coolDown: 3 } }, 'Did you mean coolDownMs?'],
    [{ passwordFilter: { maxAge: 3 } }, 'Did you mean maxAgeMs?'],
    [{ policy: { usernames: 'deny' } }, 'Did you mean username?'],
    [{ policy: { minTimesSeen: { pairs: 2 } } }, 'Did you mean pair?'],
    [{ onVerdicts: () => {} }, 'Did you mean onVerdict?'],
  ])('rejects the unknown option of %j', (wrong, hint) => {
    const options = { ...right(), ...wrong } as LeakCheckerOptions;
    expect(() => createLeakChecker(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_MALFORMED', hint: expect.stringContaining(hint) }),
    );
  });

  test('rejects an option of the other suite', () => {
    const options = { ...right(), engine: {} } as unknown as LeakCheckerOptions;
    expect(() => createLeakChecker(options)).toThrow(expect.objectContaining({ code: 'OPTION_MALFORMED' }));
  });
});
