// Bytes of a corpus as text: UTF-8 where it is valid, otherwise windows-1252; and hashcat's $HEX[…]. PROTOCOL.md §2.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder('windows-1252');

/** Total: every byte string is some text. */
export function decodeText(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
}

const HEX = /^\$HEX\[((?:[0-9a-fA-F]{2})*)\]$/;

/** Cracking tools write passwords with separators or odd bytes as `$HEX[…]`. Anything else is taken as it stands. */
export function decodeHexNotation(text: string): string {
  if (!text.startsWith('$HEX[')) return text;
  const match = HEX.exec(text);
  return match ? decodeText(Buffer.from(match[1] as string, 'hex')) : text;
}
