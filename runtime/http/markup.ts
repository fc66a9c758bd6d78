// HTML and SVG in template literals: everything that is put in is escaped, unless it is markup
// itself.

/** Text that is safe to insert into a page unescaped. Only `html` creates it. */
export interface Markup {
  readonly markup: string;
}

type Content = Markup | string | number | readonly Markup[];

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

function render(content: Content): string {
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeText(content);
  return 'markup' in content ? content.markup : content.map(({ markup }) => markup).join('');
}

/** Attributes must be in quotes. */
export function html(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { markup: literals.reduce((text, literal, i) => text + render(contents[i - 1] ?? '') + literal) };
}
