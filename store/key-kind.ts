// What a key file holds, by the first characters of its text.

export type WantedKey = 'dataset' | 'client' | 'signing' | 'watch' | 'any' | 'identity' | 'token' | 'secret';

const FOUND: readonly (readonly [start: string, name: string])[] = [
  ['credveil-hmac-', 'a dataset key'],
  ['credveil-oprf-public-', 'a public key'],
  ['credveil-oprf-', 'a dataset key'],
  ['credveil-publisher-', 'the key of a publisher'],
  ['credveil-head-public-', 'the public line of a head key'],
  ['credveil-head-', 'a head key'],
  ['credveil-watch-public-', 'the public line of a watch key'],
  ['credveil-watch-', 'a watch key'],
  ['credveil-client-', 'a client key'],
  ['credveil-trust-', 'the public line of a dataset'],
  ['AGE-SECRET-KEY-', 'an age identity'],
];

const WANTED: { readonly [wanted in WantedKey]: readonly [name: string, hint: string] } = {
  dataset: ['a dataset key', 'Name the file that `credveil init` or `credveil keygen --suite` wrote.'],
  client: ['a client key', 'Name a file with the whole line that `credveil client add` printed.'],
  signing: [
    'the key of a publisher or a head key',
    'Name the file that `credveil init` or `credveil keygen --signing` wrote.',
  ],
  watch: ['a watch key', 'Name the file that `credveil watch keygen` wrote.'],
  any: [
    'a key of a dataset or publisher, or a watch key',
    'Name the file that `credveil init`, `credveil keygen` or `credveil watch keygen` wrote.',
  ],
  token: [
    'a token of one line and 32 to 256 characters',
    'Write one to a file of mode 0600: (umask 077; openssl rand -hex 32 > FILE)',
  ],
  secret: ['a secret of one line', 'Write what the provider gave you to a file of mode 0600.'],
  identity: ['an age identity', 'Name the file that age-keygen wrote.'],
};

/** Why a text is not the wanted key, and the next step. Neither quotes the text. */
export function describeWrongKey(text: string, wanted: WantedKey): { readonly why: string; readonly hint: string } {
  const [, found] = FOUND.find(([start]) => text.trimStart().startsWith(start)) ?? [];
  const [name, hint] = WANTED[wanted];
  if (found === undefined)
    return { why: wanted === 'token' || wanted === 'secret' ? `not ${name}` : 'not a Credveil key', hint };
  return { why: name.includes(found) ? `${found} that is not whole, or altered` : `${found}, not ${name}`, hint };
}
