import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

/** A camera whose zones are so; each stands in a line of its own, the first in line 6. */
function load(...zones: string[]) {
  const text = [
    'cameras:',
    '  - id: gare',
    '    source: rtsp://10.0.0.1/1',
    '    detect:',
    `      zones: ${zones.length === 0 ? '[]' : ''}`,
    ...zones.map((zone) => `        - ${zone}`),
  ];
  return loadConfig({ text: text.join('\n'), file: 'city.yaml', env: {} });
}

const problems = (...zones: string[]) => {
  const result = load(...zones);
  return result.ok ? [] : result.problems.map(({ line, key, allowed }) => ({ line, key, allowed }));
};

const zone = (name: string, points: unknown, more = ''): string =>
  `{ name: ${name}, kind: include, points: ${JSON.stringify(points)}${more} }`;
const SQUARE = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

describe('zones in a configuration', () => {
  it('have defaults, and there need be none', () => {
    const ignored = `{ name: street, kind: ignore, points: ${JSON.stringify(SQUARE)} }`;
    expect(load(zone('a', SQUARE, ', sensitivity: high, minimumSize: 0.01'), ignored)).toMatchObject({
      config: {
        cameras: [
          {
            detect: {
              zones: [
                { name: 'a', kind: 'include', points: SQUARE, sensitivity: 'high', minimumSize: 0.01 },
                { name: 'street', kind: 'ignore', points: SQUARE, sensitivity: 'normal', minimumSize: 0 },
              ],
            },
          },
        ],
      },
    });
    expect(load()).toMatchObject({ ok: true, config: { cameras: [{ detect: { zones: [] } }] } });
  });

  const at = (rest: string): string => `cameras[0].detect.zones[${rest}`;
  const line = [
    [0.1, 0.1],
    [0.5, 0.5],
    [0.9, 0.9],
  ];
  const bow = [
    [0, 0],
    [1, 1],
    [1, 0],
    [0, 1],
  ];
  const many = Array.from({ length: 65 }, (_, index) => [index / 64, index === 0 ? 1 : 0]);
  it.each<[string, string, string, RegExp]>([
    ['two points', zone('a', [[0, 0], SQUARE[1]]), at('0].points'), /3 to 64 points/],
    ['65 points', zone('a', many), at('0].points'), /3 to 64 points/],
    ['points on one line', zone('a', line), at('0].points'), /at least 0\.01 % of the picture/],
    ['sides that cross', zone('a', bow), at('0].points'), /after point 1 crosses the one after point 3/],
    ['a point outside', zone('a', [...SQUARE.slice(1), [1.5, 0]]), at('0].points[3][0]'), /from 0 to 1/],
    ['a point in words', zone('a', [...SQUARE.slice(1), 'left']), at('0].points[3]'), /from 0 to 1/],
    ['a point of three', zone('a', [...SQUARE.slice(1), [0, 0, 0]]), at('0].points[3]'), /from 0 to 1/],
    ['no points', '{ name: a, kind: include }', at('0].points'), /a list of points/],
    ['no name', zone('""', SQUARE), at('0].name'), /1/],
    ['another kind', zone('a', SQUARE).replace('include', 'mask'), at('0].kind'), /include, ignore/],
    [
      'another sensitivity',
      zone('a', SQUARE, ', sensitivity: 11'),
      at('0].sensitivity'),
      /low, normal, high/,
    ],
    ['too large a size', zone('a', SQUARE, ', minimumSize: 30'), at('0].minimumSize'), /1/],
    [
      'a size of what is ignored',
      zone('a', SQUARE, ', minimumSize: 0.1').replace('include', 'ignore'),
      at('0].minimumSize'),
      /nothing in this zone counts/,
    ],
    ['another key', zone('a', SQUARE, ', colour: red'), at('0].colour'), /name, kind, points, sensitivity/],
  ])('are refused with %s', (_what, text, key, allowed) => {
    expect(problems(text)).toEqual([{ line: 6, key, allowed: expect.stringMatching(allowed) as string }]);
  });

  it('have names of their own, and are at most 16', () => {
    expect(problems(zone('a', SQUARE), zone('b', SQUARE), zone('a', SQUARE))).toEqual([
      { line: 8, key: at('2].name'), allowed: 'a name that no other zone of the camera has' },
    ]);
    const names = Array.from({ length: 17 }, (_, index) => `z${index}`);
    expect(problems(...names.slice(1).map((name) => zone(name, SQUARE)))).toEqual([]);
    expect(problems(...names.map((name) => zone(name, SQUARE)))).toEqual([
      expect.objectContaining({ key: 'cameras[0].detect.zones', allowed: 'at most 16 zones' }),
    ]);
  });

  it('may touch themselves, and may be closed by their first point once more', () => {
    expect(problems(zone('a', [...SQUARE, [0, 0]]))).toEqual([]);
    const pinched = [
      [0, 0],
      [0.5, 0.5],
      [1, 0],
      [1, 1],
      [0.5, 0.5],
      [0, 1],
    ];
    expect(problems(zone('a', pinched))).toEqual([]);
  });

  it('are taken in any shape that does not cross itself, and answered in words whatever they hold', () => {
    // Corners around the middle by rising angle: a star as seen from there, so no two sides cross.
    const star = fc
      .array(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.2, max: 0.5, noNaN: true })),
        {
          minLength: 3,
          maxLength: 55,
        },
      )
      .map((spokes) =>
        [...spokes, [0, 0.4], [0.3, 0.4], [0.6, 0.4]]
          .toSorted(([a = 0], [b = 0]) => a - b)
          .map(([angle = 0, far = 0]) => [
            0.5 + far * Math.cos(2 * Math.PI * angle),
            0.5 + far * Math.sin(2 * Math.PI * angle),
          ]),
      );
    fc.assert(
      fc.property(star, (points) => {
        expect(problems(zone('a', points))).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 4 }), (values) => {
        const result = load(...values.map((value) => JSON.stringify(value)));
        if (!result.ok) for (const { allowed } of result.problems) expect(allowed).not.toBe('');
      }),
    );
  });
});
