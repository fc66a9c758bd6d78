// The request that another proxy asks about, from the headers of its question.

import type { IncomingMessage } from 'node:http';
import { Refusal } from '../answers/kinds.ts';
import { clientCertHeaders } from '../devices/header/client-cert.ts';
import { headerValues } from '../header-pairs.ts';
import { tokenHeaders } from '../identity/tokens/service-tokens.ts';
import { type HeadRules, type RequestHead, readHead } from '../request/head.ts';

/** How the proxy asks. */
export const FORWARD_AUTH_KINDS = ['nginx', 'caddy', 'traefik', 'envoy'] as const;
export type ForwardAuthKind = (typeof FORWARD_AUTH_KINDS)[number];

export interface OriginalRequest {
  readonly head: RequestHead;
  /** As the proxy states it. */
  readonly isSecure: boolean;
}

/** What names a request. */
interface Named {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly scheme: string;
}

/**
 * @param question as the proxy sent it
 * @throws Refusal for a question that does not name one request, or a request that is ambiguous
 */
export function originalRequest(question: RequestHead, kind: ForwardAuthKind, rules: HeadRules): OriginalRequest {
  const { method, target, host, scheme } = NAMED[kind](question);
  if (scheme !== 'http' && scheme !== 'https') throw malformed();
  const rawHeaders = ['Host', host, ...question.headers];
  const message = { method, url: target, rawHeaders, httpVersion: '1.1' };
  const head = readHead(message as IncomingMessage, rules);
  const reserved = [...tokenHeaders(question), ...clientCertHeaders(question.reserved)];
  return { head: { ...head, reserved, forwardedFor: question.forwardedFor }, isSecure: scheme === 'https' };
}

const malformed = (): Refusal => new Refusal('REQUEST_MALFORMED', { close: true });

/** The value of a header that only the proxy may have set: once, or the question means nothing. */
function stated({ reserved }: RequestHead, name: string): string {
  const [value, ...others] = headerValues(reserved, name);
  if (value === undefined || others.length > 0) throw malformed();
  return value;
}

const NAMED: { readonly [kind in ForwardAuthKind]: (question: RequestHead) => Named } = {
  /**
   * proxy_set_header of X-Original-Method, and of X-Original-URL as
   * $scheme://$server_name$request_uri.
   */
  nginx: (question) => {
    const [, scheme = '', host = '', target = ''] =
      /^(https?):\/\/([^/?#]+)(\/.*)$/.exec(stated(question, 'x-original-url')) ?? [];
    return { method: stated(question, 'x-original-method'), target, host, scheme };
  },
  caddy: ofForwarded,
  traefik: ofForwarded,
  /** The check has the method, path and host of the request itself. */
  envoy: (question) => ({
    method: question.method,
    target: question.target,
    host: question.authority,
    scheme: stated(question, 'x-forwarded-proto'),
  }),
};

function ofForwarded(question: RequestHead): Named {
  return {
    method: stated(question, 'x-forwarded-method'),
    target: stated(question, 'x-forwarded-uri'),
    host: stated(question, 'x-forwarded-host'),
    scheme: stated(question, 'x-forwarded-proto'),
  };
}
