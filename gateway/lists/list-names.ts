// The names of lists, in the configuration and in rules.

/** Of the rule language: `$office`, `$team.vpn`. */
export const LIST_NAME = /^(?=.{1,64}$)[a-z0-9_]+(?:\.[a-z0-9_]+)*$/;

/** Rules that were written for Cloudflare name its managed lists so. */
const MANAGED: ReadonlySet<string> = new Set(['open_proxies', 'anonymizer', 'vpn', 'malware', 'botnetcc']);
const MANAGED_PREFIX = 'cf.';

/** Names that no list of the configuration may have: they would hide a managed one. */
export const isReserved = (name: string): boolean => name.startsWith(MANAGED_PREFIX);

/** The name in the configuration of a list in a rule, without `$`: of `cf.vpn` it is `vpn`. */
export function configuredName(name: string): string {
  const bare = name.slice(MANAGED_PREFIX.length);
  return name.startsWith(MANAGED_PREFIX) && MANAGED.has(bare) ? bare : name;
}
