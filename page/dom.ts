// Finds elements of the document and creates new ones from text. Text never becomes markup.

/** @throws Error if the document lacks the element, since document and script belong together */
export function byId<T extends Element>(id: string, type: { new (): T; readonly name: string }): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`no ${type.name} has the id ${id}`);
}

export type Child = Node | string;

/** @param attributes `class` and others; undefined omits an attribute */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function makeSvg(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: Node[]
): Element {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A description list of terms and their values. */
export function describe(terms: readonly (readonly [term: string, description: Child])[]): HTMLDListElement {
  return make(
    'dl',
    {},
    ...terms.map(([term, description]) => make('div', {}, make('dt', {}, term), make('dd', {}, description))),
  );
}

export interface Column {
  readonly title: string;
  readonly number?: true;
}

/** The first cell of a row is its header. Roles are named: a table shown as blocks has none. */
export function makeTable(columns: readonly Column[], rows: readonly (readonly Child[])[]): HTMLTableElement {
  const classOf = (i: number): string | undefined => (columns[i]?.number ? 'number' : undefined);
  const head = columns.map(({ title }, i) =>
    make('th', { scope: 'col', role: 'columnheader', class: classOf(i) }, title),
  );
  const body = rows.map((cells) =>
    make(
      'tr',
      { role: 'row' },
      ...cells.map((cell, i) =>
        i === 0
          ? make('th', { scope: 'row', role: 'rowheader' }, cell)
          : make('td', { role: 'cell', class: classOf(i), 'data-title': columns[i]?.title }, cell),
      ),
    ),
  );
  return make(
    'table',
    { role: 'table' },
    make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...head)),
    make('tbody', { role: 'rowgroup' }, ...body),
  );
}

/** A horizontally scrollable region that is focusable by keyboard and has an accessible name. */
export function makeScrollable(label: string, content: Node): HTMLElement {
  return make('section', { class: 'scroll', tabindex: '0', 'aria-label': label }, content);
}

/** Shows the parts of the document for one suite and hides those for the other. */
export function showSuite(suite: string): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-suite]'))
    element.hidden = element.dataset.suite !== suite;
}

const grouped = new Intl.NumberFormat('en-US');
export const formatCount = (count: number): string => grouped.format(count);

/** A count and its noun; the plural takes an s. */
export const formatCounted = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

const MAX_SHOWN = 160;

/** Text of any length, shortened for display. */
export function shorten(text: string): string {
  const points = Array.from(text.slice(0, 2 * MAX_SHOWN));
  if (points.length <= MAX_SHOWN && text.length <= 2 * MAX_SHOWN) return text;
  return `${points.slice(0, MAX_SHOWN).join('')}… (${formatCounted(text.length, 'character')})`;
}
