import type { WallMicros } from '../time/units.ts';
import type { EventRow } from './motion.ts';

/** Something that a webhook is to be told, and has not been yet. */
export interface Delivery {
  readonly deliveryNo: number;
  /** The same at each try. */
  readonly id: string;
  /** That the event ended; otherwise that it began. */
  readonly ended: boolean;
  /** As it is now. */
  readonly event: EventRow;
  readonly camera: string;
  /** How often it was tried. */
  readonly tries: number;
}

/** Which are dropped untold: those that were made before, and all but the newest so many. */
export interface OutboxBound {
  readonly hook: string;
  readonly before: WallMicros;
  readonly most: number;
}

/** What webhooks have not been told yet. Entered with the events themselves: `MotionCatalog.apply`. */
export interface Outbox {
  /** The oldest that may be tried at `at`. */
  nextDelivery(hook: string, at: WallMicros): Promise<Delivery | undefined>;
  /** It was taken. */
  delivered(deliveryNo: number): Promise<void>;
  /** It was not, and is not tried again before `due`: those behind it are meanwhile. */
  postpone(deliveryNo: number, due: WallMicros): Promise<void>;
  /** When the first that is put off may be tried; `undefined`: nothing waits. */
  nextDue(hook: string): Promise<WallMicros | undefined>;
  waiting(hook: string): Promise<number>;
  /** @returns how many it were */
  dropDeliveries(bound: OutboxBound): Promise<{ readonly expired: number; readonly overflowed: number }>;
  /** Those of webhooks that are not configured any more, of before: a mistake in the configuration loses nothing at once. */
  dropOthers(hooks: readonly string[], before: WallMicros): Promise<number>;
}
