// The style of the page of `credveil stats --html`: light and dark, phones and wider screens.

export const STATS_STYLE = `
:root {
  --page: #f6f7f9; --card: #ffffff; --text: #1b1f27; --soft: #565d6b; --line: #dfe3ea; --base: #8d95a5;
  --one: #2463b4; --two: #d98a1f; --three: #6c7a89; --dot: #0d3468;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1b2029; --text: #e9ecf2; --soft: #a5adbb; --line: #2f3744; --base: #6d7687;
    --one: #5b9bea; --two: #e0a04a; --three: #8795a6; --dot: #dcebff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 4px; }
h1 span { overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 4px 0 0; color: var(--soft); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 172px), 1fr)); gap: 12px; margin: 20px 0; }
.tiles div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tiles div, figure, .facts { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; }
.tiles dt { color: var(--soft); font-size: 0.875rem; }
.tiles dd { margin: 0; font-size: 1.125rem; font-weight: 600; line-height: 1.25; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; margin-bottom: 16px; }
figure { margin: 0; min-width: 0; display: flex; flex-direction: column; }
figcaption { flex: 1; margin-bottom: 12px; }
figcaption p { font-size: 0.9375rem; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); }
svg .name { fill: var(--text); font-size: 13px; }
.grid { stroke: var(--line); }
.base { stroke: var(--base); }
.bar, rect.part-1 { fill: var(--one); }
rect.part-2 { fill: var(--two); }
rect.part-3 { fill: var(--three); }
.bar:hover, svg [class^="part"]:hover { opacity: 0.8; }
.dot { fill: var(--dot); stroke: var(--card); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; margin: 0; padding: 0; font-size: 0.875rem; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 6px; vertical-align: -1px; }
.legend .part-1::before { background: var(--one); }
.legend .part-2::before { background: var(--two); }
.legend .part-3::before { background: var(--three); }
details { margin-top: 8px; font-size: 0.875rem; }
summary { cursor: pointer; color: var(--soft); }
summary:focus-visible { outline: 2px solid var(--one); outline-offset: 2px; }
.scroll { overflow-x: auto; margin-top: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 10px 5px 0; border-top: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 400; overflow-wrap: anywhere; white-space: normal; min-width: 8em; }
.facts + .facts { margin-top: 16px; }
.facts table { margin-top: 4px; font-size: 0.9375rem; }
@media (max-width: 480px) { svg text, svg .name { font-size: 14px; } }
@media print { body { background: none; } figure, .tiles div, .facts { break-inside: avoid; } }
`;
