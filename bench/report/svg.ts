/** Plots as SVG text, for a report that needs nothing else. Colours are classes of the page, so that dark pages work. */

export interface Series {
  readonly name: string;
  /** Class of its colour: `a` to `i`. */
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  /** Drawn without dots, dashed: reckoned, not measured. */
  readonly reckoned?: boolean;
  /** `false`: points are too many for dots. */
  readonly dots?: boolean;
  /** Dots that are crossed: the objective did not hold there. */
  readonly bad?: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** A line across, as a limit is. */
  readonly limit?: { readonly at: number; readonly name: string };
  /** A line upwards, as a city's count of cameras. */
  readonly mark?: { readonly at: number; readonly name: string };
}

const WIDTH = 560;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 20;
const TOP = 48;
const BOTTOM = 46;
const TICKS = 5;

export function lineChart({ title, x, y, series, limit, mark }: Chart): string {
  const points = series.flatMap((one) => one.points);
  const most = (index: 0 | 1, more: number | undefined): number =>
    niceTop(Math.max(more ?? 0, ...points.map((point) => point[index]), Number.MIN_VALUE));
  const [right, top] = [most(0, mark?.at), most(1, limit?.at)];
  const at = (px: number, py: number): readonly [number, number] => [
    LEFT + (px / right) * (WIDTH - LEFT - RIGHT),
    HEIGHT - BOTTOM - (py / top) * (HEIGHT - TOP - BOTTOM),
  ];
  const parts = [frame(title, x, y, right, top)];
  if (limit) {
    const [, py] = at(0, limit.at);
    parts.push(
      `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(py)}" y2="${n(py)}"/>`,
      `<text class="note" x="${WIDTH - RIGHT}" y="${n(py - 4)}" text-anchor="end">${escape(limit.name)}</text>`,
    );
  }
  if (mark) {
    const [px] = at(mark.at, 0);
    parts.push(
      `<line class="limit" x1="${n(px)}" x2="${n(px)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
      `<text class="note" x="${n(px - 4)}" y="${TOP + 10}" text-anchor="end">${escape(mark.name)}</text>`,
    );
  }
  for (const { name, colour, points: own, reckoned, dots = true, bad = [] } of series) {
    const path = own
      .map(
        (point, i) =>
          `${i === 0 ? 'M' : 'L'}${at(...point)
            .map(n)
            .join(' ')}`,
      )
      .join('');
    parts.push(`<path class="line ${colour}${reckoned ? ' reckoned' : ''}" d="${path}"/>`);
    if (reckoned || !dots) continue;
    for (const point of own) {
      const [px, py] = at(...point).map(n);
      const told = `<title>${escape(name)}: ${short(point[1])} at ${short(point[0])}</title>`;
      parts.push(`<circle class="dot ${colour}" cx="${px}" cy="${py}" r="4">${told}</circle>`);
      if (bad.includes(point[0]))
        parts.push(`<text class="bad" x="${px}" y="${py}" dy="0.36em" text-anchor="middle">✕</text>`);
    }
  }
  return svg(title, parts, series);
}

export interface Bar {
  readonly name: string;
  /** One value a layer. */
  readonly values: readonly number[];
}

const BAR_HEIGHT = 26;
const LEAST_NAME_WIDTH = 130;
/** Of a letter of the small font, about. */
const LETTER_WIDTH = 6;
/** For what a bar says behind it. */
const SUM_WIDTH = 80;

/** Lying bars of several layers: what something is made of. */
export function stackedBars(
  title: string,
  unit: string,
  layers: readonly { readonly name: string; readonly colour: string }[],
  bars: readonly Bar[],
): string {
  const top = niceTop(Math.max(...bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0))));
  const height = TOP + bars.length * (BAR_HEIGHT + 10) + BOTTOM;
  const nameWidth = Math.max(LEAST_NAME_WIDTH, ...bars.map(({ name }) => name.length * LETTER_WIDTH + 16));
  const wide = (value: number): number => (value / top) * (WIDTH - nameWidth - RIGHT - SUM_WIDTH);
  const parts = [`<text class="title" x="8" y="18">${escape(title)}</text>`];
  for (const [row, { name, values }] of bars.entries()) {
    const y = TOP + row * (BAR_HEIGHT + 10);
    parts.push(
      `<text class="tick" x="${nameWidth - 8}" y="${y + BAR_HEIGHT / 2}" dy="0.36em" text-anchor="end">${escape(name)}</text>`,
    );
    let from = nameWidth;
    for (const [layer, value] of values.entries()) {
      const width = wide(value);
      const told = `<title>${escape(layers[layer]?.name ?? '')}: ${short(value)} ${escape(unit)}</title>`;
      parts.push(
        `<rect class="bar ${layers[layer]?.colour}" x="${n(from)}" y="${y}" width="${n(width)}" height="${BAR_HEIGHT}">${told}</rect>`,
      );
      from += width;
    }
    const sum = values.reduce((all, value) => all + value, 0);
    parts.push(
      `<text class="tick" x="${n(from + 6)}" y="${y + BAR_HEIGHT / 2}" dy="0.36em">${short(sum)} ${escape(unit)}</text>`,
    );
  }
  return svg(title, parts, layers, height);
}

function frame(title: string, x: string, y: string, right: number, top: number): string {
  const parts = [
    `<text class="title" x="8" y="18">${escape(title)}</text>`,
    `<text class="note" x="${WIDTH - RIGHT}" y="${HEIGHT - 12}" text-anchor="end">${escape(x)}</text>`,
    `<text class="note" x="8" y="${TOP - 10}">${escape(y)}</text>`,
  ];
  for (let tick = 0; tick <= TICKS; tick++) {
    const py = HEIGHT - BOTTOM - (tick / TICKS) * (HEIGHT - TOP - BOTTOM);
    const px = LEFT + (tick / TICKS) * (WIDTH - LEFT - RIGHT);
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${n(py)}" y2="${n(py)}"/>`,
      `<text class="tick" x="${LEFT - 6}" y="${n(py)}" dy="0.36em" text-anchor="end">${short((top * tick) / TICKS)}</text>`,
      `<text class="tick" x="${n(px)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${short((right * tick) / TICKS)}</text>`,
    );
  }
  return parts.join('');
}

function svg(
  title: string,
  parts: readonly string[],
  legend: readonly { readonly name: string; readonly colour: string }[],
  height = HEIGHT,
): string {
  const entries = legend.map(({ name, colour }) => `<li><i class="${colour}"></i>${escape(name)}</li>`);
  return [
    '<figure>',
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">${parts.join('')}</svg>`,
    `<ul>${entries.join('')}</ul>`,
    '</figure>',
  ].join('');
}

/** The next round number: a scale of five steps ends there. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step =
    [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.999_999) ?? 10;
  return step * power;
}

const n = (value: number): number => Math.round(value * 10) / 10;
const short = (value: number): string => String(Number(value.toPrecision(3)));

export function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
