// One step of a user's factors: read, judged and written in one turn of the event loop, so that
// nothing comes between, and answered once it is on the disk.

import type { SqliteState } from '../state/sqlite-state.ts';
import type { Factor, UserId } from './factor.ts';
import type { FactorChange } from './factor-messages.ts';
import {
  afterRestore,
  type FactorSeal,
  formatUser,
  newUser,
  parseUser,
  type StoredFactor,
  type UserRecord,
  type WaitingCode,
} from './user-record.ts';

export const FACTOR_ROOM = 'factor';
export const USERS = 'user.';
/** Of a code, and of codes in a row. */
export const TRIES = 5;

/** What a step leaves behind, and answers. */
export interface Step<Answer> {
  readonly answer: Answer;
  /** Undefined: nothing changes. */
  readonly record?: UserRecord;
  readonly tell?: FactorChange;
  /** Of WebAuthn, that is enrolled now, or nowhere any more. */
  readonly adds?: string;
  readonly drops?: readonly string[];
}

export interface UserStore {
  readonly state: SqliteState;
  readonly seal: FactorSeal;
  /** Tells the person. */
  readonly onChange: (user: UserId, change: FactorChange) => void;
  /** They are nobody's any more: sessions forget them, and what their owner was asked is over. */
  readonly onRemoved: (user: UserId, factors: readonly string[]) => Promise<void>;
}

export type TakeStep<Answer> = (
  record: UserRecord,
  now: number,
  isEnrolled: (credential: string) => boolean,
) => Step<Answer>;

/** Reads, judges and writes in one turn: nothing comes between. @throws StateError */
export async function changeUser<Answer>(
  { state, seal, onChange }: UserStore,
  user: UserId,
  now: number,
  take: TakeStep<Answer>,
): Promise<Answer> {
  const key = keyOf(seal, user);
  const { restoredAt } = state;
  const before = readUser(state, seal, key) ?? newUser(user);
  const isEnrolled = (id: string): boolean => state.read(FACTOR_ROOM, credentialKey(seal, id)) !== undefined;
  const { answer, record, tell, adds, drops = [] } = take(before, now, isEnrolled);
  if (record)
    await state.keep(FACTOR_ROOM, [
      { key, value: seal.close(key, formatUser({ ...record, restoredAt })) },
      ...(adds === undefined ? [] : [{ key: credentialKey(seal, adds), value: '' }]),
      ...drops.map((id) => ({ key: credentialKey(seal, id), value: undefined })),
    ]);
  if (tell) onChange(user, tell);
  return answer;
}

export function readUser(state: SqliteState, seal: FactorSeal, key: string): UserRecord | undefined {
  const entry = state.read(FACTOR_ROOM, key);
  return entry && openUser(state, seal, entry);
}

export function openUser(
  { restoredAt }: Pick<SqliteState, 'restoredAt'>,
  seal: FactorSeal,
  { key, value }: { readonly key: string; readonly value: string },
): UserRecord {
  const record = parseUser(seal.open(key, value));
  return (record.restoredAt ?? 0) < restoredAt ? afterRestore(record, restoredAt) : record;
}

export const keyOf = (seal: FactorSeal, user: UserId): string => `${USERS}${seal.nameOf('user', user)}`;
const credentialKey = (seal: FactorSeal, id: string): string => `credential.${seal.nameOf('credential', id)}`;

/**
 * What is left of a user without some factors. Whoever used a recovery code enrols nothing any
 * more; where the operator takes something away, nobody with a code of before does either.
 */
export function removal<Answer>(
  record: UserRecord,
  gone: readonly StoredFactor[],
  by: 'owner' | 'operator',
  answer: Answer,
): Step<Answer> {
  const factors = record.factors.filter((each) => !gone.includes(each));
  const [first] = gone;
  const { code, mailed, ...rest } = record;
  const kept = by === 'operator' ? rest : record;
  return {
    answer,
    // Recovery codes stand for a factor that is missing, and not for none.
    record: { ...kept, factors, recovered: [], ...(factors.length === 0 && { recovery: [] }) },
    ...(first && {
      tell: { change: 'removed', method: first.method, name: gone.map(({ name }) => name).join(', '), by },
    }),
    drops: gone.flatMap(({ key }) => (key ? [key.id] : [])),
  };
}

export const publicOf = ({ id, method, name, createdAt, lastUsedAt, trustedFrom, key }: StoredFactor): Factor => ({
  ...{ id, method, name, createdAt, lastUsedAt, trustedFrom },
  ...(key && { aaguid: key.aaguid }),
});

export const withFactor = (record: UserRecord, factor: StoredFactor): UserRecord => ({
  ...record,
  factors: record.factors.map((each) => (each.id === factor.id ? factor : each)),
});

export const isWaiting = (code: WaitingCode | undefined, now: number): code is WaitingCode =>
  code !== undefined && now < code.until && code.wrong < TRIES;
