// Debian's WordPress behind the gateway, byte by byte as without it. apt-get install wordpress
// wordpress-theme-twentytwentythree mariadb-server nginx php-fpm php-mysql

import { randomBytes } from 'node:crypto';
import { test as base, describe, expect } from 'vitest';
import { ADMIN, installWordPress, startWordPress, type WordPress } from '../support/gateway/applications/wordpress.ts';
import {
  type Answer,
  cookiesOf,
  expectSame,
  formOf,
  type Mask,
  type Request,
  textOf,
  valuesOf,
  withCookie,
} from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

interface Installed extends WordPress {
  /** Cookies of a session that began at the gateway, and of one that began past it. */
  readonly sessions: { readonly through: string; readonly direct: string };
}

const LOGIN: Request = {
  path: '/wp-login.php',
  ...formOf({
    log: ADMIN.name,
    pwd: ADMIN.password,
    'wp-submit': 'Log In',
    testcookie: '1',
    redirect_to: '/wp-admin/',
  }),
};
const TEST_COOKIE = 'wordpress_test_cookie=WP%20Cookie%20check';

const test = base.extend<{ readonly blog: Installed }>({
  blog: perFile(
    async () => {
      const wordpress = await startWordPress();
      await installWordPress(wordpress);
      const login = withCookie(LOGIN, TEST_COOKIE);
      const [through, direct] = [await wordpress.through(login), await wordpress.direct(login)];
      return { ...wordpress, sessions: { through: cookiesOf(through), direct: cookiesOf(direct) } };
    },
    ({ close }) => close(),
  ),
});

/** @returns both answers, after comparing them */
async function both(blog: Installed, request: Request, mask?: Mask): Promise<Answer> {
  const direct = await blog.direct(request);
  const through = await blog.through(request);
  expectSame(through, direct, mask);
  return through;
}

const SCRIPT = '/wp-includes/js/jquery/jquery.min.js';
const GZIP = { 'Accept-Encoding': 'gzip, deflate, br' };

test.for<[string, string, Request]>([
  ['the front page', '200', { path: '/', headers: GZIP }],
  ['its head', '200', { method: 'HEAD', path: '/' }],
  ['a search', '200', { path: '/?s=%22caf%C3%A9%22+%26%20more' }],
  ['a redirect to the canonical address', '301', { path: '/?p=1' }],
  ['a redirect to a name', '301', { path: '/?author=1' }],
  ['a page that is not there', '404', { path: '/no/such%20page/%C3%A4' }],
  ['the feed', '200', { path: '/feed/' }],
  ['the sign-in page', '200', { path: '/wp-login.php' }],
  ['a redirect to the sign-in page', '302', { path: '/wp-admin/' }],
  ['a folder without its slash', '301', { path: '/wp-admin' }],
  ['the REST API', '200', { path: '/wp-json/wp/v2/posts?per_page=1&_fields=id,title', headers: GZIP }],
  ['an error of the REST API', '404', { path: '/wp-json/wp/v2/posts/999' }],
  ['OPTIONS of the REST API', '200', { method: 'OPTIONS', path: '/wp-json/wp/v2/posts' }],
  ['DELETE without a session', '401', { method: 'DELETE', path: '/wp-json/wp/v2/posts/1' }],
  ['XML-RPC by GET', '405', { path: '/xmlrpc.php' }],
  ['a static file', '200', { path: SCRIPT }],
  ['its head', '200', { method: 'HEAD', path: SCRIPT }],
  ['a compressed file', '200', { path: SCRIPT, headers: GZIP }],
  ['the head of a compressed file', '200', { method: 'HEAD', path: SCRIPT, headers: GZIP }],
  ['a range', '206', { path: SCRIPT, headers: { Range: 'bytes=100-4199' } }],
  ['the last bytes', '206', { path: SCRIPT, headers: { Range: 'bytes=-1' } }],
  ['two ranges', '206', { path: SCRIPT, headers: { Range: 'bytes=0-9,100-109' } }],
  ['a range beyond the end', '416', { path: SCRIPT, headers: { Range: 'bytes=99999999-' } }],
  ['an image', '200', { path: '/wp-includes/images/w-logo-blue.png' }],
  ['a style sheet with a query', '200', { path: '/wp-includes/css/dashicons.min.css?ver=6.1' }],
])('%s', async ([, status, request], { blog }) => {
  // nginx numbers the boundaries of its multipart answers.
  const answer = await both(blog, request, (text) => text.replace(/\b0{5,}\d+\b/g, '(boundary)'));
  expect(answer.status).toContain(` ${status} `);
});

test('a file that the client has is not sent again', async ({ blog }) => {
  const answer = await blog.direct({ path: SCRIPT });
  const [[etag = ''], [modified = '']] = [valuesOf(answer, 'etag'), valuesOf(answer, 'last-modified')];
  for (const [status, headers] of [
    ['304', { 'If-None-Match': etag }],
    ['304', { 'If-Modified-Since': modified }],
    ['200', { 'If-None-Match': '"another"' }],
    ['412', { 'If-Match': '"another"' }],
    ['206', { 'If-Range': etag, Range: 'bytes=0-9' }],
    ['200', { 'If-Range': '"another"', Range: 'bytes=0-9' }],
  ] as const)
    expect((await both(blog, { path: SCRIPT, headers })).status).toContain(` ${status} `);
});

test('XML-RPC is answered', async ({ blog }) => {
  const call = (method: string, ...values: readonly string[]): Request => ({
    method: 'POST',
    path: '/xmlrpc.php',
    headers: { 'Content-Type': 'text/xml' },
    body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values
      .map((value) => `<param><value><string>${value.replace('&', '&amp;')}</string></value></param>`)
      .join('')}</params></methodCall>`,
  });
  expect(textOf(await both(blog, call('system.listMethods')))).toContain('wp.getUsersBlogs');
  const { name, password } = ADMIN;
  expect(textOf(await both(blog, call('wp.getUsersBlogs', name, password)))).toContain('isAdmin');
  expect(textOf(await both(blog, call('wp.getUsersBlogs', name, 'wrong')))).toContain('403');
});

describe('a session', () => {
  const maskTokens: Mask = (text) => text.replace(/admin%7C\d+%7C\w+%7C[0-9a-f]+/g, '(session)');
  /** Times, and the password that the profile proposes. */
  const maskChance: Mask = (text) =>
    text
      .replace(/\b1[789]\d{8}\b/g, '(now)')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '(now)')
      .replace(/(; expires=\w+, )[^;]+/g, '$1(later)')
      .replace(/data-pw="[^"]*"/g, 'data-pw="(random)"')
      .replace(/\d+ (?:second|min)s? ago/g, '(ago)');

  test('begins with the right password alone, and sets the same cookies', async ({ blog }) => {
    const right = await both(blog, withCookie(LOGIN, TEST_COOKIE), maskTokens);
    expect(right.status).toContain(' 302 ');
    expect(valuesOf(right, 'set-cookie').length).toBeGreaterThanOrEqual(4);
    const guess = { path: LOGIN.path, ...formOf({ log: ADMIN.name, pwd: 'wrong', testcookie: '1' }) };
    const wrong = await both(blog, withCookie(guess, TEST_COOKIE));
    expect(textOf(wrong)).toContain('incorrect');
  });

  test.for(['/wp-admin/', '/wp-admin/profile.php', '/wp-admin/options-general.php', '/wp-admin/edit.php'])(
    'of either side has %s on both',
    async (path, { blog }) => {
      for (const cookie of Object.values(blog.sessions)) {
        const answer = await both(blog, withCookie({ path, headers: GZIP }, cookie), maskChance);
        expect(answer.status).toContain(' 200 ');
        expect(textOf(answer)).toContain('Log Out');
      }
    },
  );

  test('uploads files of many megabytes, as a form and alone', async ({ blog }) => {
    const { through: cookie } = blog.sessions;
    const file = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(UPLOAD_BYTES)]);
    const page = textOf(await blog.through(withCookie({ path: '/wp-admin/media-new.php' }, cookie)));
    const nonce = /"multipart_params":\{[^}]*"_wpnonce":"(\w+)"/.exec(page)?.[1] ?? '';
    const form = new FormData();
    for (const [name, value] of Object.entries({ name: 'form.pdf', action: 'upload-attachment', _wpnonce: nonce }))
      form.append(name, value);
    form.append('async-upload', new Blob([file], { type: 'application/pdf' }), 'form.pdf');
    const encoded = new Response(form);
    const headers = { 'Content-Type': encoded.headers.get('content-type') ?? '' };
    const body = Buffer.from(await encoded.arrayBuffer());
    const asForm = withCookie({ method: 'POST', path: '/wp-admin/async-upload.php', headers, body }, cookie);
    const { data } = JSON.parse(textOf(await blog.through(asForm))) as { readonly data: { readonly url: string } };
    await expectFile(blog, data.url, file);

    const described = { 'Content-Type': 'application/pdf', 'Content-Disposition': 'attachment; filename="alone.pdf"' };
    for (const chunks of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const alone = { method: 'POST', path: '/wp-json/wp/v2/media', headers: { ...described, ...chunks }, body: file };
      const answer = await blog.through(await withNonce(blog, alone));
      expect(answer.status).toContain(' 201 ');
      const { source_url: url } = JSON.parse(textOf(answer)) as { readonly source_url: string };
      await expectFile(blog, url, file);
    }
  });

  test('changes posts by JSON, with methods that are named in a header', async ({ blog }) => {
    const send = async (method: string, path: string, content: object, headers = {}): Promise<Answer> => {
      const json = { 'Content-Type': 'application/json', ...headers };
      const request = { method, path: `/wp-json/wp/v2/posts${path}`, headers: json, body: JSON.stringify(content) };
      return blog.through(await withNonce(blog, request));
    };
    const created = await send('POST', '', { title: 'Über „alles“ 🦊', content: '<b>&</b>', status: 'publish' });
    expect(created.status).toContain(' 201 ');
    const [path = ''] = /\/\d+$/.exec(valuesOf(created, 'location')[0] ?? '') ?? [];
    expect((await send('PUT', path, { title: 'changed' })).status).toContain(' 200 ');
    const read = { path: `/wp-json/wp/v2/posts${path}` };
    expect(textOf(await both(blog, read))).toContain('"rendered":"changed"');
    const deleted = await send('POST', `${path}?force=true`, {}, { 'X-HTTP-Method-Override': 'DELETE' });
    expect(textOf(deleted)).toContain('"deleted":true');
    expect((await both(blog, read)).status).toContain(' 404 ');
  });

  test('ends on both sides at once', async ({ blog }) => {
    const cookie = cookiesOf(await blog.direct(withCookie(LOGIN, TEST_COOKIE)));
    const admin = withCookie({ path: '/wp-admin/' }, cookie);
    const page = textOf(await blog.through(admin));
    const [, out = ''] = /href=.[^'"]*(\/wp-login\.php\?action=logout[^'"]*)/.exec(page) ?? [];
    const left = await blog.through(withCookie({ path: out.replaceAll('&#038;', '&') }, cookie));
    expect(left.status).toContain(' 302 ');
    expect((await both(blog, admin)).status).toContain(' 302 ');
  });
});

const UPLOAD_BYTES = 6 * 2 ** 20;

/** The REST API takes cookies only with a nonce. */
async function withNonce(blog: Installed, request: Request): Promise<Request> {
  const { through: cookie } = blog.sessions;
  const nonce = textOf(await blog.through(withCookie({ path: '/wp-admin/admin-ajax.php?action=rest-nonce' }, cookie)));
  return withCookie({ ...request, headers: { ...request.headers, 'X-WP-Nonce': nonce } }, cookie);
}

async function expectFile(blog: Installed, url: string, file: Buffer): Promise<void> {
  const { body } = await both(blog, { path: new URL(url).pathname });
  expect(body.equals(file)).toBe(true);
}
