import { join } from 'node:path';
import type { Drawing, DrawingOptions } from './drawing.ts';
import type { FilmPicture } from './film-reader.ts';
import { FilmWriter } from './film-writer.ts';
import { clockText, type DrawnLook, Overlay } from './overlay.ts';
import type { ReplayedEvent } from './replay.ts';

/** A folder with a picture of each event, from when most was seen of it. */
export class PictureDrawing implements Drawing {
  readonly #options: DrawingOptions;
  #overlay: Overlay | undefined;
  /** Of each kind of event that is going on, the best picture so far. */
  readonly #best = new Map<ReplayedEvent['kind'], { readonly score: number; readonly bytes: Buffer }>();
  readonly #problems: string[] = [];
  #written = 0;

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  async add(picture: FilmPicture, look: DrawnLook, open: readonly ReplayedEvent['kind'][]): Promise<void> {
    this.#overlay ??= new Overlay(picture, this.#options.zones);
    this.#overlay.draw(picture, look);
    for (const kind of open) {
      const score = look.evidence;
      const before = this.#best.get(kind);
      if (before === undefined || score > before.score)
        this.#best.set(kind, { score, bytes: Buffer.from(this.#overlay.canvas.bytes) });
    }
  }

  async ended({ kind, from }: ReplayedEvent): Promise<void> {
    const best = this.#best.get(kind);
    this.#best.delete(kind);
    if (!best || !this.#overlay || this.#problems.length > 0) return;
    const number = String(++this.#written).padStart(4, '0');
    const name = `${number}-${kind}-${clockText(from).replaceAll(':', '-')}.jpg`;
    const { ffmpegPath, path } = this.#options;
    const writer = FilmWriter.jpeg(ffmpegPath, join(path, name), this.#overlay.canvas);
    await writer.add(best.bytes);
    const problem = await writer.finish();
    if (problem !== undefined) this.#problems.push(problem);
  }

  async finish(): Promise<readonly string[]> {
    return this.#problems;
  }
}
