// An address as a dataset spells it: normalized, and rewritten by the dataset's rules, so that all
// spellings of one person are one username. PROTOCOL.md §2.

import type { NormalizedUsername } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { normalizeUsername } from '../../protocol/normalize.ts';
import { MAX_FIELD_BYTES } from '../../protocol/private-input.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import type { DatasetParameters } from '../dataset-parameters.ts';

/** Throws ProtocolError `FIELD_TOO_LONG`; an empty username stays empty. */
export type SpellUsername = (text: string) => NormalizedUsername;

export function createSpelling({ usernameRules = [] }: DatasetParameters): SpellUsername {
  const rewrite = usernameRules.length > 0 ? createUsernameRewrite(usernameRules) : undefined;
  return (text) => {
    const username = normalizeUsername(text);
    if (username.length > MAX_FIELD_BYTES)
      throw new ProtocolError('FIELD_TOO_LONG', `a username is longer than ${MAX_FIELD_BYTES} bytes`, 'Omit it.');
    return rewrite ? rewrite(username) : username;
  };
}
