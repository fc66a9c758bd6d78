// Sections of a page that is drawn again and again: a table, or a sentence where there are no rows.

import { byId, type Child, type Column, make, makeScrollable, makeTable } from './dom.ts';

export const text = (title: string): Column => ({ title });
export const count = (title: string): Column => ({ title, number: true });

/** What has the focus, or is being read, stays where nothing changed. */
const drawn = new Map<string, string>();

export function fill<Row>(
  id: string,
  none: string,
  columns: readonly Column[],
  rows: readonly Row[],
  cellsOf: (row: Row) => Child[],
): void {
  const key = JSON.stringify(rows);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  const place = byId(id, HTMLElement);
  const { label = id } = place.dataset;
  place.replaceChildren(
    rows.length === 0
      ? make('p', { class: 'soft' }, none)
      : makeScrollable(label, makeTable(columns, rows.map(cellsOf))),
  );
}
