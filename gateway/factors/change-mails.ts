// What people are told of their factors, by mail: who reads it did it themselves, or has to act.

import type { EnrolledMethod } from './factor.ts';
import type { FactorChange } from './factor-messages.ts';

const ARTICLES: { readonly [Method in EnrolledMethod]: string } = { security_key: 'A', biometrics: 'A', totp: 'An' };
const METHODS: { readonly [Method in EnrolledMethod]: string } = {
  security_key: 'security key',
  biometrics: 'passkey',
  totp: 'app for codes',
};

/** One sentence. Names are the owner's own words. */
export function sentenceOf(change: FactorChange): string {
  switch (change.change) {
    case 'enrolled':
      return `${ARTICLES[change.method]} ${METHODS[change.method]} was added: ${change.name}.`;
    case 'removed':
      return `${change.by === 'operator' ? 'An administrator removed' : 'You removed'}: ${change.name}.`;
    case 'renamed':
      return `The ${METHODS[change.method]} ${change.before} is called ${change.name} now.`;
    case 'recovery-drawn':
      return 'New recovery codes were made. Those of before are worth nothing.';
    case 'recovery-used':
      return `A recovery code was used. ${change.left} ${change.left === 1 ? 'is' : 'are'} left.`;
    case 'code-made':
      return 'An administrator made a code with which you can add a security key, a passkey or an app.';
    case 'guessed':
      return 'Five wrong codes of your app were typed in a row. Whoever did so is signed in as you.';
  }
}

/** Nobody did themselves what an administrator does, and no password of theirs was needed. */
function adviceOn(change: FactorChange): string {
  const isOfOperator = change.change === 'code-made' || (change.change === 'removed' && change.by === 'operator');
  return isOfOperator
    ? 'If you asked for that, do nothing. If not, tell who manages your account now.'
    : 'If that was you, do nothing. If not, tell who manages your account now, and change your password.';
}

export const changeMail = (change: FactorChange, issuer: string) => ({
  subject: `Your sign-in at ${issuer}`,
  text: [sentenceOf(change), '', adviceOn(change), ''].join('\n'),
});

export const codeMail = (code: string, issuer: string) => ({
  subject: `Your code for ${issuer}`,
  text: [
    `Your code is ${code}. With it, a first security key, passkey or app is added to your account.`,
    '',
    'Type it into the page that asks for it. It is good for ten minutes, once.',
    'Nobody asks you for it by telephone or mail. If you did not want it, tell who manages your account.',
    '',
  ].join('\n'),
});
