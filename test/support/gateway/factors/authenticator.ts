// An authenticator in software, with the browser in front of it: WebAuthn Level 3 §5.1, §6.

import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface CreationOptions {
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
  readonly challenge: string;
  readonly excludeCredentials: readonly { readonly id: string }[];
  readonly attestation: string;
}

export interface RequestOptions {
  readonly rpId: string;
  readonly challenge: string;
  readonly allowCredentials: readonly { readonly id: string }[];
}

/** What a client says that lies. */
export interface Lie {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly isVerified?: boolean;
  readonly isPresent?: boolean;
  /** Another key signs. */
  readonly key?: KeyObject;
}

/** A maker of authenticators: its key signs what a model says of itself. */
export interface Maker {
  readonly key: KeyObject;
  /** DER, its own first. */
  readonly chain: readonly Buffer[];
}

const FLAGS = { present: 0x01, verified: 0x04, attested: 0x40 };

export class Authenticator {
  readonly #origin: string;
  readonly aaguid: string;
  readonly #maker: Maker | undefined;
  readonly #isVerifying: boolean;
  readonly #isSelf: boolean;
  readonly keys = new Map<string, { readonly key: KeyObject; readonly handle: string }>();
  counter = 0;

  constructor(
    origin: string,
    {
      aaguid = '00000000-0000-0000-0000-000000000000',
      maker,
      isVerifying = true,
      isSelf = false,
    }: {
      readonly aaguid?: string;
      readonly maker?: Maker;
      readonly isVerifying?: boolean;
      /** Its own key signs what it says of itself. */
      readonly isSelf?: boolean;
    } = {},
  ) {
    this.#origin = origin;
    this.aaguid = aaguid;
    this.#maker = maker;
    this.#isVerifying = isVerifying;
    this.#isSelf = isSelf;
  }

  create(options: CreationOptions, lie: Lie = {}) {
    if (options.excludeCredentials.some(({ id }) => this.keys.has(id))) throw new Error('it has a key there');
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const id = randomBytes(32);
    this.keys.set(id.toString('base64url'), { key: privateKey, handle: options.user.id });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // RFC 9053 §7.1.1: kty EC2, alg ES256, crv P-256.
    const cose = cbor(
      new Map<number, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const aaguid = Buffer.from(this.aaguid.replaceAll('-', ''), 'hex');
    const attested = Buffer.concat([aaguid, length, id, cose]);
    const data = Buffer.concat([this.#data(options.rp.id, lie, FLAGS.attested), attested]);
    const client = this.#client('webauthn.create', options.challenge, lie);
    const maker = options.attestation === 'direct' ? this.#maker : undefined;
    const statement = new Map<string, Cbor>();
    const signing = maker?.key ?? (this.#isSelf ? privateKey : undefined);
    if (signing) {
      statement.set('alg', -7);
      statement.set('sig', sign('sha256', Buffer.concat([data, sha256(client)]), signing));
    }
    if (maker) statement.set('x5c', [...maker.chain]);
    const object = new Map<string, Cbor>([
      ['fmt', signing ? 'packed' : 'none'],
      ['attStmt', statement],
      ['authData', data],
    ]);
    return {
      ...named(id),
      response: {
        clientDataJSON: client.toString('base64url'),
        attestationObject: cbor(object).toString('base64url'),
        transports: ['usb'],
      },
    };
  }

  get(options: RequestOptions, lie: Lie = {}) {
    const id = options.allowCredentials.map((each) => each.id).find((each) => this.keys.has(each));
    const [own] = this.keys.keys();
    const used = id ?? own ?? '';
    const { key, handle } = this.keys.get(used) ?? {};
    if (!key) throw new Error('it has no key');
    const data = this.#data(options.rpId, lie);
    const client = this.#client('webauthn.get', options.challenge, lie);
    const { userHandle = handle ?? '' } = lie;
    const signature = sign('sha256', Buffer.concat([data, sha256(client)]), lie.key ?? key);
    return {
      ...named(Buffer.from(used, 'base64url')),
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle,
      },
    };
  }

  #client(type: string, challenge: string, lie: Lie): Buffer {
    const { origin = this.#origin, crossOrigin = false, topOrigin } = lie;
    const data = { type: lie.type ?? type, challenge: lie.challenge ?? challenge, origin, crossOrigin, topOrigin };
    return Buffer.from(JSON.stringify(data));
  }

  /** §6.1. */
  #data(rpId: string, lie: Lie, more = 0): Buffer {
    const { isPresent = true, isVerified = this.#isVerifying } = lie;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(lie.counter ?? ++this.counter);
    const flags = (isPresent ? FLAGS.present : 0) | (isVerified ? FLAGS.verified : 0) | more;
    return Buffer.concat([sha256(Buffer.from(lie.rpId ?? rpId)), Buffer.from([flags]), counter]);
  }
}

const named = (id: Buffer) => ({
  id: id.toString('base64url'),
  rawId: id.toString('base64url'),
  type: 'public-key',
  clientExtensionResults: {},
});

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

type Cbor = number | string | Buffer | readonly Cbor[] | Map<string, Cbor> | Map<number, Cbor>;

/** RFC 8949, as far as an attestation needs it. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, each]) => [cbor(key), cbor(each)])]);
  return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 0xff]);
}
