// The applications of a configuration, and which of them a request is for: its host first, then the
// longest path.

import { Refusal } from './answers/kinds.ts';
import type { AppConfig } from './config/schema.ts';
import { type Place as Folder, placeOf, type Reader, readersOf } from './identity/policies/places.ts';
import type { Policies } from './identity/policies/policies.ts';
import type { Requirements } from './identity/policies/requirement.ts';
import type { SessionRules } from './identity/sessions/session.ts';
import type { PreparedLimit } from './limits/prepared-limit.ts';
import type { LoginSet } from './login/login-set.ts';
import type { PasswordChanges, SessionGuard } from './login/sessions.ts';
import type { RuleSet } from './phases/rules/prepared-rule.ts';
import type { HoldRules } from './quarantine/hold-rules.ts';
import type { RequestHead } from './request/head.ts';
import { isOwnPath } from './request/own-path.ts';
import { canonicalPath, isAmbiguous, isCanonicalUnique, type PathOptions, readingsOf } from './request/path.ts';
import type { SetNames } from './request/set-names.ts';
import type { Origin } from './upstream/origin.ts';

export interface Application {
  /** As in the configuration. */
  readonly name: string;
  readonly config: AppConfig;
  readonly origin: Origin;
  /** Its TLS profile; undefined under plain HTTP. */
  readonly tlsProfile: string | undefined;
  /** Its host has no door without a client certificate. */
  readonly needsCertificate: boolean;
  /** Its policies depend on client certificates. */
  readonly judgesCertificates: boolean;
  /** Who may reach it; undefined if everybody may. */
  readonly access: Policies | undefined;
  /** What people show beside signing in; undefined if nothing is asked. */
  readonly factors: Requirements | undefined;
  /** What it asks of sessions of people; undefined where nobody signs in. */
  readonly sessionRules: SessionRules | undefined;
  /** Where cookies tell a session. */
  readonly sessions: SessionGuard | undefined;
  /** Where logins can be held back. */
  readonly hold: HoldRules | undefined;
  /** Undefined where no such request is known. */
  readonly passwordChanges: PasswordChanges | undefined;
  /** Logins are checked: none of its sessions begins without one. */
  readonly guardsSessions: boolean;
  /** Those of all applications, then its own. */
  readonly rules: RuleSet;
  readonly logins: LoginSet;
  /** Of logins. */
  readonly limits: readonly PreparedLimit[];
  /** Reserved names that clients may send to it, by letters and digits. */
  readonly kept: ReadonlySet<string>;
  /** What the gateway alone may say to it. */
  readonly setNames: SetNames;
}

interface Place {
  /** Without a slash at its end; empty for the whole host. */
  readonly prefix: string;
  readonly folder: Folder;
  readonly application: Application;
}

/** The applications of one host, longest path first. */
type Host = readonly Place[];

export interface Found {
  readonly application: Application;
  /** The paths that its server may take the path for, the path as it came first. */
  readonly readings: readonly string[];
}

/** An immutable table: a new configuration is a new one. */
export class Applications {
  readonly #named: ReadonlyMap<string, Application>;
  readonly #exact = new Map<string, Host>();
  readonly #wildcards = new Map<string, Host>();
  readonly #fallback: Host | undefined;

  constructor(applications: readonly Application[]) {
    this.#named = new Map(applications.map((application) => [application.name, application]));
    const hosts = Map.groupBy(applications, ({ name }) => splitName(name).host);
    for (const [host, group] of hosts) {
      const places = group
        .map((application) => ({ ...splitName(application.name), application }))
        .map((place) => ({ ...place, folder: placeOf(place.prefix) }))
        .sort((a, b) => b.prefix.length - a.prefix.length);
      if (host === '*') this.#fallback = places;
      else if (host.startsWith('*.')) this.#wildcards.set(host.slice(2), places);
      else this.#exact.set(host, places);
    }
  }

  /**
   * The application of a request.
   * @throws Refusal `HOST_UNKNOWN`; `PATH_AMBIGUOUS` if readings lead to different ones
   */
  find({ host, path }: Pick<RequestHead, 'host' | 'path'>): Found {
    const places = this.#placesOf(host);
    const [only] = places;
    if (only && places.length === 1 && only.prefix === '')
      return { application: only.application, readings: readings(path, only.application.config) };
    const all = readings(path, { origin: places.some(isOnWindows) ? 'windows' : 'unix' });
    const found = new Set(all.map((reading) => places.find(({ prefix }) => isBelow(reading, prefix))?.application));
    // The gateway's own paths are at every host, whatever applications lie below others.
    const [application = isOwnPath(path) ? places[0]?.application : undefined] = found;
    if (found.size > 1 || mayMeanClosed(places, all, application)) throw new Refusal('PATH_AMBIGUOUS');
    if (!application) throw new Refusal('HOST_UNKNOWN');
    return { application, readings: all };
  }

  /** In the order of the configuration. */
  all(): Iterable<Application> {
    return this.#named.values();
  }

  /** By its name in the configuration. */
  named(name: string): Application | undefined {
    return this.#named.get(name);
  }

  /** The TLS profile of a host: one host has one, whatever its paths. */
  profileOf(host: string): string | undefined {
    return this.#lookUp(host)?.[0]?.application.tlsProfile;
  }

  /** The hosts of a profile by name, as far as names are known. */
  hostsOf(profile: string | undefined): readonly string[] {
    return [...this.#exact].filter(([, [first]]) => first?.application.tlsProfile === profile).map(([host]) => host);
  }

  #placesOf(host: string): Host {
    const places = this.#lookUp(host);
    if (!places) throw new Refusal('HOST_UNKNOWN');
    return places;
  }

  #lookUp(host: string): Host | undefined {
    const exact = this.#exact.get(host);
    if (exact || this.#wildcards.size === 0) return exact ?? this.#fallback;
    // The closest one: `*.b.example` before `*.example`.
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const wildcard = this.#wildcards.get(host.slice(dot + 1));
      if (wildcard) return wildcard;
    }
    return this.#fallback;
  }
}

const isOnWindows = ({ application }: Place): boolean => application.config.origin === 'windows';

/** @throws Refusal `PATH_AMBIGUOUS` for a path with more readings than can be judged */
function readings(path: string, options: PathOptions): readonly string[] {
  const all = readingsOf(path, options);
  if (!all) throw new Refusal('PATH_AMBIGUOUS');
  return all;
}

function splitName(name: string): { readonly host: string; readonly prefix: string } {
  const slash = name.indexOf('/');
  if (slash < 0) return { host: name, prefix: '' };
  const prefix = name.slice(slash);
  return { host: name.slice(0, slash), prefix: prefix.endsWith('/') ? prefix.slice(0, -1) : prefix };
}

/** Whole segments: `/wiki` holds `/wiki/x` and not `/wikipedia`. */
const isBelow = (path: string, prefix: string): boolean =>
  path.startsWith(prefix) && (path.length === prefix.length || prefix === '' || path[prefix.length] === '/');

/** Whether a router may take the path for one of another application, which has `access`. */
function mayMeanClosed(places: Host, paths: readonly string[], found: Application | undefined): boolean {
  if (!places.some(({ application }) => application.access && application !== found)) return false;
  const read = (isIn: Reader) => places.find(({ folder }) => isIn(folder))?.application;
  const meant = paths.flatMap((path) => readersOf(path, false).map(read));
  return meant.some((application) => application?.access && application !== found);
}

/** What becomes of a path by the application's key `path`. */
export type PathVerdict = { readonly path: string } | { readonly redirect: string };

/** @throws Refusal `PATH_AMBIGUOUS` */
export function judgePath(
  { path, method }: RequestHead,
  { application: { config }, readings: all }: Found,
): PathVerdict {
  if (config.path === 'as-is' || !isAmbiguous(all)) return { path };
  if (!isCanonicalUnique(path, config)) throw new Refusal('PATH_AMBIGUOUS');
  const canonical = canonicalPath(path);
  if (config.path === 'normalize') return { path: canonical };
  if (method !== 'GET' && method !== 'HEAD') throw new Refusal('PATH_AMBIGUOUS');
  return { redirect: canonical };
}
