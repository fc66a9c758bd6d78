// An app for codes, from browsers that run no script: a form for the key of it, and one for its
// first code. Keys and passkeys need script.

import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { addedPage, appPage, enrolPage } from '../../launcher/factor-pages.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import { nameOf } from '../person.ts';
import { BEGIN, begin, FINISH, finish } from './enrol.ts';
import { formOf, pageOf } from './own-apps.ts';
import { formTokenOf } from './own-form.ts';
import type { RouteParts } from './route.ts';

export const answerEnrolPage = pageOf(({ response }, { id, record: { person } }, parts) =>
  sendOwnPage(response, enrolPage(nameOf(person), { token: formTokenOf(id, parts) })),
);

/** The key for the app. */
export const answerEnrolForm = allowing(
  formOf(async ({ response }, own, form, parts) => {
    const { name, code } = Object.fromEntries(form);
    const given = code?.trim();
    const body = BEGIN.safeParse({ method: 'totp', ...(given && { code: given }) }).data;
    if (!body || !name) throw new Refusal('FORM_MALFORMED');
    const person = nameOf(own.record.person);
    const token = formTokenOf(own.id, parts);
    try {
      const { enrolment, ...options } = await begin(own, body, parts);
      if (!('totp' in options)) throw new Refusal('FORM_MALFORMED');
      await sendOwnPage(response, appPage(person, { token, name, enrolment, ...options.totp }));
    } catch (error) {
      const message = messageOf(error);
      await sendOwnPage(response, { ...enrolPage(person, { token, message }), status: 403 });
    }
  }),
);

/** Its first code. */
export const answerAppForm = allowing(
  formOf(async (exchange, own, form, parts) => {
    const { name, enrolment, code } = Object.fromEntries(form);
    const body = FINISH.safeParse({ name, enrolment, code }).data;
    if (!body) throw new Refusal('FORM_MALFORMED');
    const { factor, risen } = await finish(exchange, { own, body }, parts);
    await sendOwnPage(exchange.response, addedPage(nameOf(own.record.person), factor.name, risen.headers));
  }),
);

const MESSAGES: { readonly [code: string]: string } = {
  FACTOR_WRONG: 'This is not the code, or it was used.',
  ENROLMENT_CLOSED: 'Type the code that you were given.',
  FACTOR_NEEDED: 'Confirm with what you have first, or type the code that you were given.',
};

/** @throws what is no answer to the form */
function messageOf(error: unknown): string {
  const message = error instanceof Refusal ? MESSAGES[error.code] : undefined;
  if (message === undefined) throw error;
  return message;
}

function allowing(answer: (exchange: Exchange, parts: RouteParts) => Promise<void>) {
  return async (exchange: Exchange, parts: RouteParts): Promise<void> => {
    await answer(exchange, parts);
    parts.observe.allowed(exchange);
  };
}
