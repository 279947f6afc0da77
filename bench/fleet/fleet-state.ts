import type { FleetFaults } from './faults.ts';

/** What all streams of a fleet go by. */
export class FleetState {
  readonly faults: FleetFaults;
  /** Key frames of all cameras come at once. */
  readonly aligned: boolean;
  #began = Number.POSITIVE_INFINITY;

  constructor(faults: FleetFaults, aligned: boolean) {
    this.faults = faults;
    this.aligned = aligned;
  }

  /** The fault clock runs from now on. */
  begin(now: number): void {
    this.#began = now;
  }

  /** Time of the fault clock; negative before it runs. */
  faultMillis(now: number): number {
    return now - this.#began;
  }
}
