import { execFile } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import type { OpenSegments } from '../../src/catalog/segment-view.ts';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { createSegmentSource } from '../../src/playback/segment-source.ts';
import { CameraRecorder } from '../../src/record/camera-recorder.ts';
import { RecordingJournal } from '../../src/record/journal.ts';
import { chooseAudio } from '../../src/rtsp/audio-media.ts';
import { AudioReceiver } from '../../src/rtsp/audio-receiver.ts';
import { parseSdp } from '../../src/rtsp/sdp.ts';
import { chooseVideo } from '../../src/rtsp/video-media.ts';
import { VideoReceiver } from '../../src/rtsp/video-receiver.ts';
import { FolderStore } from '../../src/storage/folder-store.ts';
import { createSegmentReader } from '../../src/storage/segment-reader.ts';
import { systemClock } from '../../src/time/clock.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import type { Recording } from './recording.ts';
import { segmentFiles, until } from './vigie.ts';

const START = 1_795_453_200_000_000;
/** A flash and a beep of a tenth of a second at every full second. */
const FLASH = "color=black:s=160x96:r=25,geq=lum='if(lt(mod(T,1),0.1),235,16)':cb=128:cr=128";
const beep = (rate: number): string => `aevalsrc='if(lt(mod(t,1),0.1),0.8*sin(2*PI*1000*t),0)':s=${rate}`;

export interface SoundPeerOptions {
  /** ffmpeg's arguments for the sound, as in `-c:a aac`; `undefined`: none. */
  readonly sound: readonly string[] | undefined;
  readonly sampleRate: number;
  /** Whole seconds to send. */
  readonly seconds: number;
  /** The sound ends after so many seconds already. */
  readonly soundSeconds?: number;
  readonly segmentMicros?: number;
  /** Whether the camera's sound may be recorded. */
  readonly audio?: boolean;
}

export type SoundRecording = Omit<Recording, 'run'> & {
  readonly hub: CameraHub;
  readonly files: () => Promise<readonly string[]>;
};

/**
 * Records what a real ffmpeg sends as RTP, video and sound with timestamps that begin at random, through receivers, hub
 * and recorder to files and catalog. Packets arrive when a camera would have sent them.
 */
export async function recordSound(options: SoundPeerOptions): Promise<SoundRecording> {
  const storageRoot = await mkdtemp(join(tmpdir(), 'vigie-sound-'));
  const catalog = await openSqliteCatalog({ path: join(storageRoot, 'catalog.db') });
  const camera = await catalog.putCamera({ id: 'cour-01', name: 'Cour' });
  const problems: unknown[] = [];
  const journal = new RecordingJournal({ catalog, onProblem: (error) => void problems.push(error) });
  const recorder = new CameraRecorder({
    camera: { cameraNo: camera.cameraNo, id: camera.id },
    storageRoot,
    staging: undefined,
    segmentMicros: options.segmentMicros ?? 60_000_000,
    syncMicros: 5_000_000,
    clock: systemClock,
    emit: (event) => journal.push([event]),
    onWrite: () => undefined,
    onProblem: (_, error) => void problems.push(error),
  });
  const pool = new SlabPool({ slabBytes: 16 * 1024, budgetBytes: 64 * 1024 * 1024 });
  const hub = new CameraHub({
    ...{ pool, sink: recorder, fragmentTicks: 180_000, audio: options.audio ?? true },
  });

  const sent = await packetsOf(options, storageRoot);
  const sdp = parseSdp(sent.sdp);
  const media = chooseVideo(sdp);
  if (media.kind === 'failure') throw new Error(media.reason);
  hub.begin(media.sets);
  const { codec, payload } = media;
  const channels = { rtp: 0, rtcp: 1 };
  const { clockRate, pt: payloadType } = payload;
  const video = new VideoReceiver({ codec, sink: hub, payloadType, clockRate, channels, ssrc: 1 });
  const audio = chooseAudio(sdp);
  if (audio.kind === 'none' && options.sound) throw new Error(audio.reason);
  const sound =
    audio.kind === 'audio'
      ? new AudioReceiver({ audio, sink: hub, channels, ssrc: 2, ordered: true })
      : undefined;
  const rate = audio.kind === 'audio' ? audio.payload.clockRate : 1;
  const packets = [
    ...sent.video.map((bytes) => ({ to: video, bytes, at: elapsed(bytes, sent.video[0], clockRate) })),
    // A packet of sound leaves the camera when all of it has been heard: when the next one begins.
    ...sent.sound.map((bytes, i) => ({
      ...{
        to: sound,
        bytes,
        at:
          i + 1 < sent.sound.length
            ? elapsed(sent.sound[i + 1] as Buffer, sent.sound[0], rate)
            : (options.soundSeconds ?? options.seconds) * 1e6,
      },
    })),
  ].toSorted((one, other) => one.at - other.at);
  for (const { to, bytes, at } of packets) {
    hub.arrivalWall = wallMicros(START + at);
    hub.arrivalMono = monoMicros(at);
    to?.frame(0, bytes, 0, bytes.length);
  }
  hub.end('shutdown');
  await recorder.drained();
  await journal.flush();
  if (problems.length > 0) throw new Error('It could not be recorded.', { cause: problems[0] });
  if (pool.takenBytes !== 0) throw new Error(`${pool.takenBytes} bytes were never given back.`);

  const openSegments: OpenSegments = { of: () => [] };
  const folder = new FolderStore(storageRoot);
  const reader = createSegmentReader(folder, undefined, () => undefined);
  const segments = createSegmentSource({ catalog, openSegments, reader });
  return {
    ...{ catalog, camera, storageRoot, openSegments, segments, hub },
    path: (segment) => folder.path(segments.key(camera, segment)),
    files: () => segmentFiles(storageRoot, camera.id),
    async close() {
      await catalog.close();
      await rm(storageRoot, { recursive: true, force: true });
    },
  };
}

/** Microseconds by the stream's own clock since its first packet. */
const elapsed = (packet: Buffer, first: Buffer | undefined, clockRate: number): number =>
  Math.round((((packet.readUInt32BE(4) - (first ?? packet).readUInt32BE(4)) | 0) * 1_000_000) / clockRate);

interface Sent {
  readonly sdp: Buffer;
  readonly video: readonly Buffer[];
  readonly sound: readonly Buffer[];
}

/** What ffmpeg sends, as fast as it can be received without a loss. When it arrived is no matter of this machine's load. */
async function packetsOf(options: SoundPeerOptions, folder: string): Promise<Sent> {
  const { sound, sampleRate, seconds, soundSeconds = seconds } = options;
  const sdpPath = join(folder, 'peer.sdp');
  const sockets = await Promise.all([bind(), bind()]);
  const received = sockets.map((socket) => {
    const packets: Buffer[] = [];
    socket.on('message', (bytes) => packets.push(bytes));
    return packets;
  });
  const [videoPort, soundPort] = sockets.map((socket) => socket.address().port);
  const input = (filter: string): string[] => ['-readrate', '4', '-f', 'lavfi', '-i', filter];
  try {
    await promisify(execFile)(
      'ffmpeg',
      [
        ...['-v', 'error', '-nostdin', ...input(FLASH), ...input(beep(sampleRate))],
        ...['-map', '0:v', '-t', `${seconds}`, '-c:v', 'libx264', '-tune', 'zerolatency', '-g', '25'],
        ...[
          '-pix_fmt',
          'yuv420p',
          '-threads',
          '1',
          '-f',
          'rtp',
          `rtp://127.0.0.1:${videoPort}?pkt_size=1200`,
        ],
        ...(sound
          ? [
              '-map',
              '1:a',
              '-t',
              `${soundSeconds}`,
              ...sound,
              '-max_delay',
              '100000',
              '-f',
              'rtp',
              `rtp://127.0.0.1:${soundPort}`,
            ]
          : []),
        ...['-sdp_file', sdpPath],
      ],
      { timeout: 100_000 },
    );
    // What the kernel still holds comes before a packet of our own.
    await Promise.all(
      sockets.map(async (socket, i) => {
        const last = createSocket('udp4');
        last.send('end', socket.address().port, '127.0.0.1');
        await until('all is received', () => received[i]?.at(-1)?.toString() === 'end');
        received[i]?.pop();
        last.close();
      }),
    );
  } finally {
    for (const socket of sockets) socket.close();
  }
  const [video = [], heard = []] = received;
  return { sdp: await readFile(sdpPath), video, sound: heard };
}

async function bind(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
