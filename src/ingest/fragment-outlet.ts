import { MEDIA_TICKS_PER_SECOND } from '../time/units.ts';
import type { Fragment, FragmentSink } from './fragment.ts';
import { type HubSound, withSound } from './hub-sound.ts';

/** A fragment waits for the rest of its sound, which is heard a little after it is seen, until so much more video is there. */
const SOUND_WAIT_TICKS = MEDIA_TICKS_PER_SECOND / 2;

/** Where the fragments of a camera leave the hub, each with the sound that came for it. */
export class FragmentOutlet {
  /** What is heard beside the pictures; `undefined` while there is nothing. */
  sound: HubSound | undefined;

  readonly #sink: FragmentSink;
  /** Ended, and waiting for its sound. */
  #waiting: Omit<Fragment, 'audio'> | undefined;

  constructor(sink: FragmentSink) {
    this.#sink = sink;
  }

  /** One that just ended. */
  put(fragment: Omit<Fragment, 'audio'>): void {
    this.deliver();
    this.#waiting = fragment;
    if (!this.sound || this.sound.isHeard(fragment.data.endTicks)) this.deliver();
  }

  /** More was heard. */
  heard(): void {
    if (this.#waiting && this.sound?.isHeard(this.#waiting.data.endTicks)) this.deliver();
  }

  /** The pictures are at `ticks`: what was not heard by now is not waited for. */
  reached(ticks: number): void {
    if (this.#waiting && ticks - this.#waiting.data.endTicks >= SOUND_WAIT_TICKS) this.deliver();
  }

  /** Gives the fragment that waits to the recorder. */
  deliver(endsRun = false): void {
    const fragment = this.#waiting;
    if (!fragment) return;
    this.#waiting = undefined;
    const { data, key, startsRun } = fragment;
    const { startTicks, endTicks } = data;
    const sound = this.sound?.take({ startTicks, endTicks, key, startsRun, endsRun });
    const audio = this.sound?.described;
    this.#sink.fragment({ ...fragment, audio, data: sound ? withSound(data, sound) : data });
  }
}
