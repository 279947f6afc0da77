import { VigieError } from '../errors/catalog.ts';

/** So many at once, so many more waiting for their turn, and no more. */
export interface Slots {
  /** @throws {VigieError} VIGIE_BUSY when the line is full */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createSlots(options: {
  /** What there are too many of, for the message: `pictures`. */
  readonly what: string;
  readonly atOnce: number;
  readonly waiting: number;
}): Slots {
  let running = 0;
  const line: (() => void)[] = [];
  return {
    async run(work) {
      if (running < options.atOnce) {
        running++;
      } else if (line.length < options.waiting) {
        // Whoever leaves hands over the place, so `running` stays.
        await new Promise<void>((resolve) => line.push(resolve));
      } else {
        throw new VigieError('VIGIE_BUSY', { what: options.what });
      }
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
