/** A colour as YCbCr, each 0 to 255 (ITU-R BT.601, full range is close enough for a demo). */
export type Colour = readonly [y: number, cb: number, cr: number];

/** A planar 4:2:0 picture that simple shapes can be painted into. Coordinates are pixels; parts outside are cut off. */
export class Picture {
  readonly width: number;
  readonly height: number;
  /** Luma, then both chroma planes: what `-pix_fmt yuv420p` reads. */
  readonly bytes: Buffer;
  readonly #cb: number;
  readonly #cr: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cb = width * height;
    this.#cr = this.#cb + (width * height) / 4;
    this.bytes = Buffer.alloc((width * height * 3) / 2, 128);
  }

  copyFrom(other: Picture): void {
    other.bytes.copy(this.bytes);
  }

  rectangle(x: number, y: number, width: number, height: number, colour: Colour): void {
    const left = clamp(Math.round(x), this.width);
    const right = clamp(Math.round(x + width), this.width);
    const top = clamp(Math.round(y), this.height);
    const bottom = clamp(Math.round(y + height), this.height);
    for (let row = top; row < bottom; row++) this.#row(row, left, right, colour);
  }

  ellipse(centreX: number, centreY: number, radiusX: number, radiusY: number, colour: Colour): void {
    const top = clamp(Math.round(centreY - radiusY), this.height);
    const bottom = clamp(Math.round(centreY + radiusY), this.height);
    for (let row = top; row < bottom; row++) {
      const away = (row + 0.5 - centreY) / radiusY;
      const half = radiusX * Math.sqrt(Math.max(0, 1 - away * away));
      this.#row(
        row,
        clamp(Math.round(centreX - half), this.width),
        clamp(Math.round(centreX + half), this.width),
        colour,
      );
    }
  }

  /** Adds light to what is there, most in the middle. */
  glow(centreX: number, centreY: number, radiusX: number, radiusY: number, light: number): void {
    const top = clamp(Math.round(centreY - radiusY), this.height);
    const bottom = clamp(Math.round(centreY + radiusY), this.height);
    const left = clamp(Math.round(centreX - radiusX), this.width);
    const right = clamp(Math.round(centreX + radiusX), this.width);
    for (let row = top; row < bottom; row++) {
      const dy = (row - centreY) / radiusY;
      for (let column = left; column < right; column++) {
        const dx = (column - centreX) / radiusX;
        const away = dx * dx + dy * dy;
        if (away >= 1) continue;
        const at = row * this.width + column;
        this.bytes[at] = Math.min(235, (this.bytes[at] as number) + light * (1 - away) * (1 - away));
      }
    }
  }

  /** From `top` to `bottom`, from one colour to the other. */
  gradient(top: number, bottom: number, from: Colour, to: Colour): void {
    for (let row = top; row < bottom; row++) {
      const part = (row - top) / (bottom - top);
      const mix = (a: number, b: number): number => Math.round(a + (b - a) * part);
      this.#row(row, 0, this.width, [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2])]);
    }
  }

  #row(row: number, left: number, right: number, colour: Colour): void {
    if (right <= left) return;
    const start = row * this.width;
    this.bytes.fill(colour[0], start + left, start + right);
    if (row % 2 === 1) return;
    const half = (row / 2) * (this.width / 2);
    const from = half + Math.ceil(left / 2);
    const to = half + Math.ceil(right / 2);
    this.bytes.fill(colour[1], this.#cb + from, this.#cb + to);
    this.bytes.fill(colour[2], this.#cr + from, this.#cr + to);
  }
}

const clamp = (value: number, end: number): number => Math.max(0, Math.min(end, value));
