// Signed webhooks: by the specification's vector, by its own library, and over HTTP.

import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { StoredEvent } from '../../notify/events.ts';
import { createAllowed } from '../../notify/http/addresses.ts';
import { createEndpoint } from '../../notify/http/post.ts';
import { createWebhookSink, formatWebhook, signWebhook } from '../../notify/sinks/webhook.ts';
import { type Received, startReceiver } from '../support/notify/receiver.ts';

const secretOf = (text: string): Uint8Array => Buffer.from(text.replace('whsec_', ''), 'base64');
const FIRST = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const SECOND = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;

const event: StoredEvent = {
  id: 'evt_p5jXN8AQM9LWM0D4loKWxJek',
  atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  event: { type: 'account.leaked', account: '17', source: 'leak', leakedAt: '2024-05', finding: 'exact' },
};

describe('a webhook', () => {
  test('is signed as in the vector of Standard Webhooks', () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
    const secret = secretOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const headers = signWebhook([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}');
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    expect(headers['webhook-timestamp']).toBe('1614265330');
  });

  test('is accepted by the library of Standard Webhooks under each secret, and no other', async () => {
    const receiver = await startReceiver();
    const endpoint = createEndpoint({
      url: new URL(receiver.url),
      allowed: createAllowed(['127.0.0.1']),
      maxSockets: 2,
    });
    const secrets = [FIRST, SECOND].map(secretOf);
    const sink = createWebhookSink({ name: 'hook', accepts: () => true, endpoint, secrets });
    expect(await sink.send([event], AbortSignal.timeout(90_000))).toEqual([{ delivered: true }]);
    const [{ headers, body, method }] = receiver.received as [Received];
    expect([method, headers['content-type']]).toEqual(['POST', 'application/json']);
    const payload = {
      id: event.id,
      type: 'account.leaked',
      timestamp: '2026-01-02T03:04:05.000Z',
      data: { account: '17', source: 'leak', leakedAt: '2024-05', finding: 'exact' },
    };
    for (const secret of [FIRST, SECOND]) expect(new Webhook(secret).verify(body, headers)).toEqual(payload);
    const other = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
    expect(() => new Webhook(other).verify(body, headers)).toThrow('No matching signature');
    expect(() => new Webhook(FIRST).verify(body.replace('17', '18'), headers)).toThrow('No matching signature');
    sink.close();
    await receiver.close();
  });

  test('has one body, on one line, whatever an id holds', () => {
    const hostile = 'a\r\nwebhook-id: x\u2028\u0085"},{"type":"account.leaked\u202e\ud800';
    const text = formatWebhook({ ...event, event: { ...event.event, account: hostile } as StoredEvent['event'] });
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect((JSON.parse(text) as { data: { account: string } }).data.account).toBe(hostile);
  });
});
