// Every field that a rule can name: its type, and since when a request has it.

import type { Type } from './types.ts';

export interface FieldDefinition {
  readonly type: Type;
  /** Rules that run before the response exists cannot read fields of it. */
  readonly phase: 'request' | 'response';
  /** What computes the field, where this version does not. */
  readonly needs?: Feature;
  /** It may hold a password: only the expressions of logins read it, and no event shows it. */
  readonly isSecret?: true;
  /** It has no others. */
  readonly values?: readonly string[];
  /** Keys of the map are in lower case. */
  readonly hasLowerCaseKeys?: true;
}

/** For an error: "needs bot scores, which this version does not compute". */
export type Feature = 'bot scores' | 'leak verdicts' | 'network counters' | 'identities' | 'devices';

const of = <const T extends Type>(type: T) => ({ type, phase: 'request' }) as const;
const ofResponse = <const T extends Type>(type: T) => ({ type, phase: 'response' }) as const;
const secret = <const T extends Type>(type: T) => ({ type, phase: 'request', isSecret: true }) as const;
const later = <const T extends Type>(type: T, needs: Feature) => ({ type, phase: 'request', needs }) as const;

export const FIELDS = {
  'http.host': of('Bytes'),
  'http.request.method': of('Bytes'),
  'http.request.uri': of('Bytes'),
  'http.request.uri.path': of('Bytes'),
  'http.request.uri.query': of('Bytes'),
  'http.request.uri.args': of('Map<Array<Bytes>>'),
  'http.request.uri.args.names': of('Array<Bytes>'),
  'http.request.uri.args.values': of('Array<Bytes>'),
  'http.request.full_uri': of('Bytes'),
  'http.request.version': of('Bytes'),
  'http.request.timestamp.sec': of('Int'),
  'http.user_agent': of('Bytes'),
  'http.referer': of('Bytes'),
  'http.cookie': of('Bytes'),
  'http.request.cookies': of('Map<Array<Bytes>>'),
  'http.request.headers': { ...of('Map<Array<Bytes>>'), hasLowerCaseKeys: true },
  'http.request.headers.names': of('Array<Bytes>'),
  'http.request.headers.values': of('Array<Bytes>'),
  'http.request.body.size': of('Int'),
  'http.request.body.mime': of('Bytes'),
  'http.request.body.raw': secret('Bytes'),
  'http.request.body.truncated': secret('Bool'),
  'http.request.body.form': secret('Map<Array<Bytes>>'),
  'http.request.body.form.names': secret('Array<Bytes>'),
  'http.request.body.form.values': secret('Array<Bytes>'),
  'http.request.body.multipart': secret('Map<Array<Bytes>>'),
  'http.request.body.multipart.names': secret('Array<Bytes>'),
  'http.request.body.multipart.values': secret('Array<Bytes>'),
  'credveil.basic.username': secret('Bytes'),
  'credveil.basic.password': secret('Bytes'),
  'credveil.xmlrpc.method': secret('Bytes'),
  'credveil.xmlrpc.params': secret('Array<Bytes>'),
  'http.response.code': ofResponse('Int'),
  'http.response.headers': { ...ofResponse('Map<Array<Bytes>>'), hasLowerCaseKeys: true },
  'credveil.response.cookies': ofResponse('Map<Array<Bytes>>'),
  'credveil.response.cookies.names': ofResponse('Array<Bytes>'),
  'credveil.response.cookies.new': ofResponse('Array<Bytes>'),
  'credveil.response.cookies.renewed': ofResponse('Array<Bytes>'),
  'credveil.response.location': ofResponse('Bytes'),
  'credveil.response.leads_back': ofResponse('Bool'),
  'credveil.response.body': ofResponse('Bytes'),
  'ip.src': of('Ip'),
  'ip.src.country': of('Bytes'),
  'ip.src.asnum': of('Int'),
  ssl: of('Bool'),
  'cf.tls_version': of('Bytes'),
  'cf.tls_client_auth.cert_verified': of('Bool'),
  'cf.tls_client_auth.cert_serial': of('Bytes'),
  'cf.tls_client_auth.cert_fingerprint_sha256': of('Bytes'),
  'cf.bot_management.score': later('Int', 'bot scores'),
  'cf.bot_management.verified_bot': later('Bool', 'bot scores'),
  'cf.bot_management.ja4': later('Bytes', 'bot scores'),
  'cf.bot_management.detection_ids': later('Array<Int>', 'bot scores'),
  'cf.waf.auth_detected': of('Bool'),
  'cf.waf.credential_check.username_and_password_leaked': later('Bool', 'leak verdicts'),
  'cf.waf.credential_check.username_leaked': later('Bool', 'leak verdicts'),
  'cf.waf.credential_check.username_password_similar': later('Bool', 'leak verdicts'),
  'cf.waf.credential_check.password_leaked': later('Bool', 'leak verdicts'),
  'credveil.login.detected': of('Bool'),
  'credveil.login.outcome': { ...ofResponse('Bytes'), values: ['success', 'failure', 'unknown'] },
  'credveil.login.app': of('Bytes'),
  'credveil.bot.reasons': later('Array<Bytes>', 'bot scores'),
  'credveil.network.attempts': later('Int', 'network counters'),
  'credveil.network.failures': later('Int', 'network counters'),
  'credveil.network.usernames': later('Int', 'network counters'),
  'credveil.network.leaked_share': later('Int', 'network counters'),
  'credveil.identity.email': later('Bytes', 'identities'),
  'credveil.identity.groups': later('Array<Bytes>', 'identities'),
  'credveil.identity.factors': later('Array<Bytes>', 'identities'),
  'credveil.identity.factor_age': later('Int', 'identities'),
  'credveil.device.known': later('Bool', 'devices'),
  'credveil.device.serial': later('Bytes', 'devices'),
} as const satisfies { readonly [name: string]: FieldDefinition };

export type FieldName = keyof typeof FIELDS;

export const fieldOf = (name: string): FieldDefinition | undefined =>
  Object.hasOwn(FIELDS, name) ? FIELDS[name as FieldName] : undefined;
