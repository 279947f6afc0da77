import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { labelledSpans, type Span } from './event-score.ts';
import { type Footage, readClip } from './footage.ts';
import { busyFilm, type GatePrice, gatePrices, quietFilm, visitedFilm } from './gate-price.ts';
import { mean } from './pixel-score.ts';
import { withVisitor } from './visitor.ts';

export interface PricedScene {
  /** Nobody is there, as it was filmed or in bad weather that was made; somebody comes now and then; always somebody. */
  readonly kind: 'empty' | 'noisy' | 'visited' | 'busy';
  readonly price: GatePrice;
}

/** Rain over a yard, nothing else. */
export const RAIN = { path: 'night_rain/rain_yard.mp4', framesPerSecond: 25 } as const;
/** Nobody is on the pavement for the first seconds of this part; then somebody comes and goes again, by eye. */
const PAVEMENT = {
  ...{ path: 'abandoned/video4.avi', framesPerSecond: 25, firstFrame: 75, still: 100 },
  visit: { from: 6.4, to: 19.8 },
} as const;

const as = (kind: PricedScene['kind'], prices: readonly GatePrice[]): PricedScene[] =>
  prices.map((price) => ({ kind, price }));

/** Footage in which something moves all the time. */
export const priceBusy = async (footage: Footage): Promise<PricedScene[]> =>
  as('busy', await gatePrices(busyFilm(footage)));

/**
 * Footage in which somebody comes.
 * @param still frames at its beginning in which nobody is there
 * @param isFilmed otherwise bad weather was made
 */
export async function priceVisited(
  footage: Footage,
  still: number,
  visitor: Span,
  isFilmed: boolean,
): Promise<PricedScene[]> {
  const { frames, framesPerSecond, name } = footage;
  const visit = { ...visitor, to: Math.min(visitor.to, (frames.length - 1) / framesPerSecond) };
  const empty = quietFilm({ ...footage, frames: frames.slice(0, still) }, `empty ${name}`);
  return [
    ...as(isFilmed ? 'empty' : 'noisy', await gatePrices(empty)),
    ...as('visited', await gatePrices(visitedFilm(footage, still, visit))),
  ];
}

/** Scenes that have no labels, as far as they are there: somebody from a labelled one is set into the rain. */
export async function priceOthers(data: string, visitor: Footage): Promise<PricedScene[]> {
  const priced: PricedScene[] = [];
  const [visit] = labelledSpans(visitor);
  if (visit && existsSync(join(data, RAIN.path))) {
    const rain = await readClip(join(data, RAIN.path), RAIN.framesPerSecond);
    const still = rain.frames.length;
    const from = still / RAIN.framesPerSecond;
    const span = { from, to: from + visit.to - visit.from };
    priced.push(...(await priceVisited(withVisitor(rain, visitor, visit), still, span, true)));
  }
  if (existsSync(join(data, PAVEMENT.path))) {
    const { path, framesPerSecond, firstFrame, still, visit: span } = PAVEMENT;
    const clip = await readClip(join(data, path), framesPerSecond);
    const pavement = { ...clip, name: 'pavement', frames: clip.frames.slice(firstFrame) };
    priced.push(...(await priceVisited(pavement, still, span, true)));
  }
  return priced;
}

/** A line a scene and encoder, and one above them. */
export function priceTable(priced: readonly PricedScene[]): string[] {
  const head = `${'footage'.padEnd(38)}${'encoder keeps'.padEnd(15)}saved  events  lost  later s (mean, most)  looks`;
  return [head, ...priced.map(({ price }) => priceLine(price))];
}

function priceLine({ name, control, keyFrames, passed, events, lost, delays, reasons }: GatePrice): string {
  const later = delays.length === 0 ? '-' : `${mean(delays).toFixed(1)}, ${Math.max(...delays).toFixed(1)}`;
  const why = Object.entries(reasons).filter(([reason]) => reason !== 'quiet');
  return [
    name.padEnd(38) + control.replace('constant ', '').padEnd(15),
    `${((100 * passed) / keyFrames).toFixed(0)} %`.padStart(5),
    String(events).padStart(8) + String(lost).padStart(6) + later.padStart(22),
    `  ${why.map(([reason, count]) => `${reason} ${count}`).join(', ')}`,
  ].join('');
}
