// The page of /enrol: somebody adds a key, a passkey or an app.

import encodeQR from 'qr';
import { byId, makeSvg } from '../dom.ts';
import { createKey, get, type KeyOptions, post, Refused, setToken } from './own-api.ts';

interface Own {
  readonly token: string;
  readonly user: string;
  readonly factors: readonly { readonly name: string }[];
  readonly enrolment: 'open' | 'factor' | 'code';
  readonly byMail: boolean;
}

interface Begun {
  readonly enrolment: string;
  readonly key?: KeyOptions;
  readonly totp?: { readonly secret: string; readonly uri: string };
}

const trouble = byId('trouble', HTMLElement);
const done = byId('done', HTMLElement);
const begin = byId('begin', HTMLFormElement);
const totp = byId('totp', HTMLFormElement);
const name = byId('name', HTMLInputElement);
const code = byId('enrolment', HTMLInputElement);

function say(error: unknown): void {
  trouble.hidden = false;
  trouble.textContent = error instanceof Refused ? error.message : 'That did not work. Try again.';
}

const trying = (work: () => Promise<void>): void => {
  trouble.hidden = true;
  work().catch(say);
};

async function start(): Promise<void> {
  const own = await get<Own>('/api/factors');
  setToken(own.token);
  byId('who', HTMLElement).textContent =
    own.factors.length === 0
      ? `For ${own.user}.`
      : `For ${own.user}, beside ${own.factors.map((factor) => factor.name).join(', ')}.`;
  byId('confirm-part', HTMLElement).hidden = own.enrolment !== 'factor';
  byId('enrolment-part', HTMLElement).hidden = own.enrolment === 'open';
  byId('mail-part', HTMLElement).hidden = !own.byMail || own.enrolment !== 'code';
  begin.hidden = false;
}

byId('confirm', HTMLButtonElement).addEventListener('click', () =>
  trying(async () => {
    const { challenge } = await post<{ challenge: string }>('/api/factors/manage', { back: '/enrol' });
    location.assign(`/step-up#${challenge}`);
  }),
);

byId('mail', HTMLButtonElement).addEventListener('click', () =>
  trying(async () => {
    await post('/api/factors/mail', {});
    done.textContent = 'If one may be mailed to you, a code is on its way.';
  }),
);

let begun: Begun | undefined;

begin.addEventListener('submit', (event) => {
  event.preventDefault();
  const method = (event.submitter as HTMLButtonElement).value;
  trying(async () => {
    const given = code.value.trim();
    begun = await post<Begun>('/api/factors/begin', { method, ...(given !== '' && { code: given }) });
    if (begun.totp) {
      byId('secret', HTMLElement).textContent = begun.totp.secret.replace(/.{4}/g, '$& ');
      byId('uri', HTMLAnchorElement).href = begun.totp.uri;
      byId('qr', HTMLElement).replaceChildren(drawCode(begun.totp.uri));
      begin.hidden = true;
      totp.hidden = false;
      byId('code', HTMLInputElement).focus();
    } else if (begun.key) await finish({ key: await createKey(begun.key) });
  });
});

totp.addEventListener('submit', (event) => {
  event.preventDefault();
  trying(() => finish({ code: byId('code', HTMLInputElement).value }));
});

async function finish(proof: object): Promise<void> {
  const body = { enrolment: begun?.enrolment, name: name.value, ...proof };
  const { token } = await post<{ token: string }>('/api/factors/finish', body);
  setToken(token);
  done.textContent = `${name.value} was added.`;
  totp.hidden = true;
  begin.reset();
  await start();
}

/** With the margin that cameras need: ISO/IEC 18004. */
function drawCode(text: string): Element {
  const rows = encodeQR(text, 'raw', { border: 4 });
  const path = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  const box = {
    viewBox: `0 0 ${rows.length} ${rows.length}`,
    role: 'img',
    'aria-label': 'The key as a picture to scan',
  };
  return makeSvg(
    'svg',
    box,
    makeSvg('rect', { width: '100%', height: '100%', fill: '#fff' }),
    makeSvg('path', { d: path, fill: '#000', 'shape-rendering': 'crispEdges' }),
  );
}

start().catch(say);
