// Rules in front of an application: what reaches it, what does not, and the event of each action.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { echo, echoOf, exchange, seen, serve, startOrigin, type TestGateway } from '../../support/gateway/gateway.ts';
import { tlsKey } from '../../support/gateway/tls.ts';

const HOST = 'Host: app.example\r\n';

/** @param rules lines of YAML, as a list */
async function withRules(rules: string, more = '', app = ''): Promise<TestGateway> {
  const { url } = await startOrigin(echo);
  const indented = rules.trim().replaceAll('\n', '\n      ');
  return serve(
    `listen: 127.0.0.1:0\n${more}apps:\n  app.example:\n    to: ${url}\n    ${app}\n    rules:\n      ${indented}\n`,
  );
}

const get = (port: number, target: string, more = '') => exchange(port, `GET ${target} HTTP/1.1\r\n${HOST}${more}\r\n`);

describe('a rule that blocks', () => {
  test('answers as JSON and as a page, and is one event', async () => {
    const { port, events } = await withRules('- { name: no-x, when: http.request.uri.path eq "/x", do: block }');
    const json = await get(port, '/x');
    expect(json.status).toBe(403);
    expect(JSON.parse(json.body)).toMatchObject({ code: 'BLOCKED', status: 403 });
    const page = await get(port, '/x', 'Accept: text/html\r\n');
    expect(page.body).toContain('<h1>Blocked</h1>');
    expect((await get(port, '/y')).status).toBe(200);
    const matches = events.filter(({ event }) => event === 'rule-matched');
    expect(matches).toEqual([
      { event: 'rule-matched', app: 'app.example', rule: 'no-x', action: 'block', request: expect.any(String) },
      { event: 'rule-matched', app: 'app.example', rule: 'no-x', action: 'block', request: expect.any(String) },
    ]);
    expect(json.body).toContain((matches[0] as { request: string }).request);
  });

  test('has an answer of its own where it names one', async () => {
    const { port } = await withRules(
      '- when: "true_name"\n  do: block'
        .replace('"true_name"', '\'http.user_agent eq "x"\'')
        .replace('do: block', 'do: { block: { status: 451, html: "<p>law</p>", json: "{\\"law\\":1}" } }'),
    );
    const json = await get(port, '/', 'User-Agent: x\r\n');
    expect(json).toMatchObject({ status: 451, body: '{"law":1}' });
    expect((await get(port, '/', 'User-Agent: x\r\nAccept: text/html\r\n')).body).toBe('<p>law</p>');
  });

  test.each([
    '/admin',
    '/%61dmin',
    '/%2561dmin',
    '//admin',
    '/x/../admin',
    '/x/..%2fadmin',
    '/x/..;/admin',
    '/./admin',
    '/admin;v=1',
  ])('on a path holds for each reading of it: %s', async (target) => {
    const { port } = await withRules('- { when: http.request.uri.path eq "/admin", do: block }');
    expect((await get(port, target)).status).toBe(403);
  });

  test.each(['APP.EXAMPLE', 'app.example:80', 'app.example.', 'App.Example.:080'])(
    'on the whole URI holds however the host is written: %s',
    async (host) => {
      const { port } = await withRules('- { when: http.request.full_uri eq "http://app.example/x", do: block }');
      expect((await exchange(port, `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status).toBe(403);
      expect((await exchange(port, `GET /x HTTP/1.1\r\nHost: app.example:81\r\n\r\n`)).status).toBe(200);
    },
  );

  test('leaves a body unread, and closes the connection', async () => {
    const { port } = await withRules('- { when: http.request.method eq "POST", do: block }');
    const { status, head } = await exchange(port, `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`);
    expect(status).toBe(403);
    expect(head).toContain('Connection: close');
  });

  test('does not fire on what is unknown, but says so, or as it is told', async () => {
    const lists = 'lists: { feed: { file: /nonexistent/feed.txt } }\n';
    const { port, events } = await withRules('- { name: feed, when: "not ip.src in $feed", do: block }', lists);
    expect((await get(port, '/')).status).toBe(200);
    expect(events).toContainEqual(expect.objectContaining({ event: 'rule-unknown', rule: 'feed' }));
    const strict = await withRules('- { when: "not ip.src in $feed", do: block, onUnknown: apply }', lists);
    expect((await get(strict.port, '/')).status).toBe(403);
  });
});

describe('names that applications read in another way than they were sent', () => {
  const block = '- { when: \'any(http.request.headers["x-key"][*] eq "k")\', do: block }';
  const skip = `${block.replace('block }', 'skip }')}\n- { when: http.request.uri.path eq "/", do: block }`;
  const byArgument = (rules: string) => rules.replace('headers["x-key"]', 'uri.args["page"]');

  test.each(['X-Key', 'X_Key', 'x.key', 'X~KEY'])('block: %s', async (name) => {
    const { port } = await withRules(block);
    expect((await get(port, '/', `${name}: k\r\n`)).status).toBe(403);
    expect((await get(port, '/', `${name}: other\r\n`)).status).toBe(200);
  });

  test.each([
    'page=k',
    'p%61ge=k',
    '%70%61%67%65=k',
    '+page=k',
    'page[]=k',
    'page%5B1%5D=k',
    'a=1;page=k',
    'a=1&a=2;p%61ge=k',
  ])('block: ?%s', async (query) => {
    const { port } = await withRules(byArgument(block));
    expect((await get(port, `/?${query}`)).status).toBe(403);
    expect((await get(port, `/?${query}x`)).status).toBe(200);
  });

  test('allow nothing', async () => {
    const headers = await withRules(skip);
    expect((await get(headers.port, '/', 'X-Key: k\r\n')).status).toBe(200);
    expect((await get(headers.port, '/', 'X_Key: k\r\n')).status).toBe(403);
    const { port } = await withRules(byArgument(skip));
    expect((await get(port, '/?page=k')).status).toBe(200);
    expect((await get(port, '/?p%61ge=k')).status).toBe(403);
  });
});

describe('names of headers', () => {
  test('are lower-case keys, and a list as they were sent', async () => {
    const { port } = await withRules(
      '- { when: \'any(http.request.headers.names[*] eq "X-A") and http.request.headers["x-a"][0] eq "1"\', do: block }',
    );
    expect((await get(port, '/', 'X-A: 1\r\n')).status).toBe(403);
    expect((await get(port, '/', 'x-a: 1\r\n')).status).toBe(200);
  });
});

describe('the size of a body', () => {
  const post = (port: number, framing: string) => exchange(port, `POST / HTTP/1.1\r\n${HOST}${framing}`);

  test('is unknown before the end of a body without a length', async () => {
    const { port, events } = await withRules('- { name: large, when: http.request.body.size gt 3, do: block }');
    expect((await post(port, 'Content-Length: 4\r\n\r\nbody')).status).toBe(403);
    expect((await post(port, 'Content-Length: 3\r\n\r\nbod')).status).toBe(200);
    expect(events.filter(({ event }) => event === 'rule-unknown')).toEqual([]);
    expect((await post(port, 'Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n')).status).toBe(200);
    expect(events).toContainEqual(expect.objectContaining({ event: 'rule-unknown', rule: 'large' }));
  });
});

describe('other rules', () => {
  test('run in their order until one skips the rest', async () => {
    const { port, events } = await withRules(`
- { name: seen, when: 'http.host eq "app.example"', do: log }
- { name: let, when: 'starts_with(http.request.uri.path, "/open")', do: skip }
- { name: all, when: 'ip.src in {127.0.0.0/8 ::1}', do: block }`);
    expect((await get(port, '/open/x')).status).toBe(200);
    expect((await get(port, '/closed')).status).toBe(403);
    const names = events.flatMap((event) => (event.event === 'rule-matched' ? [event.rule] : []));
    expect(names).toEqual(['seen', 'let', 'seen', 'all']);
  });

  test('skip only where every reading of the path is allowed', async () => {
    const { port } = await withRules(`
- { when: 'starts_with(http.request.uri.path, "/open/")', do: skip }
- { when: 'http.request.method eq "GET"', do: block }`);
    expect((await get(port, '/open/x')).status).toBe(200);
    expect((await get(port, '/open/..%2fsecret')).status).toBe(403);
    expect((await get(port, '/open/%2e%2e/secret')).status).toBe(403);
  });

  test('set headers, in place of those of the client in any spelling', async () => {
    const { port } = await withRules('- { when: "not ssl", do: { setHeader: { X-Zone: inner } } }');
    const saw = echoOf(await get(port, '/', 'x-zone: forged\r\nX-Other: 1\r\n'));
    expect(seen(saw, 'x-zone')).toEqual(['inner']);
    expect(seen(saw, 'x-other')).toEqual(['1']);
    const { port: other } = await withRules('- { when: ssl, do: { setHeader: { X-Zone: inner } } }');
    expect(seen(echoOf(await get(other, '/', 'X-Zone: forged\r\n')), 'x-zone')).toEqual([]);
    const odd = echoOf(await get(port, '/', 'X_Zone: forged\r\n'));
    expect(JSON.stringify(odd)).not.toContain('forged');
  });

  test('put addresses on a list, where other rules find them', async () => {
    const { port } = await withRules(
      `
- { when: ip.src in $found, do: block }
- { when: 'http.request.uri.path eq "/trap"', do: { addToList: { list: found, ttl: 1h } } }`,
      'lists: { found: { observed: {} } }\n',
    );
    expect((await get(port, '/')).status).toBe(200);
    expect((await get(port, '/trap')).status).toBe(200);
    expect((await get(port, '/')).status).toBe(403);
  });

  test('of all applications come before those of one', async () => {
    const { port, events } = await withRules(
      '- { name: own, when: "not ssl", do: log }',
      'rules:\n  - { name: shared, when: "not ssl", do: log }\n',
    );
    await get(port, '/');
    expect(events.flatMap((event) => (event.event === 'rule-matched' ? [event.rule] : []))).toEqual(['shared', 'own']);
  });
});

describe('a rule that cannot be loaded', () => {
  const faultsOf = (rules: string) =>
    parseConfig(`listen: ":1"\napps:\n  a.example:\n    to: http://h\n    rules:\n      ${rules}\n`).faults;

  test.each([
    ['- { when: http.request.path eq "/x", do: block }', /no field/, /http\.request\.uri\.path/],
    ['- { when: cf.bot_management.score lt 30, do: block }', /bot scores/, undefined],
    ['- { when: ip.src in $office, do: block }', /list/, undefined],
    ['- { when: http.response.code eq 403, do: block }', /response/, undefined],
    ['- { when: http.host eq, do: block }', /expected|after/i, undefined],
    ['- { when: ssl, do: { addToList: { list: found } } }', /no list of the configuration/, /observed/],
  ])('names what is wrong with it: %s', (rule, message, hint) => {
    const [fault] = faultsOf(rule);
    expect(fault?.line).toBe(6);
    expect(fault?.key).toMatch(/^apps\.a\.example\.rules\.0\.(when|do|do\.addToList\.list)$/);
    expect(fault?.message).toMatch(message);
    if (hint) expect(fault?.hint).toMatch(hint);
  });

  test.each([
    '- { when: ssl, do: explode }',
    '- { when: ssl, do: { setHeader: { X-Real-IP: 1.2.3.4 } } }',
    '- { when: ssl, do: { setHeader: { Content-Length: "1" } } }',
    '- { when: ssl, do: { setHeader: { X-A: "a\\r\\nb" } } }',
    '- { when: ssl, do: { block: { status: 200 } } }',
    '- { when: ssl }',
  ])('is refused for its action: %s', (rule) => {
    expect(faultsOf(rule)).toHaveLength(1);
  });
});

describe('a header that stands there twice', () => {
  const block = (field: string) => withRules(`- { when: '${field} contains "bad"', do: block }`);

  test.each([
    ['User-Agent', 'http.user_agent'],
    ['Referer', 'http.referer'],
  ])('hides nothing from rules: a second %s is refused', async (name, field) => {
    const { port } = await block(field);
    expect((await get(port, '/', `${name}: good\r\n`)).status).toBe(200);
    expect((await get(port, '/', `${name}: bad\r\n`)).status).toBe(403);
    for (const [first, second] of ['good', 'bad'].flatMap((a) => ['good', 'bad'].map((b) => [a, b])))
      expect((await get(port, '/', `${name}: ${first}\r\n${name.toLowerCase()}: ${second}\r\n`)).status).toBe(400);
  });

  test.each(['http.cookie', 'http.request.cookies["c"][0]'])('is one with it if it is Cookie: %s', async (field) => {
    const { port } = await block(field);
    expect((await get(port, '/', 'Cookie: a=1\r\nCookie: c=good\r\n')).status).toBe(200);
    expect((await get(port, '/', 'Cookie: a=1\r\ncookie: b=2\r\nCOOKIE: c=bad\r\n')).status).toBe(403);
  });
});

test('OPTIONS * reaches the application of the host, and rules judge it', async () => {
  const { port } = await withRules(`- { when: 'http.request.headers["x-a"][0] eq "bad"', do: block }`);
  const ask = (more = '') => exchange(port, `OPTIONS * HTTP/1.1\r\n${HOST}${more}\r\n`);
  expect(echoOf(await ask())).toMatchObject({ method: 'OPTIONS', url: '*' });
  expect((await ask('X-A: bad\r\n')).status).toBe(403);
});

test('OPTIONS * has no application where only paths have one, and no place on HTTPS to go to', async () => {
  const { url } = await startOrigin(echo);
  const { port } = await serve(`listen: 127.0.0.1:0\napps:\n  app.example/wiki: { to: "${url}" }\n`);
  const star = `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`;
  expect((await exchange(port, star)).status).toBe(404);
  const listen = '[{ address: "127.0.0.1:0", protocol: redirect }]';
  const secured = await serve(`listen: ${listen}\ntls: ${tlsKey('first')}\napps:\n  app.example: { to: "${url}" }\n`);
  expect((await exchange(secured.port, star)).status).toBe(400);
});
