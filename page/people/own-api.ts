// What pages of the gateway's own host ask it, and the browser's authenticators.

/** An answer that says no. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

let token = '';
/** Comes with what a page reads first, and changes with the session. */
export const setToken = (value: string): void => {
  token = value;
};

/** @throws Refused */
export async function get<Answer>(path: string): Promise<Answer> {
  return read(await fetch(path, { headers: { Accept: 'application/json' } }));
}

/** @throws Refused */
export async function post<Answer>(path: string, body: object): Promise<Answer> {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json', 'X-Credveil-Token': token };
  return read(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function read<Answer>(response: Response): Promise<Answer> {
  const body: unknown = await response.json().catch(() => ({}));
  if (response.ok) return body as Answer;
  const { code = '', detail = '', hint = '' } = body as { code?: string; detail?: string; hint?: string };
  throw new Refused(code, detail === '' ? 'The gateway does not answer. Try again.' : `${detail} ${hint}`);
}

/** Binary members are in base64url there: WebAuthn Level 3 §5.1. */
export interface KeyOptions {
  readonly challenge: string;
  readonly user?: { readonly id: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** Has an authenticator make a key. @throws DOMException if the person gives up */
export async function createKey(options: KeyOptions): Promise<object> {
  const made = await navigator.credentials.create({ publicKey: decoded(options) as never });
  return responseOf(made as PublicKeyCredential);
}

/** Has an authenticator sign. @throws DOMException if the person gives up */
export async function useKey(options: KeyOptions): Promise<object> {
  const used = await navigator.credentials.get({ publicKey: decoded(options) as never });
  return responseOf(used as PublicKeyCredential);
}

function decoded(options: KeyOptions): object {
  const { challenge, user, excludeCredentials, allowCredentials } = options;
  const withId = <Named extends { readonly id: string }>(named: Named) => ({ ...named, id: bytesOf(named.id) });
  return {
    ...options,
    challenge: bytesOf(challenge),
    ...(user && { user: withId(user) }),
    ...(excludeCredentials && { excludeCredentials: excludeCredentials.map(withId) }),
    ...(allowCredentials && { allowCredentials: allowCredentials.map(withId) }),
  };
}

function responseOf({ id, rawId, type, response }: PublicKeyCredential): object {
  const given = response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const { clientDataJSON, attestationObject, authenticatorData, signature, userHandle } = given;
  const shared = { id, rawId: textOf(rawId), type, clientExtensionResults: {} };
  const client = { clientDataJSON: textOf(clientDataJSON) };
  if (attestationObject) {
    const transports = typeof given.getTransports === 'function' ? given.getTransports() : [];
    return { ...shared, response: { ...client, attestationObject: textOf(attestationObject), transports } };
  }
  return {
    ...shared,
    response: {
      ...client,
      authenticatorData: textOf(authenticatorData),
      signature: textOf(signature),
      ...(userHandle && { userHandle: textOf(userHandle) }),
    },
  };
}

function bytesOf(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function textOf(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
