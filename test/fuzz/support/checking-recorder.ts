import type { Fragment, FragmentSink } from '../../../src/ingest/fragment.ts';
import type { AudioConfig } from '../../../src/media/audio-config.ts';
import type { FragmentData } from '../../../src/media/fragment-builder.ts';
import { buildInitSegment, readInit } from '../../../src/media/mp4/init-segment.ts';
import type { SoundRun } from '../../../src/media/sound-collector.ts';
import type { VideoConfig } from '../../../src/media/video-config.ts';
import { hold } from '../target.ts';
import { checkFragment } from './samples.ts';

/** As many fragments as a slow disk may leave waiting. */
const MAX_WAITING = 3;

/** A recorder that keeps nothing and believes nothing: fragments must be whole and follow each other. */
export class CheckingRecorder implements FragmentSink {
  readonly recordedTicks = 0;
  readonly blocked = undefined;
  fragments = 0;
  /** Frames of sound. */
  sounds = 0;
  #inRun = false;
  #endTicks = 0;
  #endWall = 0;
  #audio: AudioConfig | undefined;
  /** Where the sound of the run ends, in its samples. */
  #heard = 0;
  readonly #waiting: FragmentData[] = [];

  fragment({ data, config, audio, wallStart, wallEnd, key, startsRun }: Fragment): void {
    this.fragments++;
    checkFragment(data);
    hold(startsRun !== this.#inRun, 'a run starts once');
    hold(!startsRun || key, 'a run starts with a key frame');
    hold(key === (data.samples.keys[0] === 1), 'a fragment begins as it says');
    hold(config.decoderConfig.length > 0, 'there is a configuration');
    hold(Number.isSafeInteger(wallStart) && Number.isSafeInteger(wallEnd), 'wall times are integers');
    hold(wallEnd >= wallStart, 'a fragment does not end before it begins');
    if (!startsRun) {
      hold(data.startTicks === this.#endTicks, 'fragments of a run are joined to the tick');
      hold(wallStart === this.#endWall, 'and to the microsecond');
    }
    if (startsRun || audio !== this.#audio) {
      hold(startsRun || key, 'sound changes with a key frame');
      if (audio) checkFile(config, audio);
      this.#heard = 0;
    }
    this.#audio = audio;
    if (data.sound) this.#sound(data.sound, audio);
    this.#inRun = true;
    this.#endTicks = data.endTicks;
    this.#endWall = wallEnd;
    this.#waiting.push(data);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()?.release();
  }

  runEnded(at: number): void {
    hold(this.#inRun && at === this.#endWall, 'a run ends where its last fragment does');
    this.#inRun = false;
  }

  missing(): void {
    throw new Error('a hub never says that');
  }

  release(): void {
    hold(!this.#inRun, 'the run has ended');
    for (const data of this.#waiting.splice(0)) data.release();
  }

  /** Whole frames, in order, and of the kind that is described. */
  #sound(
    { config, slices, payloadBytes, samples, startSample }: SoundRun,
    audio: AudioConfig | undefined,
  ): void {
    this.sounds += samples.count;
    hold(config === audio, 'sound is described');
    const bytes = slices.reduce((sum, slice) => sum + slice.length, 0);
    hold(samples.count > 0 && bytes === payloadBytes, `${bytes} bytes of sound are no ${payloadBytes}`);
    hold(samples.sizes.length === samples.count, 'the table has a row a frame');
    hold(
      samples.sizes.every((size) => size > 0) &&
        samples.sizes.reduce((sum, size) => sum + size, 0) === payloadBytes,
      'the frames add up to the sound',
    );
    hold(Number.isSafeInteger(startSample), `${startSample} is a place in the run`);
    hold(
      startSample >= this.#heard,
      `sound at ${startSample} lies before the end of the last, ${this.#heard}`,
    );
    this.#heard = startSample + samples.durations.reduce((sum, duration) => sum + duration, 0);
    if (config.bytesPerSample > 0) {
      hold(payloadBytes % config.bytesPerSample === 0, 'samples are whole');
    }
  }
}

/** That a file can be begun with the sound, and says the same of it. */
function checkFile(config: VideoConfig, audio: AudioConfig): void {
  const { sound } = readInit(buildInitSegment(config, audio)) ?? {};
  hold(sound !== undefined, `${audio.codecs} can be described in a file`);
  hold(sound.codecs === audio.codecs, `${sound.codecs} is no ${audio.codecs}`);
  hold(sound.timescale === audio.sampleRate, `${sound.timescale} Hz are no ${audio.sampleRate}`);
}
