// The forms of a new factor. An app needs no script: a form for its key, and one for a first code.

import { sendRedirect } from '../../answers/answer.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { userIdOf } from '../../factors/factor.ts';
import { addedPage, appPage, enrolPage, enrolUrl } from '../../launcher/enrol-pages.ts';
import { type Notice, sendOwnPage } from '../../launcher/shell.ts';
import { nameOf } from '../person.ts';
import { BEGIN_APP, begin, FINISH_APP, finish } from './enrol.ts';
import { confirmUrl, enrolWay } from './enrol-way.ts';
import { formOf, pageOf } from './own-apps.ts';
import { enrolmentOf, needFactors } from './own-factors.ts';
import { formTokenOf } from './own-form.ts';
import { needingState, type OwnSession, parameterOf, type RouteParts } from './route.ts';

const NOTICES: { readonly [done: string]: Notice } = {
  added: { kind: 'done', text: 'It was added.' },
  mailed: { kind: 'done', text: 'If one may be mailed to you, a code is on its way.' },
};

export const answerEnrolPage = pageOf((exchange, own, parts) => {
  const done = parameterOf(exchange, 'done') ?? '';
  const notice = Object.hasOwn(NOTICES, done) ? NOTICES[done] : undefined;
  return sendEnrol(exchange, own, parts, { given: parameterOf(exchange, 'to'), notice });
});

interface Shown {
  /** What came as the sealed way on. */
  readonly given: string | undefined;
  readonly notice?: Notice | undefined;
  readonly status?: number;
}

async function sendEnrol(exchange: Exchange, own: OwnSession, parts: RouteParts, shown: Shown): Promise<void> {
  const { given, notice, status = 200 } = shown;
  const { person } = own.record;
  const known = await needingState(() => needFactors(parts).describe(userIdOf(person)));
  const { to } = enrolWay(given, parts);
  const page = enrolPage({
    person: nameOf(person),
    token: formTokenOf(own.id, parts),
    to,
    names: known.factors.map(({ name }) => name),
    needs: enrolmentOf(own, known),
    hasMail: known.firstBy?.mail === true,
    confirmUrl: confirmUrl(enrolUrl(to), parts),
    notice,
  });
  await sendOwnPage(exchange.response, { ...page, status });
}

/** The key for the app. */
export const answerEnrolForm = allowing(
  formOf(async (exchange, own, form, parts) => {
    const given = form.get('to') ?? undefined;
    const code = form.get('code')?.trim();
    const method = form.get('method');
    const refuse = (text: string) =>
      sendEnrol(exchange, own, parts, { given, notice: { kind: 'bad', text }, status: 403 });
    if (method !== 'totp') return refuse('Keys and passkeys need JavaScript.');
    const body = BEGIN_APP.safeParse({ method, name: form.get('name'), ...(code && { code }) }).data;
    if (!body) throw new Refusal('FORM_MALFORMED');
    try {
      const { enrolment, ...options } = await begin(own, body, parts);
      const shared = { person: nameOf(own.record.person), token: formTokenOf(own.id, parts) };
      const { to } = enrolWay(given, parts);
      const key = 'totp' in options ? options.totp : undefined;
      await sendOwnPage(exchange.response, appPage({ ...shared, to, name: body.name, enrolment, key }));
    } catch (error) {
      await refuse(messageOf(error));
    }
  }),
);

/** Its first code. */
export const answerAppForm = allowing(
  formOf(async (exchange, own, form, parts) => {
    const [name, enrolment, code] = ['name', 'enrolment', 'code'].map((field) => form.get(field));
    const body = FINISH_APP.safeParse({ name, enrolment, code }).data;
    if (!body) throw new Refusal('FORM_MALFORMED');
    const { to, url } = enrolWay(form.get('to') ?? undefined, parts);
    const person = nameOf(own.record.person);
    try {
      const { factor, risen } = await finish(exchange, { own, body }, parts);
      await sendOwnPage(exchange.response, addedPage(person, factor.name, url, risen.headers));
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'FACTOR_WRONG') throw error;
      const again = { person, token: formTokenOf(own.id, parts), to, ...body, message: messageOf(error) };
      await sendOwnPage(exchange.response, { ...appPage(again), status: 403 });
    }
  }),
);

/** A code for a first factor. The answer says nothing of whether it was mailed. */
export const answerMailForm = formOf(async (exchange, own, form, parts) => {
  await needingState(() => needFactors(parts).mailCode(userIdOf(own.record.person)));
  const { to } = enrolWay(form.get('to') ?? undefined, parts);
  const page = enrolUrl(to);
  sendRedirect(exchange.response, 303, `${page}${page.includes('?') ? '&' : '?'}done=mailed`);
  parts.observe.answered(exchange, 'REDIRECTED');
});

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
