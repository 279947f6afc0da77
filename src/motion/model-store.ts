import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WallMicros } from '../time/units.ts';
import { type CameraModel, packModel, unpackModel } from './camera-model.ts';
import { GREY_HEIGHT, GREY_WIDTH } from './decode/grey-output.ts';

const SUFFIX = '.state';
const DRAFT = '.tmp';
/** What is kept of a camera is a little over a megabyte. */
const MOST_BYTES = 2 ** 22;

/**
 * A folder with what is known of each camera, so that a restart begins with it. A file is replaced as a whole; one that a
 * power cut left half written does not have its checksum, and is passed over: it is learnt anew in a minute.
 * Nobody else may read them: they hold a picture of the place.
 */
export class ModelStore {
  readonly #folder: string;
  readonly #onProblem: (error: unknown) => void;
  #saving = false;

  constructor(folder: string, onProblem: (error: unknown) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  /** One file is written at a time: a disk that is slow gets no more. */
  get isBusy(): boolean {
    return this.#saving;
  }

  /** Makes the folder, and removes what was kept of cameras that are none any more. */
  async open(cameras: ReadonlySet<number>): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.#folder)) {
        const isOurs = name.endsWith(SUFFIX) || name.endsWith(SUFFIX + DRAFT);
        if (isOurs && !(name.endsWith(SUFFIX) && cameras.has(Number(name.slice(0, -SUFFIX.length)))))
          await rm(join(this.#folder, name), { force: true });
      }
    } catch (error) {
      this.#onProblem(error);
    }
  }

  /** @returns `undefined` when there is none that is of use */
  async load(cameraNo: number, now: WallMicros): Promise<CameraModel | undefined> {
    const path = this.#path(cameraNo);
    try {
      const { size } = await stat(path);
      if (size > MOST_BYTES) return undefined;
      return unpackModel(await readFile(path), now, GREY_WIDTH, GREY_HEIGHT);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#onProblem(error);
      return undefined;
    }
  }

  /** Takes a copy at once; nobody may be looking at a picture of this camera. */
  async save(cameraNo: number, model: CameraModel, now: WallMicros): Promise<void> {
    const path = this.#path(cameraNo);
    const bytes = packModel(model, now);
    this.#saving = true;
    try {
      await writeFile(path + DRAFT, bytes, { mode: 0o600 });
      await rename(path + DRAFT, path);
    } catch (error) {
      this.#onProblem(error);
    } finally {
      this.#saving = false;
    }
  }

  #path(cameraNo: number): string {
    return join(this.#folder, `${cameraNo}${SUFFIX}`);
  }
}
