import { LEAST_EVIDENCE } from '../activity.ts';
import type { Zone } from '../zones/zone.ts';
import { Canvas, COLOURS, textSize } from './canvas.ts';
import type { FilmPicture } from './film-reader.ts';

/** What was seen in one picture, as it is drawn. */
export interface DrawnLook {
  /** Of the film, microseconds. */
  readonly at: number;
  /** In shares of the picture. */
  readonly boxes: readonly {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly evidence: number;
  readonly moving: boolean;
  /** An event is going on. */
  readonly told: boolean;
}

/** Height of the curve below the picture, and width of one sample in it, pixels. */
const CURVE_HEIGHT = 72;
const SAMPLE_WIDTH = 4;
const LINE_HEIGHT = 2;
/** A tenth of the picture fills it: below, height goes by the square root, so that the least is still seen. */
const FULL_EVIDENCE = 0.1;
const EVENT_HEIGHT = 4;
const MARGIN = 8;
const TEXT_SCALE = 3;

/**
 * Draws what was found onto a film: zones that count in green, that do not in blue; boxes in red while an event goes on,
 * in yellow otherwise; below it the evidence of late, newest at the right, with the least that counts, and red below
 * where there was an event.
 */
export class Overlay {
  readonly canvas: Canvas;
  readonly #zones: readonly Zone[];
  readonly #pictureHeight: number;
  readonly #looks: DrawnLook[] = [];

  constructor({ width, height }: Pick<FilmPicture, 'width' | 'height'>, zones: readonly Zone[]) {
    this.canvas = new Canvas(width, height + CURVE_HEIGHT);
    this.#pictureHeight = height;
    this.#zones = zones;
  }

  draw({ planes }: FilmPicture, look: DrawnLook): void {
    const { canvas } = this;
    const [width, height] = [canvas.width, this.#pictureHeight];
    canvas.show(planes, height);
    for (const { points, kind } of this.#zones)
      canvas.outline(points, height, kind === 'include' ? COLOURS.green : COLOURS.blue);
    for (const box of look.boxes) {
      const [left, top] = [even(box.x * width), even(box.y * height)];
      const [right, bottom] = [even((box.x + box.width) * width), even((box.y + box.height) * height)];
      canvas.frame(left, top, right, bottom, look.told ? COLOURS.red : COLOURS.yellow);
    }
    const clock = clockText(look.at);
    const [textWidth, textHeight] = textSize(clock.length, TEXT_SCALE);
    canvas.fill(0, 0, textWidth + 2 * MARGIN, textHeight + 2 * MARGIN, COLOURS.black);
    canvas.write(clock, MARGIN, MARGIN, TEXT_SCALE, COLOURS.white);
    this.#looks.push(look);
    if (this.#looks.length > width / SAMPLE_WIDTH) this.#looks.shift();
    this.#drawCurve();
  }

  #drawCurve(): void {
    const { canvas } = this;
    const [top, bottom] = [this.#pictureHeight, canvas.height];
    const room = CURVE_HEIGHT - EVENT_HEIGHT - LINE_HEIGHT;
    const heightOf = (evidence: number): number =>
      even(room * Math.min(1, Math.sqrt(evidence / FULL_EVIDENCE)));
    canvas.fill(0, top, canvas.width, bottom, COLOURS.black);
    const floor = bottom - EVENT_HEIGHT;
    for (const [index, { evidence, moving, told }] of this.#looks.entries()) {
      const left = canvas.width - SAMPLE_WIDTH * (this.#looks.length - index);
      const colour = moving ? COLOURS.yellow : COLOURS.white;
      canvas.fill(left, floor - heightOf(evidence), left + SAMPLE_WIDTH, floor, colour);
      if (told) canvas.fill(left, floor, left + SAMPLE_WIDTH, bottom, COLOURS.red);
    }
    const least = floor - heightOf(LEAST_EVIDENCE);
    canvas.fill(0, least - LINE_HEIGHT, canvas.width, least, COLOURS.grey);
  }
}

const even = (value: number): number => 2 * Math.round(value / 2);

/** `1:02:03`; of a film, so hours are not cut. */
export function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
