import { randomInt } from 'node:crypto';
import type { MediaPath } from '../../src/simulator/media-path.ts';
import type { PacketizedFrame } from '../../src/simulator/packetizer.ts';
import { SOUND_PAYLOAD_TYPE } from '../../src/simulator/session-description.ts';
import { SAMPLES_PER_FRAME, type SoundClip } from '../../src/simulator/sound-clip.ts';

const HEAD_BYTES = 4 + 12 + 4;

/** AAC beside the video of one connection (RFC 3640, mode AAC-hbr): a frame a packet, one header of 16 bits. */
export class SoundStream {
  readonly #clip: SoundClip;
  readonly #path: MediaPath;
  readonly #channel: number;
  readonly #began: number;
  readonly #ssrc = randomInt(1, 2 ** 32);
  #frame = 0;

  /** @param began when the first frame is due, ms of `performance.now()` */
  constructor(clip: SoundClip, track: { readonly path: MediaPath; readonly channel: number }, began: number) {
    this.#clip = clip;
    this.#path = track.path;
    this.#channel = track.channel;
    this.#began = began;
  }

  pace(now: number): void {
    const millis = (SAMPLES_PER_FRAME * 1_000) / this.#clip.sampleRate;
    while (now >= this.#began + this.#frame * millis) this.#path.packet(this.#packet(this.#frame++), 0);
  }

  #packet(number: number): PacketizedFrame {
    const { frames } = this.#clip;
    const payload = frames[number % frames.length] as Buffer;
    const bytes = Buffer.alloc(HEAD_BYTES + payload.length);
    bytes[0] = 0x24;
    bytes[1] = this.#channel;
    bytes.writeUInt16BE(bytes.length - 4, 2);
    bytes[4] = 0x80;
    bytes[5] = 0x80 | SOUND_PAYLOAD_TYPE;
    bytes.writeUInt16BE(number & 0xffff, 6);
    bytes.writeUInt32BE((number * SAMPLES_PER_FRAME) % 2 ** 32, 8);
    bytes.writeUInt32BE(this.#ssrc, 12);
    bytes.writeUInt16BE(16, 16);
    bytes.writeUInt16BE(payload.length << 3, 18);
    payload.copy(bytes, HEAD_BYTES);
    return { bytes, held: false, packetOffsets: Uint32Array.of(0), key: true, identityOffset: -1 };
  }
}
