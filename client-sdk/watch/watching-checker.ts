// @credveil/client/watch: a checker whose verdicts also make watch tags. PROTOCOL.md §19.
//
// A tag has the entries of the pairs that a check asked about, sealed to an offline key. The
// application keeps one for each account, and `credveil watch open` compares them with new leaks.

import { x25519 } from '@noble/curves/ed25519.js';
import type { PrfOutput, WatchPublicKey } from '../../protocol/brands.ts';
import { createKeySchedule } from '../../protocol/watch/hpke.ts';
import { parseWatchPublicKey, watchKeyId } from '../../protocol/watch/watch-key.ts';
import { dayOf, encodeWatchedPairs, formatWatchTag, watchAad, watchInfo } from '../../protocol/watch/watch-tag.ts';
import { createLeakChecker, type LeakChecker } from '../checker.ts';
import { LookupError } from '../errors.ts';
import { malformed, parseKey } from '../option-values.ts';
import type { LeakCheckerOptions } from '../options.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import type { Question } from '../verdict/inquiry.ts';
import type { Inquiries, Watch } from './watched.ts';

/**
 * Options of a checker that makes watch tags: those of any checker, and the watch key.
 * @example
 * ```ts
 * import { createWatchingChecker, type WatchingOptions } from '@credveil/client/watch';
 *
 * const options: WatchingOptions = { url, key, watchKey };
 * await createWatchingChecker(options).ready();
 * ```
 */
export type WatchingOptions = LeakCheckerOptions & {
  /** The public line that `credveil watch keygen` printed. */
  readonly watchKey: string;
};

/**
 * Creates a checker as `createLeakChecker` does, whose verdicts have `watchTag` if each pair of a
 * username and the password was answered. A tag costs no request. Keep it beside the account, in
 * place of the one before.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`
 * @example
 * ```ts
 * import { createWatchingChecker } from '@credveil/client/watch';
 *
 * const leaks = createWatchingChecker({ url, key, watchKey });
 *
 * // Once the password has been verified:
 * const { watchTag } = await leaks.check({ username, password });
 * const tag = await watchTag?.('account-7');
 * console.log(tag?.length); // 415
 * ```
 */
export function createWatchingChecker(options: WatchingOptions): LeakChecker {
  const { watchKey, ...others } = options;
  if (globalThis.crypto?.subtle === undefined)
    throw malformed('watchKey', 'this platform has no crypto.subtle', 'Create the checker in a server process.');
  return createLeakChecker(others as LeakCheckerOptions, createWatch(parseKey(parseUsableKey, watchKey)));
}

/** @throws ProtocolError, also for a key that leads to the zero secret of RFC 7748 §6.1 */
function parseUsableKey(text: string): WatchPublicKey {
  const publicKey = parseWatchPublicKey(text);
  try {
    x25519.getSharedSecret(x25519.utils.randomSecretKey(), publicKey);
  } catch (cause) {
    throw new LookupError('KEY_MALFORMED', 'watch key: not a point of X25519', 'Pass the line that was printed.', {
      cause,
    });
  }
  return publicKey;
}

function createWatch(recipient: WatchPublicKey): Watch {
  return (inquiries, snapshot) => {
    const outputs: PrfOutput[] = [];
    const heard = listen(inquiries, (output) => outputs.push(output));
    return {
      inquiries: heard.inquiries,
      conclude: (answers) => {
        // Less than all pairs would not be told from all of them.
        const isWhole = heard.pairs > 0 && outputs.length === heard.pairs;
        if (!isWhole || answers.some(({ pair }) => pair.result === 'unknown')) return undefined;
        return { watchTag: (account) => sealTag(recipient, snapshot, outputs, account) };
      },
    };
  };
}

/** The same inquiries, whose pairs tell their outputs, and how many there are. */
function listen(
  inquiries: Inquiries,
  onOutput: (output: PrfOutput) => void,
): { readonly inquiries: Inquiries; readonly pairs: number } {
  let pairs = 0;
  const hear = (question: Question): Question => {
    if (question.signal !== 'pair' || question.settled) return question;
    pairs++;
    return { ...question, onOutput };
  };
  const heard = inquiries.map((asked) =>
    asked.map((inquiry) =>
      inquiry.index === 'account' ? { ...inquiry, questions: inquiry.questions.map(hear) } : inquiry,
    ),
  );
  return { inquiries: heard, pairs };
}

/** An integer as a table shows it. Others have no text that is sure to be that of the table. */
function textOf(account: unknown): string | undefined {
  if (typeof account === 'string') return account;
  return typeof account === 'bigint' || Number.isSafeInteger(account) ? String(account) : undefined;
}

/** @throws LookupError `ARGUMENT_MALFORMED` */
async function sealTag(
  recipient: WatchPublicKey,
  { dataset, keyId }: Snapshot,
  outputs: readonly PrfOutput[],
  account: string | number | bigint,
): Promise<string> {
  const id = textOf(account);
  const additionalData = id === undefined ? undefined : watchAad(id);
  if (additionalData === undefined)
    throw new LookupError(
      'ARGUMENT_MALFORMED',
      'the account of a watch tag is neither a text of 1 to 1024 bytes nor a safe integer',
      'Pass the id that `credveil watch open` is to report, as text.',
    );
  const ephemeral = x25519.utils.randomSecretKey();
  const enc = x25519.getPublicKey(ephemeral);
  const info = watchInfo({ dataset, keyId });
  const { key, nonce } = createKeySchedule(recipient, info)(x25519.getSharedSecret(ephemeral, recipient), enc);
  const { subtle } = globalThis.crypto;
  const aesKey = await subtle.importKey('raw', key.slice(), 'AES-GCM', false, ['encrypt']);
  const pairs = encodeWatchedPairs(dayOf(Date.now()), outputs);
  const gcm = { name: 'AES-GCM', iv: nonce.slice(), additionalData: additionalData.slice() };
  const sealed = new Uint8Array(await subtle.encrypt(gcm, aesKey, pairs.slice()));
  return formatWatchTag({ watchKey: watchKeyId(recipient), dataset, keyId, enc, sealed });
}
