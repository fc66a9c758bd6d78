// How a generated login is encoded: as JSON, as a form, or as a multipart form with oddities; in a
// charset, and compressed.

import { Buffer } from 'node:buffer';
import zlib from 'node:zlib';
import type { Random } from '../random.ts';

/** Fields in order. Names may repeat. */
export type Fields = readonly (readonly [name: string, value: unknown])[];

export const FORM = 'application/x-www-form-urlencoded';
export const BOUNDARY = 'x--x';

/** The strings of a field in a form; nested values in the notation of qs. */
function pairsOf(fields: Fields): [string, string][] {
  return fields.flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return value.flatMap((one) => pairsOf([[name, one]]));
    if (typeof value === 'object' && value !== null)
      return pairsOf(Object.entries(value).map(([inner, one]) => [`${name}[${inner}]`, one]));
    return [[name, String(value ?? '')]];
  });
}

/** JSON text in which names may repeat. */
const jsonOf = (fields: Fields): string =>
  `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`).join(',')}}`;

export const formOf = (fields: Fields): string => new URLSearchParams(pairsOf(fields)).toString();

const plainPart = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const partsOf = (fields: Fields): [string, string][] =>
  pairsOf(fields).map(([name, value]) => [name.replace(/["\r\n\0]/g, '_'), value]);

const multipartOf = (fields: Fields): string =>
  `${partsOf(fields)
    .map((part) => plainPart(...part))
    .join('')}--${BOUNDARY}--\r\n`;

type Part = (name: string, value: string) => string;

const partWith =
  (header: (name: string) => string): Part =>
  (name, value) =>
    `--${BOUNDARY}\r\n${header(name)}\r\n\r\n${value}\r\n`;

/** Parts that some parsers read as a field, and others as none or refuse. */
const ODD_PARTS: readonly Part[] = [
  partWith((name) => `Content-Disposition: attachment; name="${name}"`),
  partWith((name) => `Content-Disposition: form-data; name=${name}`),
  partWith((name) => `Content-Disposition: form-data; name*=utf-8''${encodeURIComponent(name)}`),
  partWith((name) => `Content-Disposition: form-data; name="${name.replace(/[a-z]/, '\\$&')}"`),
  partWith((name) => `Content-Disposition: form-data; name="${name.replace(/[a-z]/, '%70')}"`),
  partWith((name) => `Content-Disposition: form-data; name="${name}"; filename="a"`),
  partWith((name) => `Content-Disposition: form-data; filename="a;name=x"; name="${name}"`),
  partWith((name) => `Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="${name}"`),
  partWith((name) => `content-type: text/plain; charset=utf-16le\r\ncontent-disposition: form-data; name="${name}"`),
  partWith((name) => `Content-Disposition: form-data;\r\n name="${name}"`),
  partWith((name) => `X-A: b\r\nContent-Disposition: form-data; name="${name}"`),
  (name, value) =>
    partWith(() => `Content-Disposition: form-data; name="${name}"\r\nContent-Transfer-Encoding: base64`)(
      name,
      Buffer.from(value).toString('base64'),
    ),
  (name, value) => plainPart(name, value).replaceAll('\r\n', '\n'),
  (name, value) => plainPart(name, value).replace(BOUNDARY, `${BOUNDARY} `),
  (name, value) => plainPart(name, `\ufeff${value}`),
  (name, value) => plainPart('x', `\n--${BOUNDARY}\n${plainPart(name, value)}`),
];

/** A multipart form with an odd part, before it, after it or in place of a plain one. */
export function oddMultipartOf(fields: Fields, random: Random): string {
  const parts = partsOf(fields);
  const odd = random.below(parts.length);
  const texts = parts.map((part, i) => (i === odd ? random.pick(ODD_PARTS) : plainPart)(...part));
  const end = random.pick([`--${BOUNDARY}--\r\n`, `--${BOUNDARY}--`, `--${BOUNDARY}\r\n`, '', `--${BOUNDARY}--\r\nx`]);
  return random.pick(['', '', '', 'a preamble\r\n', '\r\n']) + texts.join('') + end;
}

export const ENCODINGS = {
  json: { type: 'application/json', encode: jsonOf },
  form: { type: FORM, encode: formOf },
  multipart: { type: `multipart/form-data; boundary=${BOUNDARY}`, encode: multipartOf },
} as const;

/** The bytes of a text, in the charset of its content type. */
export const inCharset = (text: string, contentType: string): Buffer<ArrayBuffer> =>
  Buffer.from(text, /utf-16/i.test(contentType) ? 'utf16le' : 'utf8');

/** Stored blocks keep the bytes of a decoy readable. */
const STORED = { level: 0 } as const;

export const COMPRESSIONS = [
  { name: 'deflate', compress: (bytes: Buffer<ArrayBuffer>) => zlib.deflateSync(bytes, STORED) },
  { name: 'deflate', compress: (bytes: Buffer<ArrayBuffer>) => zlib.deflateRawSync(bytes, STORED) },
  { name: 'gzip', compress: (bytes: Buffer<ArrayBuffer>) => zlib.gzipSync(bytes, STORED) },
  { name: 'br', compress: (bytes: Buffer<ArrayBuffer>) => zlib.brotliCompressSync(bytes) },
] as const;
