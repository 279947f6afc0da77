import { setTimeout as sleep } from 'node:timers/promises';
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import { createSourceMemory, openSource, type SourceFailure } from '../../src/ingest/camera-source.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { monoMicros, wallMicros } from '../../src/time/units.ts';
import { Dice } from './dice.ts';
import { mutate } from './mutate.ts';
import { type BadCamera, type Reaction, startBadCamera } from './support/bad-camera.ts';
import { CheckingRecorder } from './support/checking-recorder.ts';
import { type Dialogue, readDialogues } from './support/dialogues.ts';
import { hold } from './target.ts';

/** For connecting, and for each answer: a camera that falls silent costs so much time. */
const TIMEOUT_MILLIS = 150;
/** Far more than all its time-outs together. */
const MAX_DIALOGUE_MILLIS = 30_000;
const AT_ONCE = 32;
const MAX_ANSWER_BYTES = 48 * 1024;
const SLOW_TICK_MICROS = 31_000_000;
const START = 1_795_453_200_000_000;
const USER = 'viewer';
const PASSWORD = 'gh7-Xq!zz';

/** No `Location`: a mutated one would lead off this machine. */
const TOKENS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    'RTSP/1.0 200 OK\r\n',
    'RTSP/1.0 401 Unauthorized\r\n',
    'RTSP/1.0 100 Continue\r\n',
    'CSeq: ',
  ],
  ...[
    'CSeq: 1\r\n',
    'CSeq: 3\r\n',
    'Content-Length: ',
    'Session: ',
    'Transport: ',
    'interleaved=',
    'timeout=1',
    '$\0',
    '$\x01',
  ],
  ...[
    '$\0\0\x0c\x80\x60',
    '$\x01\0\x08\x81\xcb\0\x01',
    'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    'WWW-Authenticate: ',
  ],
  ...[
    'Digest realm="x", nonce="y"',
    'Basic realm="x"',
    'm=video 0 RTP/AVP 96\r\n',
    'a=rtpmap:',
    'a=control:',
    'H265/90000',
  ],
].map((token) => Buffer.from(token, 'latin1'));

export interface DialogueFinding {
  readonly seed: number;
  readonly dialogue: string;
  readonly error: string;
}

export interface DialogueReport {
  readonly dialogues: number;
  /** Got as far as to play, in spite of everything. */
  readonly played: number;
  /** Fragments that were recorded from them. */
  readonly fragments: number;
  readonly findings: readonly DialogueFinding[];
}

/**
 * Recorded dialogues of cameras, mutated and cut, through real sockets to the real client: it ends or can be stopped,
 * gives back its sockets and memory, and throws nothing. `seed` is that of the first dialogue; each next one has the
 * next number.
 * @param isDone asked before each one
 */
export async function fuzzDialogues(
  seed: number,
  isDone: (dialogues: number) => boolean,
  onDialogue: () => void = () => undefined,
): Promise<DialogueReport> {
  const dialogues = readDialogues();
  const findings: DialogueFinding[] = [];
  const escaped = (error: unknown): void => {
    findings.push({ seed, dialogue: 'any since the last one', error: `uncaught: ${textOf(error)}` });
  };
  process.on('uncaughtException', escaped);
  process.on('unhandledRejection', escaped);
  const before = openSockets();
  const camera = await startBadCamera();
  // All cameras of a thread share one.
  const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
  let begun = 0;
  let played = 0;
  let fragments = 0;
  const lane = async (): Promise<void> => {
    while (!isDone(begun) && findings.length === 0) {
      const own = (seed + begun++) >>> 0;
      const dialogue = new Dice(own ^ 0x5a5a).pick(dialogues);
      try {
        const result = await within(MAX_DIALOGUE_MILLIS, hear(camera, readBuffer, dialogue, dialogues, own));
        if (result.played) played++;
        fragments += result.fragments;
      } catch (error) {
        findings.push({ seed: own, dialogue: dialogue.name, error: textOf(error) });
      }
      onDialogue();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await camera.close();
  if (!(await until(() => openSockets() <= before))) {
    const error = `${openSockets() - before} sockets are still open`;
    findings.push({ seed, dialogue: 'any', error });
  }
  process.off('uncaughtException', escaped);
  process.off('unhandledRejection', escaped);
  return { dialogues: begun, played, fragments, findings };
}

/** One viewing of a camera that says the dialogue wrongly. */
async function hear(
  camera: BadCamera,
  readBuffer: Buffer,
  dialogue: Dialogue,
  all: readonly Dialogue[],
  seed: number,
): Promise<{ readonly played: boolean; readonly fragments: number }> {
  const dice = new Dice(seed);
  camera.expect(seed, scriptOf(dialogue, all, dice, seed));
  const pool = new SlabPool({ slabBytes: 1_024, budgetBytes: 256 * 1024 });
  const recorder = new CheckingRecorder();
  const hub = new CameraHub({ pool, sink: recorder, fragmentTicks: 22_500 });
  let mono = 0;
  let ends = 0;
  const source = openSource(
    {
      ...{ cameraNo: 1, audio: false },
      source: { kind: 'rtsp', url: `rtsp://${USER}:${PASSWORD}@127.0.0.1:${camera.port}/${seed}` },
    },
    { readBuffer, rtmp: new RtmpInbox(), timeoutMillis: TIMEOUT_MILLIS, udpPorts: undefined },
    createSourceMemory(),
    hub,
    {
      onBytes: () => {
        mono += 10_000;
        hub.arrivalMono = monoMicros(mono);
        hub.arrivalWall = wallMicros(START + mono);
      },
      onEnd: (failure) => {
        ends++;
        checkFailure(failure);
      },
    },
  );
  const failure = await source.play();
  if (failure) checkFailure(failure);
  for (let i = 0; i < 3 && !failure && ends === 0; i++) {
    await sleep(1 + dice.below(4));
    source.tick(monoMicros(mono + i * SLOW_TICK_MICROS));
  }
  source.stop();
  const endsAtStop = ends;
  const framesAtStop = hub.counters.frames;
  hub.end('offline');
  await new Promise((resolve) => setImmediate(resolve));
  source.stop();
  source.tick(monoMicros(mono + 10 * SLOW_TICK_MICROS));
  camera.forget(seed);
  hold(ends <= 1 && ends === endsAtStop, 'an end is told once, and never after it was stopped');
  hold(ends === 0 || !failure, 'an end is told only of what played');
  hold(hub.counters.frames === framesAtStop, 'nothing is handed on after it was stopped');
  hold(Number.isSafeInteger(source.packetsLost) && source.packetsLost >= 0, 'lost packets are counted');
  recorder.release();
  hold(pool.takenBytes === 0, `${pool.takenBytes} bytes of memory were not given back`);
  return { played: !failure, fragments: recorder.fragments };
}

/** Some answers changed, all cut into pieces, and an end somewhere. */
function scriptOf(dialogue: Dialogue, all: readonly Dialogue[], dice: Dice, seed: number): Reaction[] {
  const others = dice.pick(all).answers;
  const { answers } = dialogue;
  const breaksAt = dice.oneIn(4) ? dice.below(answers.length) : -1;
  return answers.map((answer, index) => {
    const isLast = index === answers.length - 1;
    // The last one holds the media: half of all changes belong there.
    const changed = !answer.includes('Location:') && (isLast ? dice.oneIn(2) : dice.oneIn(answers.length));
    const source = {
      inputs: [answer, answer, dice.pick(others)],
      tokens: TOKENS,
      maxBytes: MAX_ANSWER_BYTES,
    };
    const bytes = changed ? mutate(source, (seed * 31 + index) >>> 0) : answer;
    if (index === breaksAt) {
      const cut = bytes.subarray(0, dice.below(bytes.length + 1));
      return { pieces: [cut], after: dice.pick(['stay', 'end', 'reset'] as const) };
    }
    return {
      pieces: pieces(bytes, dice),
      after: isLast ? dice.pick(['stay', 'end', 'end', 'reset'] as const) : 'stay',
    };
  });
}

function pieces(bytes: Buffer, dice: Dice): Buffer[] {
  const cuts = Array.from({ length: dice.below(4) }, () => dice.below(bytes.length + 1)).toSorted(
    (a, b) => a - b,
  );
  return [...cuts, bytes.length].map((cut, i) => bytes.subarray(cuts[i - 1] ?? 0, cut));
}

function checkFailure({ reason }: SourceFailure): void {
  hold(reason !== '' && reason.length <= 8_192, 'why it failed is said, and not without end');
  hold(!reason.includes(PASSWORD), 'no secret is shown');
  hold(!reason.includes('defect of ours'), reason);
}

function within<T>(millis: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not over after ${millis} ms`)), millis);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(50);
  return condition();
}

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCP')).length;

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
