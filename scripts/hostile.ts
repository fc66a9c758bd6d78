// npm run hostile [-- --alterations N --logins N --seed S]: checks through a proxy that alters the
// service's answers, under both suites, with and without filter; and logins at a malicious service
// that holds the key. No verdict may be wrong, and every cheat must be caught at its first use.

import { parseArgs } from 'node:util';
import { SUITE_NAMES } from '../protocol/suite.ts';
import { type CampaignReport, runCampaign } from '../test/support/hostile/campaign.ts';
import { type MaliciousReport, runMaliciousService } from '../test/support/hostile/malicious-service.ts';
import { createHostileWorld } from '../test/support/hostile/world.ts';

const { values } = parseArgs({
  options: {
    alterations: { type: 'string', default: '100000' },
    logins: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [alterations, logins, seed] = [Number(values.alterations), Number(values.logins), Number(values.seed)];
/** Wrong verdicts shown; the rest are counted. */
const MAX_SHOWN = 10;

const descending = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

function showViolations(violations: readonly string[]): void {
  for (const violation of violations.slice(0, MAX_SHOWN)) console.log(`  WRONG: ${violation}`);
  console.log(`  wrong: ${violations.length}`);
}

function showCampaign(name: string, { alterations: applied, byKind, verdicts, violations }: CampaignReport): void {
  console.log(`${name}: ${applied} alterations of ${byKind.size} kinds`);
  console.log(`  verdicts: ${descending(verdicts)}`);
  showViolations(violations);
}

function showMalice(report: MaliciousReport): string[] {
  const cheats = [...report.cheated.values()].reduce((sum, count) => sum + count, 0);
  const failures = [
    ...report.missed,
    ...report.wrong,
    ...(report.bucketsInCheats > 0 ? [`${report.bucketsInCheats} buckets of passwords asked for after a cheat`] : []),
    ...(report.requestsAfterwards > 0 ? [`${report.requestsAfterwards} requests to a service that was caught`] : []),
    ...(report.usersWithSeveralPrefixes > 0 ? [`${report.usersWithSeveralPrefixes} users with several prefixes`] : []),
  ];
  console.log(`malicious service with the key: ${logins} logins, ${cheats} cheated`);
  console.log(`  caught at once: ${cheats - report.missed.length} (${descending(report.cheated)})`);
  console.log(`  password buckets asked for in cheated logins: ${report.bucketsInCheats}`);
  console.log(
    `  learned of each user: one prefix of ${report.prefixBits} bits, which leaves ${report.guessesLeft.toFixed(1)} of ${report.guesses} guesses`,
  );
  showViolations(failures);
  return failures;
}

console.log(`seed ${seed}`);
const failures: string[] = [];
for (const suite of SUITE_NAMES) {
  const world = await createHostileWorld(suite);
  for (const filter of [false, true]) {
    const report = await runCampaign(world, { alterations: Math.ceil(alterations / 4), seed, filter });
    showCampaign(`${suite}, ${filter ? 'with' : 'without'} filter`, report);
    failures.push(...report.violations);
  }
  await world.close();
}
failures.push(...showMalice(await runMaliciousService({ logins, seed })));
process.exitCode = failures.length > 0 ? 1 : 0;
