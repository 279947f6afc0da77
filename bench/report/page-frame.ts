import { escape } from './svg.ts';

/**
 * Blue, orange, green, red, purple, grey: told apart by most people who see colours differently, too. Then turquoise,
 * pink and brown, where more lines meet.
 */
const COLOURS = {
  ...{ a: '#3b7dd8', b: '#e08a1e', c: '#3f9d5a', d: '#c94f4f', e: '#8a63c9', f: '#8b949e' },
  ...{ g: '#2aa3a8', h: '#d868a8', i: '#8f6b3d' },
};

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1d2430, #e5e9f0); --soft: light-dark(#5c6675, #9aa5b5);
  --line: light-dark(#dfe3e9, #333c49); --paper: light-dark(#fbfcfd, #151a21); --card: light-dark(#fff, #1c232c);
  --good: light-dark(#1f7a3f, #5bc27e); --bad: light-dark(#b3261e, #ff8a80); }
body { margin: 0 auto; max-width: 1180px; padding: 24px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
p { margin: 4px 0; max-width: 100ch; } .soft { color: var(--soft); }
.lead { font-size: 18px; } .good { color: var(--good); } .not { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { padding: 5px 6px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 500; } th:first-child, td:first-child { text-align: left; }
td.why { text-align: left; color: var(--bad); white-space: normal; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; }
figure { margin: 0; padding: 10px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
svg { width: 100%; height: auto; display: block; }
figure ul { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 4px 8px; padding: 0; list-style: none;
  font-size: 13px; color: var(--soft); }
figure i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
.title { font: 600 14px system-ui, sans-serif; fill: var(--ink); }
.tick, .note { font: 11px system-ui, sans-serif; fill: var(--soft); }
.grid { stroke: var(--line); } .limit { stroke: var(--bad); stroke-dasharray: 5 4; }
.line { fill: none; stroke-width: 2; } .reckoned { stroke-dasharray: 4 4; opacity: 0.7; }
.bad { font: 700 13px system-ui, sans-serif; fill: var(--bad); }
${Object.entries(COLOURS)
  .map(
    ([name, colour]) =>
      `.line.${name} { stroke: ${colour}; } .dot.${name}, .bar.${name} { fill: ${colour}; } i.${name} { background: ${colour}; }`,
  )
  .join('\n')}
`;

/** One file that needs nothing else: no script, no font, no picture from anywhere. */
export function framed(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escape(title)}</title><style>${STYLE}</style></head><body>`,
    ...body,
    '</body></html>',
    '',
  ].join('\n');
}

export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const headCells = head.map((cell) => `<th>${escape(cell)}</th>`).join('');
  const bodyRows = rows.map((row) => `<tr>${row.join('')}</tr>`).join('');
  return `<div class="wide"><table><thead><tr>${headCells}</tr></thead><tbody>${bodyRows}</tbody></table></div>`;
}

export const td = (text: string | number, className = ''): string =>
  `<td${className === '' ? '' : ` class="${className}"`}>${escape(String(text))}</td>`;
