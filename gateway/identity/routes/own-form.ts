// Forms of the gateway's own pages. What changes something comes from one of them, of the session
// that it is for: another site knows no token, and another session's is not worth anything here.

import { isSameSecret } from '../../../runtime/same-secret.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { isSameOrigin } from '../navigation.ts';
import { type RouteParts, readForm } from './route.ts';

/** The name of the hidden field. */
export const TOKEN_FIELD = 'token';

/** @param id of the session, which changes whenever the session is worth more */
export const formTokenOf = (id: string, { people }: Pick<RouteParts, 'people'>): string =>
  people.store.names.of('form', id);

/** @throws Refusal `FORM_FOREIGN`, `FORM_MALFORMED`; ClientGoneError */
export async function readOwnForm(exchange: Exchange, id: string, parts: RouteParts): Promise<URLSearchParams> {
  if (!isSameOrigin(exchange)) throw new Refusal('FORM_FOREIGN');
  const form = await readForm(exchange);
  const [token, ...others] = form.getAll(TOKEN_FIELD);
  assertToken(others.length === 0 ? token : undefined, id, parts);
  return form;
}

/** @throws Refusal `FORM_FOREIGN` */
export function assertToken(given: string | undefined, id: string, parts: Pick<RouteParts, 'people'>): void {
  if (!isSameSecret(given ?? '', formTokenOf(id, parts))) throw new Refusal('FORM_FOREIGN');
}
