import { z } from 'zod';
import { SENSITIVITIES } from './config.ts';

const MOST_ZONES = 16;
const MOST_POINTS = 64;
/** Of the picture: a few of the pixels that are looked at. */
const LEAST_AREA = 0.0001;

const POINT_RULE =
  'two numbers from 0 to 1, as in [0.25, 0.8]: shares of the width and height from the upper left';

const share = z
  .number({ error: POINT_RULE })
  .min(0, { error: POINT_RULE, abort: true })
  .max(1, { error: POINT_RULE, abort: true });
type Point = readonly [x: number, y: number];

const points = z
  .array(z.tuple([share, share], { error: POINT_RULE }), {
    error: 'a list of points, as in [[0, 0], [1, 0], [1, 1]]',
  })
  .min(3, { error: `3 to ${MOST_POINTS} points` })
  .max(MOST_POINTS, { error: `3 to ${MOST_POINTS} points`, abort: true })
  .superRefine((corners, context) => {
    if (corners.length < 3) return;
    const crossing = crossingSides(corners);
    if (crossing) {
      const [first, second] = crossing;
      context.addIssue({
        code: 'custom',
        message: `points in the order of the outline: the side after point ${first + 1} crosses the one after point ${second + 1}`,
      });
    } else if (areaOf(corners) < LEAST_AREA) {
      context.addIssue({
        code: 'custom',
        message: `an outline around at least ${LEAST_AREA * 100} % of the picture: these points are all but on one line`,
      });
    }
  })
  .describe('corners in the order of the outline, in shares of width and height from the upper left');

const zone = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}]*$/u, { error: 'a name without control characters' })
      .describe('stands in events: another one for each zone of a camera'),
    kind: z
      .enum(['include', 'ignore'])
      .describe('include: only what moves in such zones counts; ignore: what moves there does not'),
    points,
    sensitivity: z
      .enum(SENSITIVITIES)
      .optional()
      .describe('of a zone that includes: high, when half an object is enough; low, when it has to be two'),
    minimumSize: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('of a zone that includes: what covers less of the picture than this share does not count'),
  })
  .superRefine(({ kind, sensitivity, minimumSize }, context) => {
    if (kind === 'include') return;
    for (const [key, value] of Object.entries({ sensitivity, minimumSize })) {
      if (value !== undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'nothing here, as nothing in this zone counts',
        });
    }
  });

/** `detect.zones` of a camera. */
export const zones = z
  .array(zone)
  .max(MOST_ZONES, { error: `at most ${MOST_ZONES} zones`, abort: true })
  .superRefine((list, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of list.entries()) {
      if (names.has(name))
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: 'a name that no other zone of the camera has',
        });
      names.add(name);
    }
  })
  .describe('where motion counts, and where it does not; without them it counts everywhere');

/** The first two sides that cross each other, by the point that they begin at; touching is not crossing. */
function crossingSides(corners: readonly Point[]): readonly [number, number] | undefined {
  const end = (side: number): Point => corners[(side + 1) % corners.length] as Point;
  for (const [first, a] of corners.entries()) {
    for (let second = first + 1; second < corners.length; second++) {
      const c = corners[second] as Point;
      const [b, d] = [end(first), end(second)];
      const apart = turn(a, b, c) * turn(a, b, d);
      if (apart < 0 && turn(c, d, a) * turn(c, d, b) < 0) return [first, second];
    }
  }
  return undefined;
}

/** Above 0 when `c` lies on one side of the line from `a` to `b`, below on the other. */
const turn = (a: Point, b: Point, c: Point): number =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

/** What an outline that does not cross itself encloses. */
function areaOf(corners: readonly Point[]): number {
  let twice = 0;
  for (const [index, [x, y]] of corners.entries()) {
    const [nextX, nextY] = corners[(index + 1) % corners.length] as Point;
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}
