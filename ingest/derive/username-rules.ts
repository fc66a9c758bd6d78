// Applies a dataset's rules for usernames before records are derived. PROTOCOL.md §2.

import type { NormalizedUsername } from '../../protocol/brands.ts';
import type { UsernameRule } from '../../protocol/normalize.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import type { Deriver } from './deriver.ts';
import { lowerCase } from './hmac-deriver.ts';

/** Wraps `deriver`; without rules, it is returned as it is. */
export function withUsernameRules(deriver: Deriver, rules: readonly UsernameRule[] = []): Deriver {
  if (rules.length === 0) return deriver;
  const rewrite = createUsernameRewrite(rules);
  return {
    addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      if (usernameFrom < 0) return deriver.addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times);
      const username = bytes.slice(usernameFrom, usernameTo);
      lowerCase(username, 0, username.length, username);
      deriver.add(rewrite(username as NormalizedUsername), bytes.slice(passwordFrom, passwordTo), times);
    },
    add: (username, password, times) =>
      deriver.add(username && rewrite(username as NormalizedUsername), password, times),
    ...(deriver.seeName && { seeName: (username) => deriver.seeName?.(rewrite(username)) }),
    flush: () => deriver.flush(),
  };
}
