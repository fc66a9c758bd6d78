// Factors of people in a state of the test.

import { createSecretKey } from 'node:crypto';
import type { KeyCredential, UserId } from '../../../../gateway/factors/factor.ts';
import { FactorAdmin } from '../../../../gateway/factors/factor-admin.ts';
import { FactorBook, type FactorRules } from '../../../../gateway/factors/factor-book.ts';
import type { FactorChange } from '../../../../gateway/factors/factor-messages.ts';
import { stepAt, totpOf } from '../../../../gateway/factors/totp.ts';
import { FactorSeal } from '../../../../gateway/factors/user-record.ts';
import type { SqliteState } from '../../../../gateway/state/sqlite-state.ts';
import { createStillClock, openTestState } from '../state/states.ts';

export const SEAL = new FactorSeal({
  seal: createSecretKey(Buffer.alloc(32, 7)),
  names: createSecretKey(Buffer.alloc(32, 8)),
});

export function factorsOver(state: SqliteState, rules: Partial<FactorRules> = {}, start?: number) {
  const told: (FactorChange & { readonly user: UserId })[] = [];
  const mails: { readonly user: UserId; readonly code: string }[] = [];
  const removed: string[] = [];
  const forgotten: UserId[] = [];
  const { clock: now, pass } = createStillClock(start);
  const shared = {
    state,
    seal: SEAL,
    now,
    onChange: (user: UserId, change: FactorChange) => void told.push({ ...change, user }),
    onRemoved: async (_: UserId, factors: readonly string[]) => void removed.push(...factors),
  };
  const book = new FactorBook({
    ...shared,
    rules: () => ({ windowMs: 0, byMail: false, issuer: 'auth.example', ...rules }),
    mail: (user, code) => void mails.push({ user, code }),
  });
  return {
    book,
    admin: new FactorAdmin({ ...shared, onForgotten: async (user) => void forgotten.push(user) }),
    told,
    mails,
    removed,
    forgotten,
    now,
    pass,
  };
}

/** In a state of its own. */
export const openBook = (rules?: Partial<FactorRules>) => factorsOver(openTestState().state, rules);

type Opened = ReturnType<typeof factorsOver>;

export function keyCredential(id: string): KeyCredential {
  return { id, publicKey: 'a2V5', counter: 0, transports: ['usb'], aaguid: '00000000-0000-0000-0000-000000000000' };
}

/** What an app shows for a secret in Base32. */
export const appCode = (secret: string, now: number): string => totpOf(fromBase32(secret), stepAt(now));

export function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** With a code of an administrator. @returns the secret of the app, and the factor */
export async function enrolTotp({ book, admin, now, pass }: Opened, user: UserId) {
  const { secret, pending } = await book.drawTotp(user);
  const checked = await book.checkCode(user, await admin.makeCode(user));
  if (!('authority' in checked)) throw new Error('the code is not taken');
  const factor = { method: 'totp', name: 'telephone', pending, code: appCode(secret, now()) } as const;
  const answer = await book.enrol({ user, authority: checked.authority, factor });
  if (!('factor' in answer)) throw new Error(answer.refused);
  // Of the same step, no second code counts.
  pass(30_000);
  return { secret, factor: answer.factor };
}
