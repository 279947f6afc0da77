import { type Colour, Picture } from './picture.ts';

export const SCENES = ['day', 'night', 'rain', 'busy', 'static'] as const;
export type Scene = (typeof SCENES)[number];

const SKY_DAY: readonly [Colour, Colour] = [
  [205, 140, 112],
  [225, 126, 124],
];
const SKY_NIGHT: readonly [Colour, Colour] = [
  [22, 136, 126],
  [36, 134, 126],
];
const SKY_RAIN: readonly [Colour, Colour] = [
  [120, 130, 126],
  [146, 129, 126],
];
const CARS: readonly Colour[] = [
  [90, 110, 190],
  [170, 128, 128],
  [70, 165, 105],
  [200, 125, 132],
  [60, 128, 128],
];
const COATS: readonly Colour[] = [
  [80, 120, 175],
  [60, 150, 115],
  [150, 100, 150],
  [110, 128, 128],
  [45, 130, 128],
  [180, 110, 140],
];
/** Golden ratio: spreads positions and colours without a pattern that the eye finds. */
const SPREAD = 0.618_034;

/**
 * A street that a camera could look at, drawn from a few shapes: sky, houses, pavement, road, and what moves on them.
 * Everything that moves comes back to its place after `frames`, so that the clip can be played in a loop.
 */
export function paintScene(
  scene: Scene,
  width: number,
  height: number,
  frames: number,
): (frame: number) => Picture {
  const backdrop = new Picture(width, height);
  const picture = new Picture(width, height);
  paintBackdrop(backdrop, scene);
  return (frame) => {
    const part = frame / frames;
    picture.copyFrom(backdrop);
    if (scene === 'static') return picture;
    paintWalkers(picture, scene, part);
    paintCars(picture, scene, part);
    if (scene === 'rain') paintRain(picture, part, frame);
    return picture;
  };
}

function paintBackdrop(picture: Picture, scene: Scene): void {
  const { width: w, height: h } = picture;
  const dark = scene === 'night';
  const [from, to] = dark ? SKY_NIGHT : scene === 'rain' ? SKY_RAIN : SKY_DAY;
  const shade = dark ? 0.28 : scene === 'rain' ? 0.75 : 1;
  picture.gradient(0, Math.round(h * 0.45), from, to);
  for (let house = 0; house < 9; house++) paintHouse(picture, house, shade, dark);
  const grey = (luma: number): Colour => [Math.round(luma * shade), 128, 128];
  picture.rectangle(0, h * 0.52, w, h * 0.12, grey(150));
  picture.rectangle(0, h * 0.64, w, h * 0.015, grey(180));
  picture.gradient(Math.round(h * 0.655), h, grey(88), grey(104));
  for (let dash = 0; dash < 12; dash++) {
    picture.rectangle(w * (dash / 12 + 0.01), h * 0.815, w * 0.045, h * 0.012, grey(205));
  }
  if (scene === 'busy') {
    for (let stall = 0; stall < 5; stall++) {
      const x = w * (0.04 + stall * 0.2);
      picture.rectangle(x, h * 0.47, w * 0.13, h * 0.035, CARS[stall % CARS.length] as Colour);
      picture.rectangle(x + w * 0.005, h * 0.505, w * 0.12, h * 0.05, [170, 118, 138]);
    }
  }
  if (dark) for (let lamp = 0; lamp < 4; lamp++) paintLamp(picture, w * (0.12 + lamp * 0.26));
}

function paintHouse(picture: Picture, house: number, shade: number, dark: boolean): void {
  const { width: w, height: h } = picture;
  const x = w * (house / 9);
  const top = h * (0.1 + 0.18 * ((house * SPREAD) % 1));
  const tone = 120 + 70 * ((house * SPREAD * 3) % 1);
  const hue = 120 + Math.round(12 * ((house * SPREAD * 5) % 1));
  picture.rectangle(x, top, w / 9 + 1, h * 0.52 - top, [Math.round(tone * shade), hue, 134]);
  picture.rectangle(x, top, w / 9 + 1, h * 0.012, [Math.round(80 * shade), 122, 140]);
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 3; column++) {
      const y = top + h * (0.04 + row * 0.075);
      if (y + h * 0.05 > h * 0.5) continue;
      const lit = dark && (house * 7 + row * 3 + column * 5) % 4 === 0;
      const colour: Colour = lit ? [170, 100, 150] : [Math.round(62 * shade + 10), 132, 124];
      picture.rectangle(x + w * (0.012 + column * 0.033), y, w * 0.018, h * 0.045, colour);
    }
  }
}

function paintLamp(picture: Picture, x: number): void {
  const { width: w, height: h } = picture;
  picture.rectangle(x, h * 0.3, w * 0.004, h * 0.34, [30, 128, 128]);
  picture.glow(x, h * 0.58, w * 0.13, h * 0.2, 90);
  picture.glow(x, h * 0.3, w * 0.05, h * 0.09, 160);
}

function paintWalkers(picture: Picture, scene: Scene, part: number): void {
  const { width: w, height: h } = picture;
  const count = scene === 'busy' ? 26 : scene === 'night' ? 3 : 7;
  const shade = scene === 'night' ? 0.45 : 1;
  for (let walker = 0; walker < count; walker++) {
    const place = (walker * SPREAD) % 1;
    const way = walker % 2 === 0 ? 1 : -1;
    const x = w * (1.1 * ((((place + way * part) % 1) + 1) % 1) - 0.05);
    const y =
      h * (0.5 + 0.1 * ((walker * SPREAD * 4) % 1)) + h * 0.004 * Math.sin(part * Math.PI * 40 + walker);
    const size = h * (0.09 + 0.02 * ((walker * SPREAD * 2) % 1));
    const [luma, cb, cr] = COATS[walker % COATS.length] as Colour;
    const swing = size * 0.12 * Math.sin(part * Math.PI * 40 + walker);
    const legs: Colour = [Math.round(40 * shade) + 14, 128, 128];
    picture.rectangle(x - size * 0.09 + swing, y + size * 0.55, size * 0.09, size * 0.45, legs);
    picture.rectangle(x + size * 0.02 - swing, y + size * 0.55, size * 0.09, size * 0.45, legs);
    picture.rectangle(x - size * 0.13, y + size * 0.18, size * 0.26, size * 0.42, [
      Math.round(luma * shade) + 10,
      cb,
      cr,
    ]);
    picture.ellipse(x, y + size * 0.1, size * 0.09, size * 0.11, [Math.round(165 * shade), 112, 148]);
  }
}

function paintCars(picture: Picture, scene: Scene, part: number): void {
  const { width: w, height: h } = picture;
  const count = scene === 'busy' ? 2 : scene === 'night' ? 3 : 4;
  const dark = scene === 'night';
  for (let car = 0; car < count; car++) {
    const near = car % 2 === 1;
    const way = near ? -1 : 1;
    const place = (car * SPREAD) % 1;
    // Once or twice through the picture, so that the loop closes.
    const turns = near ? 2 : 1;
    const along = (((place + way * turns * part) % 1) + 1) % 1;
    const length = w * (near ? 0.17 : 0.13);
    const x = (w + 2 * length) * along - length;
    const y = h * (near ? 0.845 : 0.7);
    const [luma, cb, cr] = CARS[(car * 2 + (near ? 1 : 0)) % CARS.length] as Colour;
    const body: Colour = dark ? [Math.round(luma * 0.3) + 14, cb, cr] : [luma, cb, cr];
    const tall = length * 0.2;
    picture.rectangle(x - length / 2, y, length, tall, body);
    picture.rectangle(x - length * 0.28, y - tall * 0.75, length * 0.52, tall * 0.8, body);
    picture.rectangle(x - length * 0.24, y - tall * 0.62, length * 0.44, tall * 0.5, [
      dark ? 24 : 60,
      134,
      122,
    ]);
    for (const wheel of [-0.3, 0.3]) {
      picture.ellipse(x + length * wheel, y + tall, length * 0.085, length * 0.085, [24, 128, 128]);
      picture.ellipse(x + length * wheel, y + tall, length * 0.04, length * 0.04, [110, 128, 128]);
    }
    const front = x + (way * length) / 2;
    picture.ellipse(front, y + tall * 0.35, length * 0.02, length * 0.02, [230, 118, 132]);
    if (dark) {
      picture.glow(front + way * length * 0.7, y + tall * 0.8, length * 0.75, tall * 1.4, 130);
      picture.ellipse(
        x - (way * length) / 2,
        y + tall * 0.35,
        length * 0.016,
        length * 0.016,
        [110, 100, 220],
      );
    }
  }
}

function paintRain(picture: Picture, part: number, frame: number): void {
  const { width: w, height: h } = picture;
  for (let drop = 0; drop < 260; drop++) {
    const speed = 6 + (drop % 5);
    const x = w * ((drop * SPREAD + part) % 1);
    const y = h * ((drop * SPREAD * SPREAD * 7 + part * speed) % 1);
    picture.rectangle(x, y, 1 + (drop % 2), h * (0.02 + 0.01 * (drop % 3)), [186, 129, 127]);
  }
  for (let puddle = 0; puddle < 14; puddle++) {
    const ring = (frame / 6 + puddle * SPREAD * 5) % 1;
    const x = w * ((puddle * SPREAD * 3) % 1);
    const y = h * (0.7 + 0.27 * ((puddle * SPREAD * 7) % 1));
    picture.ellipse(x, y, w * 0.012 * ring + 2, h * 0.004 * ring + 1, [150, 128, 128]);
  }
}
