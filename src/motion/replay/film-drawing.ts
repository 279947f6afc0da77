import type { Drawing, DrawingOptions } from './drawing.ts';
import type { FilmPicture } from './film-reader.ts';
import { FilmWriter } from './film-writer.ts';
import { type DrawnLook, Overlay } from './overlay.ts';

/** Slower is no film; faster is played faster than it was. */
const LEAST_RATE = 5;

/** All of it as one MP4. */
export class FilmDrawing implements Drawing {
  readonly #options: DrawingOptions;
  #made: { readonly overlay: Overlay; readonly writer: FilmWriter } | undefined;

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  async add(picture: FilmPicture, look: DrawnLook): Promise<void> {
    this.#made ??= this.#make(picture);
    const { overlay, writer } = this.#made;
    overlay.draw(picture, look);
    await writer.add(overlay.canvas.bytes);
  }

  async ended(): Promise<void> {}

  async finish(): Promise<readonly string[]> {
    const problem = await this.#made?.writer.finish();
    return problem === undefined ? [] : [problem];
  }

  #make(picture: FilmPicture) {
    const { ffmpegPath, path, zones, everyMicros } = this.#options;
    const overlay = new Overlay(picture, zones);
    const rate = Math.max(LEAST_RATE, 1_000_000 / everyMicros);
    return { overlay, writer: FilmWriter.film(ffmpegPath, path, overlay.canvas, rate) };
  }
}
