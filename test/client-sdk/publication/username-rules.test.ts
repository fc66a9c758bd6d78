// A dataset's rules for usernames on a platform that cannot apply them: no answer, and no error
// that a login would not expect.

import { expect, onTestFinished, vi } from 'vitest';
import type { CheckerMemory } from '../../../client-sdk/index.ts';
import { changeStatement } from '../../support/client/restate.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import { allUnknown, type ClientWorld, LEAKED, summary } from '../../support/worlds/client-world.ts';

/** A URL class without UTS #46. */
function withoutInternationalDomains(): void {
  const Whole = URL;
  vi.stubGlobal(
    'URL',
    class extends Whole {
      override get hostname(): string {
        return super.hostname.startsWith('xn--') ? 'b%C3%BCcher.example' : super.hostname;
      }
    },
  );
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
}

/** A front whose dataset has the rules. */
async function startWithRules({ made, url, spoil }: ClientWorld, usernameRules: readonly string[]) {
  const { snapshot } = (await (await fetch(`${url}/readyz`)).json()) as { snapshot: string };
  const statement = await fetch(`${url}/v1/statement/${snapshot}`);
  return spoil(changeStatement(made, Buffer.from(await statement.arrayBuffer()), () => ({ usernameRules })));
}

test('a platform without UTS #46 does not answer for a dataset with the rule punycode', async ({ world }) => {
  withoutInternationalDomains();
  const at = await startWithRules(world, ['punycode']);
  const saved: string[] = [];
  const memory: CheckerMemory = { load: () => undefined, save: (text) => void saved.push(text) };
  const checker = world.checker(at.url, { memory });
  for (let i = 0; i < 2; i++) expect(summary(await checker.check(LEAKED))).toBe(allUnknown('PROTOCOL_UNSUPPORTED'));
  await expect(checker.ready()).rejects.toMatchObject({ code: 'PROTOCOL_UNSUPPORTED' });
  expect(saved, 'it has accepted no head').toEqual([]);
});

test('a platform without UTS #46 applies the other rules', async ({ world }) => {
  withoutInternationalDomains();
  const at = await startWithRules(world, ['plus-tags', 'gmail-dots']);
  await world.checker(at.url).ready();
});
