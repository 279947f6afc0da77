import { CameraHub } from '../../../src/ingest/camera-hub.ts';
import { SlabPool } from '../../../src/media/slab-pool.ts';
import { monoMicros, wallMicros } from '../../../src/time/units.ts';
import { hold } from '../target.ts';
import { CheckingRecorder } from './checking-recorder.ts';

const START = 1_795_453_200_000_000;

/** The real hub of a camera with sound, and a recorder behind it that checks all it gets; memory is short. */
export class CheckedHub {
  readonly recorder = new CheckingRecorder();
  readonly hub: CameraHub;
  readonly #pool = new SlabPool({ slabBytes: 512, budgetBytes: 32 * 1024 });

  constructor() {
    this.hub = new CameraHub({ pool: this.#pool, sink: this.recorder, fragmentTicks: 90_000, audio: true });
    this.hub.arrivalWall = wallMicros(START);
    this.hub.arrivalMono = monoMicros(0);
  }

  /** What comes next comes so much later. */
  wait(micros: number): void {
    this.hub.arrivalMono = monoMicros(this.hub.arrivalMono + micros);
    this.hub.arrivalWall = wallMicros(this.hub.arrivalWall + micros);
    hold(this.#pool.takenBytes <= this.#pool.budgetBytes, 'the budget holds');
  }

  finish(): void {
    this.hub.end('offline');
    this.recorder.release();
    const { takenBytes } = this.#pool;
    hold(!this.hub.running && takenBytes === 0, `${takenBytes} bytes of memory were not given back`);
  }
}
