// The archive of one source: its credentials as the corpus had them, before normalization.
//
//   struct ArchiveFile {             // in one zstd frame, in one age file
//     u8  magic[8] = "CVARC" 00 00 01;
//     u32 headerBytes;               // 1 to 2^20, big-endian, as all integers here
//     u8  header[headerBytes];       // JSON, ArchiveHeader
//     struct {
//       u32 text = 2^32 - 1;
//       u32 textBytes;               // 1 to 2^20
//       u8  header[textBytes];       // JSON, TextHeader
//       struct {
//         u32 bytes;                 // 1 to 2^20
//         u8  content[bytes];        // lines, or PackedCredential (packed-credential.ts)
//       } blocks[];
//     } texts[];
//     u32 end = 0;
//     u32 footerBytes;               // 1 to 2^24
//     u8  footer[footerBytes];       // JSON, ArchiveFooter
//   }
//
// age notices a cut file by its last chunk; the footer shows that its writer finished.

import { z } from 'zod';
import { INDEX_NAMES, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import { MONTH, NAME } from '../../protocol/ids.ts';
import { IngestError } from '../errors.ts';

export const ARCHIVE_MAGIC = Buffer.from('CVARC\0\0\x01', 'latin1');
/** In place of a block's length: a text begins. */
export const TEXT_MARK = 0xffff_ffff;
export const MAX_HEADER_BYTES = 1 << 20;
export const MAX_BLOCK_BYTES = 1 << 20;
export const MAX_FOOTER_BYTES = 1 << 24;

const count = z.int().min(0);

const headerSchema = z.object({
  source: z.string().regex(NAME),
  date: z.string().regex(MONTH).optional(),
  /** The corpus was a mirror: ranges that it lacks are gaps. */
  mirror: z.literal(true).optional(),
  /** What the operator stated about how to read the corpus. */
  options: z.record(z.string().regex(NAME), z.string().max(4096)),
});

const textSchema = z.object({
  /** Its path in the corpus. */
  name: z.string().max(4096),
  /** The format that it was read as. */
  format: z.string().regex(NAME),
  options: z.looseObject({}),
  content: z.enum(['lines', 'packed']),
  /** The indexes that the format feeds. */
  feeds: z.array(z.enum([...INDEX_NAMES, ...RANGE_NAMES])).min(1),
});

const footerSchema = z.object({
  /** The corpus files. */
  files: z.array(z.object({ name: z.string().max(4096), bytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** Lines that were dropped before they came into the archive, by reason. */
  rejects: z.record(z.string().regex(NAME), count),
});

export type ArchiveHeader = z.infer<typeof headerSchema>;
export type TextHeader = z.infer<typeof textSchema>;
export type ArchiveFooter = z.infer<typeof footerSchema>;

/** @throws IngestError `ARCHIVE_CORRUPT` */
export const parseArchiveHeader = (bytes: Buffer): ArchiveHeader => parseJson(bytes, headerSchema);
/** @throws IngestError `ARCHIVE_CORRUPT` */
export const parseTextHeader = (bytes: Buffer): TextHeader => parseJson(bytes, textSchema);
/** @throws IngestError `ARCHIVE_CORRUPT` */
export const parseArchiveFooter = (bytes: Buffer): ArchiveFooter => parseJson(bytes, footerSchema);

function parseJson<T>(bytes: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    // The error may quote what the archive hides.
    throw corruptArchive('its description is malformed');
  }
}

export function corruptArchive(why: string, cause?: unknown): IngestError {
  return new IngestError(
    'ARCHIVE_CORRUPT',
    `archive: ${why}`,
    'Copy it again from its backup: nothing of it was kept.',
    { cause },
  );
}
