// What a hostile proxy does to an answer: at the level of bytes, of JSON, of elements, of HTTP, and
// by answers of another time, place or dataset. It knows no route: it looks at the bytes alone.

import { mutateBytes, mutateJson } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Answer, HostileWorld, Recorded } from './world.ts';

/** @returns the altered answer, or undefined if this kind does not apply to it */
export type Alteration = (answer: Recorded, random: Random, world: HostileWorld) => Answer | undefined;

const withBody = (answer: Recorded, body: Uint8Array): Answer => ({ ...answer, body });

function jsonOf({ body }: Answer): unknown {
  if (body[0] !== 0x7b && body[0] !== 0x5b) return undefined;
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

const toBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? '');

/** JSON that some string of JSON holds in base64, as a signed payload is. */
function mutateInside(random: Random, value: unknown): unknown {
  if (typeof value === 'string') {
    const inside = jsonOf({ status: 200, headers: {}, body: Buffer.from(value, 'base64') });
    return inside === undefined ? value : Buffer.from(toBytes(mutateJson(random, inside))).toString('base64');
  }
  if (typeof value !== 'object' || value === null) return value;
  const changed = Object.entries(value).map(([name, item]) => [name, mutateInside(random, item)]);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

/** JSON with the members of another answer's JSON in some places. */
function graft(random: Random, value: unknown, other: unknown): unknown {
  if (typeof value !== 'object' || value === null || typeof other !== 'object' || other === null) return other;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const names = Object.keys(other);
  if (names.length === 0) return copy;
  const name = random.pick(names);
  copy[name] = graft(random, copy[name], (other as Record<string, unknown>)[name]);
  return copy;
}

const routeOf = (request: string): string => request.replace(/[0-9a-f-]+$/, '');

/** A recorded answer to the same request, to the same route, or to any. */
function pickOther({ request }: Recorded, recorded: readonly Recorded[], random: Random): Recorded {
  const route = routeOf(request);
  const alike = recorded.filter((other) => other.request === request);
  const near = recorded.filter((other) => routeOf(other.request) === route);
  const from = [alike, near, recorded].filter(({ length }) => length > 0);
  return random.pick(random.pick(from));
}

/** The identity and an encoding that is not canonical; group elements come from other answers. */
const ELEMENTS: readonly Uint8Array[] = [new Uint8Array(32), new Uint8Array(32).fill(0xff)];
const ELEMENTS_AT = 2;

/** The number of elements at the start of an answer to blinded elements. */
function countElements({ request, body }: Recorded): number {
  const count = request.startsWith('POST ') && body[0] === 1 ? (body[1] ?? 0) : 0;
  return ELEMENTS_AT + 32 * count <= body.length ? count : 0;
}

function replaceElement(answer: Recorded, at: number, element: Uint8Array): Answer {
  const body = Uint8Array.from(answer.body);
  body.set(element, ELEMENTS_AT + 32 * at);
  return withBody(answer, body);
}

const elementAt = ({ body }: Answer, at: number): Uint8Array =>
  body.slice(ELEMENTS_AT + 32 * at, ELEMENTS_AT + 32 * (at + 1));

const STATUSES = [200, 204, 206, 304, 400, 401, 404, 410, 412, 416, 429, 500, 502, 503];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['content-encoding', ['gzip', 'br', 'identity', 'x']],
  ['credveil-snapshot', ['000001-0123456789abcdef', '', 'x']],
  ['content-type', ['text/html', 'application/json', 'application/octet-stream']],
  ['content-length', ['0', '1', '99999999999']],
  ['content-range', ['bytes 0-9/10', 'bytes 64-/*', 'x']],
  ['etag', ['"x"', 'W/"x"', '']],
  ['cache-control', ['max-age=31536000', 'no-store']],
  ['retry-after', ['0', '1e9']],
  ['date', ['Thu, 01 Jan 1970 00:00:00 GMT']],
];

export const ALTERATIONS: { readonly [kind: string]: Alteration } = {
  'bytes mutated': (answer, random) => withBody(answer, mutateBytes(random, answer.body)),
  'bit flipped': (answer, random) => {
    const body = Uint8Array.from(answer.body);
    const at = random.below(body.length || 1);
    body[at] = (body[at] ?? 0) ^ (1 << random.below(8));
    return withBody(answer, body);
  },
  'cut short': (answer, random) => withBody(answer, answer.body.slice(0, random.below(answer.body.length || 1))),
  'made longer': (answer, random) => withBody(answer, Buffer.concat([answer.body, random.bytes(1 + random.below(40))])),
  repeated: (answer) => withBody(answer, Buffer.concat([answer.body, answer.body])),
  emptied: (answer) => withBody(answer, new Uint8Array(0)),
  'filled with one byte': (answer, random) => {
    const from = random.below(answer.body.length || 1);
    return withBody(answer, Uint8Array.from(answer.body).fill(random.pick([0, 1, 255]), from));
  },
  'filled with noise': (answer, random) => withBody(answer, random.bytes(answer.body.length)),
  'parts exchanged': (answer, random) => {
    const at = random.below(answer.body.length || 1);
    return withBody(answer, Buffer.concat([answer.body.slice(at), answer.body.slice(0, at)]));
  },
  'JSON mutated': (answer, random) => {
    const json = jsonOf(answer);
    return json === undefined ? undefined : withBody(answer, toBytes(mutateJson(random, json)));
  },
  'JSON in a payload mutated': (answer, random) => {
    const json = jsonOf(answer);
    return json === undefined ? undefined : withBody(answer, toBytes(mutateInside(random, json)));
  },
  'JSON grafted from another dataset': (answer, random, world) => {
    const json = jsonOf(answer);
    const other = jsonOf(pickOther(answer, world.foreign, random));
    return json === undefined || other === undefined
      ? undefined
      : withBody(answer, toBytes(graft(random, json, other)));
  },
  'JSON grafted from an older snapshot': (answer, random, world) => {
    const json = jsonOf(answer);
    const other = jsonOf(pickOther(answer, world.older, random));
    return json === undefined || other === undefined
      ? undefined
      : withBody(answer, toBytes(graft(random, json, other)));
  },
  'JSON with a name twice': (answer, random) => {
    const json = jsonOf(answer);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
    const [name, value] = random.pick(Object.entries(json));
    const twice = `${JSON.stringify(name)}:${JSON.stringify(mutateJson(random, value)) ?? 'null'}`;
    const text = Buffer.from(answer.body).toString().trim();
    return withBody(answer, Buffer.from(random.pick([`{${twice},${text.slice(1)}`, `${text.slice(0, -1)},${twice}}`])));
  },
  'JSON in another encoding': (answer, random) => {
    if (jsonOf(answer) === undefined) return undefined;
    const text = Buffer.from(answer.body).toString();
    return withBody(
      answer,
      random.pick([
        Buffer.from(`\ufeff${text}`),
        Buffer.from(text, 'utf16le'),
        Buffer.from(`${text}\0`),
        Buffer.from(` ${text}\n`),
      ]),
    );
  },
  'elements exchanged': (answer, random) => {
    const count = countElements(answer);
    if (count < 2) return undefined;
    const [a, b] = [random.below(count), random.below(count)];
    const first = replaceElement(answer, a, elementAt(answer, b));
    return replaceElement({ ...answer, ...first }, b, elementAt(answer, a));
  },
  'element replaced': (answer, random, world) => {
    const count = countElements(answer);
    if (count === 0) return undefined;
    const other = random.pick([...world.older, ...world.foreign].filter((recorded) => countElements(recorded) > 0));
    const element = random.pick([...ELEMENTS, elementAt(other, random.below(countElements(other)))]);
    return replaceElement(answer, random.below(count), element);
  },
  'another count of elements': (answer, random) => {
    const count = countElements(answer);
    if (count === 0) return undefined;
    const at = ELEMENTS_AT + 32 * random.below(count);
    const body = random.pick([
      Buffer.concat([answer.body.slice(0, at), answer.body.slice(at + 32)]),
      Buffer.concat([answer.body.slice(0, at), answer.body.slice(at, at + 32), answer.body.slice(at)]),
    ]);
    body[1] = random.pick([count - 1, count, count + 1, 0, 32, 255]);
    return withBody(answer, body);
  },
  'status changed': (answer, random) => ({ ...answer, status: random.pick(STATUSES) }),
  'header changed': (answer, random) => {
    const [name, values] = random.pick(HEADERS);
    return { ...answer, headers: { ...answer.headers, [name]: random.pick(values) } };
  },
  'headers dropped': (answer) => ({ ...answer, headers: {} }),
  'of an older snapshot': (answer, random, world) => pickOther(answer, world.older, random),
  'of another dataset': (answer, random, world) => pickOther(answer, world.foreign, random),
  'of an older snapshot, under the headers of this one': (answer, random, world) =>
    withBody(answer, pickOther(answer, world.older, random).body),
  'of another dataset, under the headers of this one': (answer, random, world) =>
    withBody(answer, pickOther(answer, world.foreign, random).body),
};

/** Kinds that give a client that has seen nothing yet an honest answer of an earlier time. */
export const REPLAYS: ReadonlySet<string> = new Set([
  'of an older snapshot',
  'of an older snapshot, under the headers of this one',
]);
