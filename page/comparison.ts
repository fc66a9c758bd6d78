// What other methods would have sent for this credential. Computed here, sent nowhere.

import { sha1 } from '@noble/hashes/legacy.js';
import type { Credential } from '../client-sdk/verdict/inquiry.ts';
import { toHex } from '../protocol/bytes.ts';
import { isTooLong, normalizePassword } from '../protocol/normalize.ts';
import { byId, formatCounted, shorten } from './dom.ts';
import { isPublished } from './exchanges.ts';
import type { Trial } from './trial.ts';

/** Hex digits of the hash in a range URL. */
const RANGE_DIGITS = 5;
const MASK = '•';

const setText = (id: string, text: string): void => {
  byId(id, HTMLElement).textContent = text;
};

/**
 * @param trial undefined if the check itself could not be made
 * @param revealed whether the password may be shown
 */
export function showComparison(credential: Credential, trial: Trial | undefined, revealed: boolean): void {
  if (trial) {
    const asked = trial.exchanges.filter((exchange) => !isPublished(exchange));
    const lines = asked.map(({ method, target, sent }) =>
      sent.length === 0
        ? `${method} ${target}`
        : `${method} ${target}\n+ ${formatCounted(sent.length, 'byte')}: blinded`,
    );
    setText('ours-sent', lines.join('\n'));
    setText('ours-learns', whatWeTell(trial));
  } else {
    setText('ours-sent', 'a few bits of a hash');
    setText('ours-learns', 'The server learns a few bits, which some of the site’s users share.');
  }
  const { username, password } = credential;
  byId('range-kept', HTMLElement).hidden = password === undefined;
  if (password === undefined) {
    setText('range-sent', 'nothing: it cannot check a username');
  } else {
    // Nobody else bounds what is sent.
    const digest = sha1(isTooLong(password) ? new TextEncoder().encode(password) : normalizePassword(password));
    const hex = toHex(digest).toUpperCase();
    const kept = hex.slice(RANGE_DIGITS);
    setText('range-sent', `GET /range/${hex.slice(0, RANGE_DIGITS)}`);
    setText('range-kept', `Keeps the other digits of the SHA-1: ${revealed ? kept : MASK.repeat(8)}`);
  }
  const shown = (text: string): string => (revealed ? shorten(text) : MASK.repeat(8));
  const body = {
    ...(username !== undefined && { username: shorten(username) }),
    ...(password !== undefined && { password: shown(password) }),
  };
  setText('plain-sent', `POST /check\n${JSON.stringify(body, null, 1)}`);
}

function whatWeTell({ published, accountHash, sought }: Trial): string {
  const { account, password } = published.indexes;
  const keyed = published.suite === 'hmac' ? 'a keyed hash' : 'a hash';
  const parts: string[] = [];
  if (account && accountHash !== undefined)
    parts.push(`${formatCounted(account.prefixBits, 'bit')} of ${keyed} of the username`);
  if (password && sought.some(({ signal }) => signal === 'password'))
    parts.push(`${formatCounted(password.prefixBits, 'bit')} of the password’s keyed output`);
  if (parts.length === 0) return 'Nothing was requested, so the server learns nothing.';
  if ((account?.prefixBits ?? 0) + (password?.prefixBits ?? 0) === 0)
    return 'The server learns that a check was made: this dataset is so small that everyone gets all of it.';
  return `The server learns ${parts.join(' and ')}: buckets that many share.`;
}
