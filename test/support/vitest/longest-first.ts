// Vitest sequencer: starts the slowest files first, also in a fresh clone without recorded
// durations.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take over ten seconds, the slowest first. */
const LONG = [
  'test/client-sdk/failing-service.test.ts',
  'test/accel/oprf-differential.test.ts',
  'test/server/quota.test.ts',
  'test/server/workers.test.ts',
  'test/store/property.test.ts',
  'test/cli/bad-input.test.ts',
  'test/client-sdk/similar-verdict.test.ts',
  'test/ingest/fuzz.test.ts',
  'test/client-sdk/adapter/express-login-failing.test.ts',
  'test/client-sdk/trace.test.ts',
  'test/protocol/fuzz.test.ts',
  'test/protocol/normalize.test.ts',
  'test/server/filter.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((file) => moduleId.endsWith(file));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
