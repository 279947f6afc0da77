import { HEAT, type LookedMinute } from '../catalog/motion.ts';
import { type WallMicros, wallMicros } from '../time/units.ts';

const MINUTE_MICROS = 60_000_000;
const MOST_HEAT = 255;

interface Minute {
  readonly cameraNo: number;
  readonly minute: WallMicros;
  pictures: number;
  moving: number;
  passed: number;
  heat: Uint8Array | null;
}

/** Which minutes were looked at, and where something moved in them, until somebody takes it away. */
export class LookedMinutes {
  readonly #minutes = new Map<string, Minute>();

  /** @param heat of a picture in which something moves; `undefined` when nothing does */
  looked(cameraNo: number, at: WallMicros, heat: Uint8Array | undefined): void {
    const minute = this.#of(cameraNo, at);
    minute.pictures++;
    if (!heat) return;
    minute.moving++;
    minute.heat ??= new Uint8Array(HEAT.columns * HEAT.rows);
    for (const [cell, value] of heat.entries())
      minute.heat[cell] = Math.min(MOST_HEAT, (minute.heat[cell] as number) + value);
  }

  passed(cameraNo: number, at: WallMicros): void {
    this.#of(cameraNo, at).passed++;
  }

  /** What came since this was called last. */
  take(): readonly LookedMinute[] {
    const minutes = [...this.#minutes.values()];
    this.#minutes.clear();
    return minutes;
  }

  #of(cameraNo: number, at: WallMicros): Minute {
    const minute = wallMicros(Math.floor(at / MINUTE_MICROS) * MINUTE_MICROS);
    const key = `${cameraNo} ${minute}`;
    let known = this.#minutes.get(key);
    if (!known) {
      known = { ...{ cameraNo, minute }, ...{ pictures: 0, moving: 0, passed: 0, heat: null } };
      this.#minutes.set(key, known);
    }
    return known;
  }
}
