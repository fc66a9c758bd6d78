// Why a check failed, for the terminal: the cause that the SDK keeps to itself, and hints that name
// options of the command instead of those of the SDK.

import { LookupError } from '../../client-sdk/errors.ts';
import type { UnknownReason } from '../../client-sdk/index.ts';
import { REASONS } from '../../client-sdk/reasons.ts';
import type { DatasetId } from '../../protocol/brands.ts';
import { UsageError } from '../exit.ts';

export interface Explanation {
  readonly code: UnknownReason;
  readonly message: string;
  readonly hint: string;
}

export interface CheckFailures {
  /** The platform's `fetch`, whose failures are kept for `explain`. */
  readonly fetch: typeof fetch;
  explain(reason: UnknownReason): Explanation;
}

export interface CheckPlace {
  /** Of the pinned line. */
  readonly dataset: DatasetId | undefined;
  readonly hasClientKey: boolean;
}

/** What the last requests met. A path may end with a prefix, so that only the origin is kept. */
interface Met {
  failed?: { readonly origin: string; readonly code: string };
  late?: string;
  refused?: { readonly origin: string; readonly status: number; readonly isHead: boolean };
}

export function createCheckFailures(place: CheckPlace): CheckFailures {
  const met: Met = {};
  return {
    fetch: async (input, init) => {
      const { origin, pathname } = new URL(String(input));
      try {
        const response = await fetch(input, init);
        const { status } = response;
        if (status !== 200) met.refused = { origin, status, isHead: pathname.endsWith('/v1/head') };
        return response;
      } catch (error) {
        if (init?.signal?.aborted) met.late = origin;
        else met.failed = { origin, code: codeOf(error) };
        throw error;
      }
    },
    explain(reason) {
      const [message, hint] = REASONS[reason];
      const [detail, ownHint] = explainMet(reason, met, place);
      return { code: reason, message: message + detail, hint: ownHint ?? HINTS[reason] ?? hint };
    },
  };
}

/** The code of the platform: ECONNREFUSED, or what OpenSSL found wrong with a certificate. */
function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown; message?: unknown; errors?: readonly { code?: unknown }[] } };
  const code = cause?.code ?? cause?.errors?.[0]?.code;
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  return MESSAGES[String(cause?.message)] ?? 'the connection broke';
}

/** Of failures without a code. */
const MESSAGES: { readonly [message: string]: string } = {
  'unexpected redirect': 'a redirect',
  'bad port': 'a forbidden port',
};

const NETWORK_HINTS: readonly (readonly [codes: RegExp, hint: string])[] = [
  [/^ECONNREFUSED$/, 'Check the host and port in the URL, and that the server is running.'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'Check the host name in the URL, and the resolver of this machine.'],
  [/^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|EPROTO)/, 'Is the server plain HTTP? Then use http://.'],
  [/^(UND_ERR_SOCKET|ECONNRESET|HPE_)/, 'Does the server speak TLS? Then use https://. Otherwise see its log.'],
  [/^CERT_HAS_EXPIRED$/, 'Renew the certificate of the server, and check the clock of this machine.'],
  [/ALTNAME|HOSTNAME/, 'Use a host name that the certificate of the server contains.'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_/,
    'If a private CA issued the certificate, set NODE_EXTRA_CA_CERTS=ca.pem for this command.',
  ],
  [/^a forbidden port$/, 'Serve on another port: fetch refuses those of other protocols.'],
  [/^a redirect$/, 'Redirects are not followed: give the URL that it leads to.'],
];

const HINTS: { readonly [reason in UnknownReason]?: string } = {
  TIMEOUT: 'Raise --timeout, or check the server and the network path to it.',
  BODY_TOO_LARGE: 'Publish with smaller buckets.',
  PREFIX_TOO_LONG: 'Publish with fewer prefix bits: credveil init --users, or a higher --bucket-floor.',
  CHECK_FAILED: 'Report this together with the version of credveil.',
};

function explainMet(
  reason: UnknownReason,
  { failed, late, refused }: Met,
  { dataset, hasClientKey }: CheckPlace,
): readonly [detail: string, hint?: string | undefined] {
  if (reason === 'NETWORK' && failed)
    return [`: ${failed.code} at ${failed.origin}`, NETWORK_HINTS.find(([codes]) => codes.test(failed.code))?.[1]];
  if (reason === 'TIMEOUT' && late !== undefined) return [`: ${late}`];
  if (reason === 'HTTP_STATUS' && refused) {
    const detail = `: status ${refused.status} at ${refused.origin}`;
    if (refused.status !== 404 || !refused.isHead) return [detail];
    return [detail, 'There is no Credveil service at this URL. Give its base URL, without /v1.'];
  }
  if (reason === 'CLIENT_REFUSED')
    return [
      refused ? `: ${refused.origin}` : '',
      hasClientKey
        ? 'Name the file of a key that `credveil client add` printed for this server. A revoked key stays invalid.'
        : 'Pass --client-key-file with the key that `credveil client add` printed.',
    ];
  if (reason === 'DATASET_MISMATCH')
    return [
      '',
      `Check the URL: further datasets of a server are below it, this one at /d/${dataset ?? '<dataset id>'}. With split roles, pass --buckets-url.`,
    ];
  return [''];
}

const FLAGS: { readonly [option: string]: string } = {
  url: '--url',
  bucketsUrl: '--buckets-url',
  evaluators: '--evaluator',
  timeoutMs: '--timeout',
};

/** Creates a checker from options of the command. @throws UsageError that names the flag */
export function withFlags<Checker>(create: () => Checker): Checker {
  try {
    return create();
  } catch (error) {
    if (!(error instanceof LookupError && error.code === 'OPTION_MALFORMED')) throw error;
    const [, names = '', why = ''] = /^option (\w+(?: or \w+)*): (.*)$/.exec(error.message) ?? [];
    const flags = names.split(' or ').map((name) => FLAGS[name]);
    if (flags.includes(undefined)) throw error;
    const isAddress = names !== 'timeoutMs' && !/twice|together|list/.test(why);
    throw new UsageError(
      `${flags.join(' or ')}: ${why}`,
      isAddress
        ? 'Pass an absolute URL without credentials, query and fragment, such as https://leaks.example.org/.'
        : 'See: credveil check --help',
    );
  }
}
