// An admin page over a gateway that is made up: what its buttons did is recorded.

import { type AdminPage, startAdminPage } from '../../../gateway/admin/page-server.ts';
import type { PageActions } from '../../../gateway/admin/page-state.ts';
import type { UserActions } from '../../../gateway/admin/user-routes.ts';
import type { UserEntry } from '../../../gateway/factors/factor-messages.ts';
import type { SessionEntry } from '../../../gateway/identity/sessions/session-book.ts';
import type { BanEntry } from '../../../gateway/limits/limit-messages.ts';
import { counter } from '../../../runtime/observe/metric.ts';

const LIST = {
  entries: 12_345,
  observed: 3,
  leftOut: 0,
  ageMs: 1_800_000,
  isKnown: true,
  isRefused: false,
  lastError: undefined,
};

const AT = Date.parse('2026-11-29T12:00:00Z');
const SESSIONS: readonly SessionEntry[] = ['ann@example.com', '<b>bo</b>'].map((person, i) => ({
  id: 'ab'[i]?.repeat(43) ?? '',
  provider: 'staff',
  person,
  signedInAt: AT,
  seenAt: AT + 60_000,
  untilMs: AT + 3_600_000,
}));
const TOKENS = [
  { id: '0123456789abcdef01', name: 'backup', createdAt: AT, expiresAt: null },
  { id: '0123456789abcdef02', name: 'deploy', createdAt: AT, expiresAt: AT + 90 * 86_400_000 },
];

/** Two dozen people, of whom three have factors. */
const PEOPLE: readonly UserEntry[] = Array.from({ length: 24 }, (_, i) => ({
  id: String(i).padStart(43, 'p'),
  user: i === 0 ? 'ann@example.com' : `person${i}@example.com`,
  importedAt: AT,
  hadFactor: i < 4,
  factors: [
    ...(i < 3 ? [factorOf(`key-${i}`, 'security_key', 'Blue key')] : []),
    ...(i === 0 ? [factorOf('app-0', 'totp', 'An app on <i>the</i> telephone that is always with me')] : []),
  ],
  recoveryLeft: i === 0 ? 7 : 0,
  codeUntil: i === 2 ? AT + 86_400_000 : null,
}));

function factorOf(id: string, method: 'security_key' | 'totp', name: string) {
  return { id, method, name, createdAt: AT, lastUsedAt: id === 'key-2' ? null : AT, trustedFrom: AT };
}

/** Found as a gateway finds them. */
function madeUsers(done: unknown[]): UserActions {
  let people = PEOPLE;
  const find = (name: string) => people.find(({ user }) => user === name);
  return {
    importUsers: async () => 0,
    page: () => ({ users: people, next: undefined }),
    search: async (text, after) => {
      const start = after === undefined ? 0 : people.findIndex(({ id }) => id === after) + 1;
      const found = people.slice(start).filter(({ user }) => user.includes(text));
      return { users: found.slice(0, 20), next: found.length > 20 ? found[19]?.id : undefined };
    },
    find,
    makeCode: async (user) => {
      done.push(['code', user]);
      return 'k3m9-x7q2-0v5t-r8bd';
    },
    remove: async (user, factor) => {
      done.push(['remove', user, factor]);
      const gone = find(user)?.factors.filter(({ id }) => id === factor) ?? [];
      people = people.map((each) =>
        each.user === user ? { ...each, factors: each.factors.filter(({ id }) => id !== factor) } : each,
      );
      return gone;
    },
    forget: async () => false,
  };
}

export interface MadePage {
  readonly page: AdminPage;
  readonly lifted: unknown[];
  readonly accepted: string[];
  readonly ended: unknown[];
  readonly revoked: string[];
  /** Of people. */
  readonly changed: unknown[];
}

export async function startMadePage(hosts: readonly string[] = []): Promise<MadePage> {
  const lifted: unknown[] = [];
  const accepted: string[] = [];
  const ended: unknown[] = [];
  const revoked: string[] = [];
  const changed: unknown[] = [];
  const users = madeUsers(changed);
  let sessions = SESSIONS;
  let bans: BanEntry[] = [
    { id: 'l.one', app: 'blog.example.com', limit: 'failures by address', network: '192.0.2.7', forMs: 3_000_000 },
    { id: 'l.two', app: 'blog.example.com', limit: 'failures by username', user: 'a1b2c3d4', forMs: 600_000 },
  ];
  const actions: PageActions = {
    status: () => ({
      pid: 1,
      version: '1.2.3',
      startedAt: '2026-11-29T12:00:00.000Z',
      config: { file: 'gateway.yaml', appliedAt: '2026-11-29T12:00:00.000Z', lastReload: undefined },
      urls: ['https://127.0.0.1:443'],
      apps: ['blog.example.com'],
      lists: [
        { ...LIST, name: 'open_proxies' },
        { ...LIST, name: 'vpn', isRefused: true },
      ] as ReturnType<PageActions['status']>['lists'],
    }),
    acceptList: async (name) => accepted.push(name) > 0,
    refreshList: async () => undefined,
    bans: async () => ({ bans, total: bans.length }),
    lift: async (request) => {
      lifted.push(request);
      bans = bans.filter(({ id }) => !('id' in request) || id !== request.id);
      return true;
    },
    sessions: async () => ({ sessions, next: undefined }),
    endSessions: async (request) => {
      ended.push(request);
      const before = sessions.length;
      sessions = sessions.filter(({ id, person }) =>
        'id' in request ? id !== request.id : !('user' in request) || person !== request.user,
      );
      return before - sessions.length;
    },
    tokens: () => TOKENS,
    revokeToken: (id) => {
      revoked.push(id);
      return TOKENS.some((token) => token.id === id);
    },
    users: () => users,
    pageLink: () => undefined,
    failures: () => ({
      windowMs: 3_600_000,
      networks: [{ name: 'n_Vb3uGZ2hZ1mJpQdK', failures: 41 }],
      accounts: [{ name: 'blog.example.com u_0aXcY3rS8tUvWxYz01234w', failures: 12 }],
    }),
    metrics: async () => metrics(),
  };
  const page = await startAdminPage({ address: '127.0.0.1:0', hosts }, actions);
  return { page, lifted, accepted, ended, revoked, changed };
}

function metrics() {
  const labels = { app: 'blog.example.com', login: 'wordpress' };
  return [
    [
      counter('credveil_gateway_logins_total', '', [
        { value: 120, labels: { ...labels, outcome: 'success', verdict: 'clean' } },
        { value: 3, labels: { ...labels, outcome: 'success', verdict: 'pair' } },
        { value: 53, labels: { ...labels, outcome: 'failure', verdict: '' } },
      ]),
      counter('credveil_gateway_limited_total', '', [{ value: 77, labels: { limit: 'failures-address' } }]),
      counter('credveil_gateway_rule_matches_total', '', [
        { value: 9, labels: { rule: 'admin from outside', action: 'block' } },
      ]),
    ],
    [
      counter('credveil_gateway_rule_matches_total', '', [
        { value: 1, labels: { rule: 'admin from outside', action: 'block' } },
      ]),
    ],
  ];
}
