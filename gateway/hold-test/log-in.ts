// The login of a test account, as a browser sends it.

import type { TestAccount } from './test-account.ts';
import { cookieOf, hiddenFields, jarAfter, type SendTest, type TestAnswer } from './test-client.ts';

export interface TestLogin {
  readonly form: TestAnswer;
  readonly answer: TestAnswer;
}

const PAGE = ['Accept', 'text/html', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Site', 'same-origin'];

/** @param onSent called once the login is on its way */
export async function logInTo(
  send: SendTest,
  { form: formPath, login, fields, as }: TestAccount,
  onSent: (cookie: string) => void = () => undefined,
): Promise<TestLogin> {
  const form = await send({ path: formPath ?? login, headers: PAGE });
  const cookie = cookieOf(jarAfter(form));
  const all = { ...Object.fromEntries(hiddenFields(form.body)), ...fields };
  const isForm = as === 'form';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const body = isForm ? new URLSearchParams(all).toString() : JSON.stringify(fields);
  const headers = ['Content-Type', type, ...(isForm ? PAGE : ['Accept', 'application/json'])];
  const waiting = send({ method: 'POST', path: login, cookie, headers, body });
  onSent(cookie);
  return { form, answer: await waiting };
}
