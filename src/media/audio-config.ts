/** What a player must know before the first sound of a camera. */
export interface AudioConfig {
  readonly codec: 'aac' | 'pcma' | 'pcmu' | 'opus' | 'pcm';
  /**
   * RFC 6381 codecs parameter, as in `mp4a.40.2`, `Opus`; for uncompressed sound the name of its sample entry:
   * `alaw`, `ulaw`, and `twos` or `sowt` for 16-bit PCM, big or little endian. Those two and not `ipcm`, because older
   * ffmpegs read them as well, and because the bytes stay as they came.
   */
  readonly codecs: string;
  /** Samples a second of each channel: of AAC with spectral band replication, before that doubles them. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Ticks a second of the timestamps that come with the frames: RTP's clock rate, 1000 for RTMP. */
  readonly clockRate: number;
  /**
   * The timestamps count from the same moment as those of the video (with 1000 ticks a second, times 90 they are those):
   * RTMP and whatever else has one time base. Sound and picture then belong together exactly. False for RTP, where each
   * stream begins at a random number (RFC 3550 section 5.1): they are aligned by their arrival.
   */
  readonly sharesVideoClock: boolean;
  /** Samples that one frame stands for, the same for all; 0 = each frame tells: uncompressed by its bytes, Opus itself. */
  readonly samplesPerFrame: number;
  /** Bytes of one sample of all channels of uncompressed sound; else 0. */
  readonly bytesPerSample: number;
  /** AudioSpecificConfig (ISO/IEC 14496-3) of AAC, the payload of `dOps` of Opus; empty for the others. */
  readonly decoderConfig: Uint8Array;
}

/** Uncompressed sound; its frames may be of any length. */
export function uncompressedConfig(
  codecs: 'alaw' | 'ulaw' | 'twos' | 'sowt',
  sampleRate: number,
  channels: number,
): AudioConfig {
  return {
    codec: codecs === 'alaw' ? 'pcma' : codecs === 'ulaw' ? 'pcmu' : 'pcm',
    codecs,
    sampleRate,
    channels,
    clockRate: sampleRate,
    sharesVideoClock: false,
    samplesPerFrame: 0,
    bytesPerSample: (codecs === 'alaw' || codecs === 'ulaw' ? 1 : 2) * channels,
    decoderConfig: new Uint8Array(0),
  };
}

/** The same with the timestamps of the video: both streams count the ticks of one clock. */
export const onVideoClock = (config: AudioConfig, clockRate: number): AudioConfig => ({
  ...config,
  clockRate,
  sharesVideoClock: true,
});

/** Whether a decoder that was set up for one can go on with the other, and the timestamps too. */
export function sameAudio(a: AudioConfig, b: AudioConfig): boolean {
  return (
    a.codecs === b.codecs &&
    a.sampleRate === b.sampleRate &&
    a.channels === b.channels &&
    a.clockRate === b.clockRate &&
    a.sharesVideoClock === b.sharesVideoClock &&
    a.samplesPerFrame === b.samplesPerFrame &&
    Buffer.compare(a.decoderConfig, b.decoderConfig) === 0
  );
}
