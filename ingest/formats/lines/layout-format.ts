// The format of lines of a layout: a simple one has a name of its own and a faster parser.

import type { CorpusFormat, FormatOptions } from '../format.ts';
import { isPair, type LineLayout } from '../layout.ts';
import { lineFormat } from '../line-parser.ts';
import { layoutRules } from './layout-rules.ts';
import { COMBO_FORMATS, comboFormatOf, passwordsFormat } from './line-format.ts';
import { urlFormatOf } from './url-lines.ts';

export function formatOfLayout(layout: LineLayout): CorpusFormat {
  const { separator, hasUrls, remarks, quote, others } = layout;
  if (remarks || quote !== undefined || others) return laidOutFormat(layout);
  if (hasUrls) return urlFormatOf(separator === ':' ? {} : { separator });
  if (!isPair(layout)) return laidOutFormat(layout);
  const named = COMBO_FORMATS.find(([known]) => known === separator);
  return named?.[1] ?? comboFormatOf('combo', separator, { separator });
}

const laidOutFormat = (layout: LineLayout): CorpusFormat =>
  lineFormat('combo', ['account', 'password'], layoutRules(layout), { separator: layout.separator, layout });

/** The format of this name if its lines are pairs, or passwords alone. */
export function plainFormat(name: string, options: FormatOptions): CorpusFormat | undefined {
  const { layout, separator } = options;
  if (name === passwordsFormat.name) return passwordsFormat;
  if (name === 'combo') return layout ? laidOutFormat(layout) : comboFormatOf(name, separator ?? ':', options);
  const named = COMBO_FORMATS.find(([, format]) => format.name === name);
  return named && comboFormatOf(name, named[0], options);
}
