// Which applications a person could open: those whose policies let them in, by who they are, with
// whatever factor, and what else that takes: a device, or another place. The application judges
// each request again.

import type { Application } from '../applications.ts';
import type { Geo } from '../geo/geo.ts';
import type { Person } from '../identity/person.ts';
import { atBest } from '../identity/policies/at-best.ts';
import type { AccessFacts } from '../identity/policies/facts.ts';
import { judgeAccess } from '../identity/policies/policies.ts';
import type { Selector } from '../identity/policies/selectors.ts';

/** What it takes beside who they are. */
export type Need = 'device' | 'place';

/** What selectors ask for that a person may have, or have elsewhere: the least first. */
const CHANCES: readonly { readonly needs: readonly Need[]; readonly open: ReadonlySet<Selector['kind']> }[] = [
  { needs: [], open: new Set(['factor']) },
  { needs: ['device'], open: new Set(['factor', 'certificate', 'device']) },
  { needs: ['place'], open: new Set(['factor', 'address', 'country', 'asn']) },
  { needs: ['device', 'place'], open: new Set(['factor', 'certificate', 'device', 'address', 'country', 'asn']) },
];

/** An application as its person sees it. */
export interface OwnApp {
  readonly label: string;
  /** Where it begins for them. */
  readonly url: string;
  /** What is shown of that beside the label; empty if the label says it. */
  readonly place: string;
  readonly needs: readonly Need[];
}

export interface Visitor extends Pick<AccessFacts, 'address'> {
  readonly person: Person;
  readonly geo?: Geo | undefined;
}

/**
 * In the order of their labels. Those without policies are everybody's, and in no list; of those
 * whose hosts are patterns, the hosts where people sign in.
 * @param own the origin of the gateway's own pages: applications are at the same port
 */
export function ownAppsOf(applications: Iterable<Application>, visitor: Visitor, own: string): readonly OwnApp[] {
  const apps = [...applications].flatMap((application): OwnApp[] => {
    const { sessionRules, config } = application;
    if (!config.access?.launcher) return [];
    const opened = openPathOf(application, visitor);
    if (!opened) return [];
    const { path, needs } = opened;
    const { label } = config.access;
    const hosts = [...(sessionRules?.hosts ?? [])].filter((host) => !host.includes('*'));
    return hosts.map((host) => {
      const url = new URL(own);
      url.hostname = host;
      url.pathname = path;
      const place = url.host + (path === '/' ? '' : path);
      return { label: label ?? place, url: url.href, place: label === undefined ? '' : place, needs };
    });
  });
  return apps.sort((a, b) => a.label.localeCompare(b.label, 'en') || (a.url < b.url ? -1 : 1));
}

/** What people call the applications of a host; undefined for a host of none, or of several. */
export function labelOfHost(applications: Iterable<Application>, host: string): string | undefined {
  const [only, ...others] = [...applications].filter(({ name }) => name.split('/')[0] === host);
  return others.length === 0 ? only?.config.access?.label : undefined;
}

/** The first path that they would be let in at: where it begins, or one that has a policy. */
function openPathOf(
  application: Application,
  { person, address, geo }: Visitor,
): { readonly path: string; readonly needs: readonly Need[] } | undefined {
  const { access, sessionRules, name } = application;
  if (!access) return undefined;
  const slash = name.indexOf('/');
  const start = slash < 0 ? '/' : name.slice(slash);
  const folder = start.endsWith('/') ? start : `${start}/`;
  const below = access.all
    .flatMap(({ places }) => places.map(({ path }) => path))
    .filter((path) => path.startsWith(folder));
  // Of another provider, they would be asked to sign in again.
  const known = sessionRules?.providers.has(person.provider) ? person : undefined;
  const facts: AccessFacts = {
    ...{ person: known, serviceToken: undefined, address, certificate: undefined },
    country: address && geo?.countryOf(address),
    asn: address && geo?.asnOf(address),
  };
  for (const { needs, open } of CHANCES) {
    const policies = atBest(access, open);
    const path = [start, ...below].find((each) => {
      const { verdict } = judgeAccess(policies, facts, [each]);
      return verdict === 'allow' || verdict === 'bypass';
    });
    if (path !== undefined) return { path, needs };
  }
  return undefined;
}
