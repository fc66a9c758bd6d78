// The corpus format of a text in an archive: the line format that it was read as, or packed
// credentials.

import { IngestError } from '../errors.ts';
import type { CorpusFormat, CredentialSink } from '../formats/format.ts';
import { LINE_MODULES } from '../line-registry.ts';
import { corruptArchive, type TextHeader } from './archive-format.ts';
import { MAX_PACKED_FIELD_BYTES, NO_USERNAME, PACKED_HEADER_BYTES } from './packed-credential.ts';

/** @throws IngestError `FORMAT_UNKNOWN` */
export function formatOfText({ format: name, options, content, feeds }: TextHeader): CorpusFormat {
  if (content === 'packed') return { name, options, feeds, createParser: (sink) => new PackedParser(sink) };
  const format = LINE_MODULES.find(({ names }) => names.includes(name))?.create(name, options);
  if (format?.lines) return format;
  throw new IngestError(
    'FORMAT_UNKNOWN',
    'this version does not know the format of the archive',
    'Use the version of credveil that made the archive, or a newer one.',
  );
}

/** Parses PackedCredential. It holds one block, and the start of one credential. */
class PackedParser {
  readonly #sink: CredentialSink;
  readonly #text = new TextDecoder('utf-8', { ignoreBOM: true });
  #rest: Buffer = Buffer.alloc(0);

  constructor(sink: CredentialSink) {
    this.#sink = sink;
  }

  push(block: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, block]) : block;
    let at = 0;
    for (;;) {
      if (at + PACKED_HEADER_BYTES > bytes.length) break;
      const times = bytes.readUInt32LE(at);
      const usernameBytes = bytes.readUInt32LE(at + 4);
      const passwordBytes = bytes.readUInt32LE(at + 8);
      const hasUsername = usernameBytes !== NO_USERNAME;
      if (
        (hasUsername && usernameBytes > MAX_PACKED_FIELD_BYTES) ||
        passwordBytes > MAX_PACKED_FIELD_BYTES ||
        times === 0
      )
        throw corruptArchive('a credential is malformed');
      const passwordAt = at + PACKED_HEADER_BYTES + (hasUsername ? usernameBytes : 0);
      if (passwordAt + passwordBytes > bytes.length) break;
      const password = this.#text.decode(bytes.subarray(passwordAt, passwordAt + passwordBytes));
      if (hasUsername) {
        const username = this.#text.decode(bytes.subarray(at + PACKED_HEADER_BYTES, passwordAt));
        this.#sink.credential({ username, password, times });
      } else this.#sink.credential({ password, times });
      at = passwordAt + passwordBytes;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  end(): void {
    if (this.#rest.length > 0) throw corruptArchive('its last credential is cut');
  }
}
