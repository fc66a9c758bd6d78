// credveil gateway access test: whether policies let a request in, and why.

import { Refusal } from '../../gateway/answers/kinds.ts';
import { type Application, type Found, judgePath } from '../../gateway/applications.ts';
import { readConfig } from '../../gateway/config/read.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { type ExplainedPolicy, explainPolicies } from '../../gateway/identity/policies/explain-policies.ts';
import { findNeed } from '../../gateway/identity/policies/factor-needs.ts';
import type { AccessFacts } from '../../gateway/identity/policies/facts.ts';
import { type AccessDecision, judgeAccess } from '../../gateway/identity/policies/policies.ts';
import type { Requirement } from '../../gateway/identity/policies/requirement.ts';
import type { GatewaySetup } from '../../gateway/setup.ts';
import { UsageError } from '../exit.ts';
import { printResult } from '../output.ts';
import {
  type AccessTestFlags,
  type CertificateWorth,
  certificateOf,
  factsOf,
  type GivenFacts,
  placeOf,
  signedInFor,
} from './access-facts.ts';
import { unknownApp } from './known-app.ts';
import { listsOf, withSetup } from './offline-setup.ts';
import { word } from './rules-test.ts';

export interface TestedAccess {
  readonly app: string;
  readonly readings: readonly string[];
  readonly isAllowed: boolean;
  /** Undefined without policies, or for a path that is refused before they are asked. */
  readonly decision: AccessDecision | undefined;
  readonly refused?: 'PATH_AMBIGUOUS' | 'REDIRECTED';
  /** Their session is over, and they sign in anew. */
  readonly hasEnded?: true;
  /** What they have to show beside, and have not. */
  readonly need?: Requirement;
  /** They signed in with a provider that is not asked for this application. */
  readonly otherProvider?: string;
  /** A session that is used elsewhere asks for a factor beside, which is not looked at here. */
  readonly watchesDrift?: true;
  /** What became of the certificate that was shown. */
  readonly certificate?: CertificateWorth;
  readonly policies: readonly ExplainedPolicy[];
}

/** @throws UsageError, GatewayConfigError */
export async function testAccess(flags: AccessTestFlags): Promise<void> {
  printResult(flags, await testedAccess(flags), describe);
}

/** @throws UsageError, GatewayConfigError */
export async function testedAccess(flags: AccessTestFlags): Promise<TestedAccess> {
  const given = await factsOf(flags);
  const config = readConfig(flags.config);
  const lists = listsOf(config);
  await lists.load();
  return withSetup(config, { lists, onEvent: () => undefined }, (setup) => judge(flags, given, { config, setup }));
}

function judge(
  flags: AccessTestFlags,
  given: GivenFacts,
  { config, setup }: { readonly config: GatewayConfig; readonly setup: GatewaySetup },
): TestedAccess {
  const { app, path } = flags;
  const { applications } = setup;
  const [host = ''] = app.toLowerCase().split('/');
  const [bare = ''] = path.split('?');
  if (!bare.startsWith('/')) throw new UsageError('--path is no path', 'Begin it with a slash: --path /finance.');
  let found: Found;
  try {
    // Of `*.example.com`, any host will do.
    found = applications.find({ host: host.replace('*', 'any'), path: bare });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'PATH_AMBIGUOUS') return refused({ app, readings: [bare] }, 'PATH_AMBIGUOUS');
    throw unknownApp(app, Object.keys(config.apps));
  }
  const { application, readings } = found;
  const place = { app: application.name, readings };
  if (!application.access) return { ...place, isAllowed: true, decision: undefined, policies: [] };
  const refusal = pathRefusal(found, bare);
  if (refusal) return refused(place, refusal);
  const { person, otherProvider } = signedInFor(given.person, config, application.name);
  const shown = certificateOf(flags, application, setup);
  const hasEnded = person !== undefined && isOver(application, given);
  const held = hasEnded ? { ...given, person: undefined, factors: new Set<never>() } : { ...given, person };
  const facts = { ...held, ...placeOf(flags, given, setup), certificate: shown?.fact };
  const decision = judgeAccess(application.access, facts, readings);
  const policies = explainPolicies(application.access, facts, readings);
  const need = decision.verdict === 'allow' ? needOf(application, facts, readings) : undefined;
  return {
    ...place,
    isAllowed: need === undefined && LETS_IN.has(decision.verdict),
    ...{ decision, policies },
    ...(need && { need }),
    ...(hasEnded && { hasEnded }),
    ...(otherProvider !== undefined && { otherProvider }),
    ...(person !== undefined && config.sessions.drift !== 'off' && { watchesDrift: true as const }),
    ...(shown && { certificate: shown.worth }),
  };
}

const LETS_IN: ReadonlySet<AccessDecision['verdict']> = new Set(['allow', 'service', 'bypass']);

/** Whether a session of the application is over. */
const isOver = ({ sessionRules }: Application, { signedInMs = 0, idledMs = 0 }: GivenFacts): boolean =>
  sessionRules !== undefined && (signedInMs >= sessionRules.absoluteMs || idledMs >= sessionRules.idleMs);

/** Of somebody who has shown their factors just now. */
function needOf({ access, factors }: Application, facts: AccessFacts, readings: readonly string[]) {
  if (!access || !factors || typeof facts.person !== 'object' || typeof facts.factors !== 'object') return undefined;
  const now = Date.now();
  const authenticatedAt = now - (facts.signedInMs ?? 0);
  const given = [...facts.factors].map((method) => ({ method, factor: '', at: now, trustedFrom: now }));
  const shown = { amr: facts.person.amr, authenticatedAt, factors: given };
  return findNeed(access, factors, { facts, shown, now }, readings).need;
}

const refused = (
  place: Pick<TestedAccess, 'app' | 'readings'>,
  code: NonNullable<TestedAccess['refused']>,
): TestedAccess => ({ ...place, isAllowed: false, decision: undefined, refused: code, policies: [] });

/** What becomes of a path before policies are asked. */
function pathRefusal(found: Found, path: string): TestedAccess['refused'] {
  try {
    const head = { path, method: 'GET' } as Parameters<typeof judgePath>[0];
    return 'redirect' in judgePath(head, found) ? 'REDIRECTED' : undefined;
  } catch (error) {
    if (error instanceof Refusal) return 'PATH_AMBIGUOUS';
    throw error;
  }
}

export function describe(tested: TestedAccess): string {
  const { app, readings, isAllowed, need, otherProvider, watchesDrift, certificate, policies } = tested;
  return [
    isAllowed ? 'allowed' : 'not allowed',
    `app    ${app}`,
    `paths  ${readings.join('  ')}`,
    `why    ${describeWhy(tested)}`,
    ...(need ? [`needs  ${describeNeed(need)}`] : []),
    ...(otherProvider === undefined
      ? []
      : [`signed in with ${otherProvider}, which providers of the application leaves out`]),
    ...(watchesDrift
      ? ['if their session has moved to another browser and network (drift), they show a factor first']
      : []),
    ...(certificate === undefined ? [] : [`certificate  ${certificate}`]),
    ...policies.flatMap(describePolicy),
  ].join('\n');
}

const REFUSED: { readonly [Code in NonNullable<TestedAccess['refused']>]: string } = {
  PATH_AMBIGUOUS: 'servers read this path in different ways, so that it is refused',
  REDIRECTED: 'it is redirected to the path that reads in one way',
};

function describeWhy({ decision, refused: code, need, hasEnded }: TestedAccess): string {
  if (code) return REFUSED[code];
  if (!decision) return 'the application has no policies, and is open to everybody';
  const { verdict, policy, methods = [], maxAgeMs, maxIdleMs } = decision;
  if (verdict === 'sign-in' && hasEnded) return 'their session has ended, and they sign in anew';
  if (verdict === 'sign-in' && (maxAgeMs ?? maxIdleMs) !== undefined)
    return 'they signed in too long ago, or were away since, and sign in anew';
  if (verdict === 'sign-in') return 'nobody has signed in, and somebody could be let in who did';
  if (verdict === 'step-up') return `they could be let in with ${methods.join(' or ')}`;
  if (policy === undefined) return 'no policy lets it in';
  if (verdict === 'denied') return `blocked by ${policy}`;
  return need ? `${policy} lets in who shows a factor beside` : `${verdict} by ${policy}`;
}

const describeNeed = ({ methods, every }: Requirement): string =>
  `${methods.join(' or ')}, ${every === 0 ? 'for each page anew' : `every ${formatMinutes(every)}`}`;

const formatMinutes = (ms: number): string => (ms % HOUR_MS === 0 ? `${ms / HOUR_MS}h` : `${Math.round(ms / 60_000)}m`);
const HOUR_MS = 3_600_000;

function describePolicy({ name, action, place, isCovered, outcome, selectors }: ExplainedPolicy): string[] {
  const note =
    place === undefined ? 'not for this path' : isCovered ? 'another one is for a longer path' : word(outcome);
  return [
    `policy ${name} (${action}): ${note}`,
    ...(place === undefined || isCovered
      ? []
      : selectors.map(({ part, text: selector, outcome: own }) => `         ${part} ${selector}  ${word(own)}`)),
  ];
}
