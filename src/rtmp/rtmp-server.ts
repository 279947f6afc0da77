import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import type AVPacket from 'node-media-server/src/core/avpacket.js';
import type { Clock } from '../time/clock.ts';
import type { MonoMicros } from '../time/units.ts';
import { problem, type RtmpProblem } from './problem.ts';
import { PushedCamera } from './pushed-camera.ts';
import { RecorderLink } from './recorder-link.ts';
import { Session, type SessionHost } from './session.ts';
import { digestKey, keyMatches } from './stream-key.ts';
import type { StreamName } from './stream-name.ts';

const TICK_MILLIS = 500;
/** From connecting to publishing. */
const STRANGER_MICROS = 10_000_000;
/** Connections that do not publish yet. */
const MAX_STRANGERS = 64;
/** A publisher that has sent nothing for so long may be replaced by another one with the same key (L8). */
const SILENT_MICROS = 5_000_000;
const PING_MICROS = 10_000_000;
/** Nothing at all came for so long, not even an answer to a ping: it is gone. */
const IDLE_MICROS = 30_000_000;
/** For the recording thread to come back, or to begin. */
const WAIT_MICROS = 10_000_000;

export interface RtmpServerOptions {
  readonly cameras: readonly { readonly cameraNo: number; readonly id: string; readonly key: string }[];
  readonly clock: Clock;
  readonly observer: RtmpObserver;
}

/** Every call is one incident. */
export interface RtmpObserver {
  /** A connection was cut. `cameraId`: it had the camera's key. */
  refused(why: RtmpProblem, peer: string, cameraId: string | undefined): void;
  published(cameraId: string, peer: string): void;
}

/** What a port that cannot be listened on says. */
export interface ListenFailure {
  readonly kind: 'failure';
  /** As of `NodeJS.ErrnoException`. */
  readonly code: string;
  readonly message: string;
}

/**
 * Takes what encoders push to `rtmp://<server>/live/<camera id>?key=…`, and nothing else. Whoever has no key gets so many
 * bytes, so much time and no more; nobody can play; each connection can at most cost itself.
 */
export class RtmpServer implements SessionHost {
  readonly #options: RtmpServerOptions;
  readonly #server: Server;
  readonly #cameras: ReadonlyMap<string, PushedCamera>;
  readonly #byNumber: ReadonlyMap<number, PushedCamera>;
  readonly #sessions = new Set<Session>();
  readonly #links = new Set<RecorderLink>();
  /** Compared with where there is no camera, so that this takes as long. */
  readonly #noCamera = digestKey('');
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: RtmpServerOptions) {
    this.#options = options;
    const cameras = options.cameras.map((camera) => new PushedCamera(camera));
    this.#cameras = new Map(cameras.map((camera) => [camera.id, camera]));
    this.#byNumber = new Map(cameras.map((camera) => [camera.cameraNo, camera]));
    this.#server = createServer((socket) => {
      this.#sessions.add(new Session(socket, this, options.clock));
      this.#limitStrangers();
    });
  }

  /** @returns the port it listens on */
  async listen(host: string, port: number): Promise<number | ListenFailure> {
    const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      // Also for what comes later, as when there are no file descriptors left: a connection less, and nothing else.
      this.#server.on('error', resolve);
      this.#server.listen({ host, port }, () => resolve(undefined));
    });
    if (failed) return { kind: 'failure', code: failed.code ?? '', message: failed.message };
    this.#timer = setInterval(() => this.#tick(), TICK_MILLIS);
    return (this.#server.address() as AddressInfo).port;
  }

  /** The line to a recording thread that was started. */
  addRecorder(port: MessagePort): void {
    const link: RecorderLink = new RecorderLink(port, {
      opened: (cameraNo) => this.#byNumber.get(cameraNo)?.attach(link),
      closed: (cameraNo) => this.#byNumber.get(cameraNo)?.detach(link, this.#now()),
      gone: (cameraNos) => {
        this.#links.delete(link);
        for (const cameraNo of cameraNos) this.#byNumber.get(cameraNo)?.detach(link, this.#now());
      },
    });
    this.#links.add(link);
  }

  /** Messages that recording threads could not take, by camera, since the last time. */
  *takeDropped(): Generator<{ readonly id: string; readonly messages: number }> {
    for (const camera of this.#cameras.values()) {
      if (camera.dropped > 0) yield { id: camera.id, messages: camera.dropped };
      camera.dropped = 0;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closing = true;
    this.#server.close();
    for (const session of this.#sessions) session.cut(problem('not-recording', 'the recorder is stopped'));
    for (const link of this.#links) link.close();
  }

  publish(session: Session, { cameraId, key }: StreamName): 'begin' | 'wait' | RtmpProblem {
    const camera = this.#cameras.get(cameraId);
    const right = keyMatches(camera?.digest ?? this.#noCamera, key);
    if (!camera) return problem('name', `no camera is pushed to live/${cameraId}`);
    if (!right) return problem('key', `the key is not that of camera ${cameraId}`);
    const now = this.#now();
    if (camera.session) {
      if (now - camera.mediaAt < SILENT_MICROS) {
        return problem('taken', `another encoder publishes to camera ${cameraId}`);
      }
      camera.session.cut(problem('taken', 'it was silent, and another connection of its encoder took over'));
    }
    session.cameraId = cameraId;
    camera.publish(session, now);
    this.#options.observer.published(cameraId, session.peer);
    return camera.recorded ? 'begin' : 'wait';
  }

  packet(session: Session, packet: AVPacket): void {
    const camera = this.#cameraOf(session);
    camera?.media(packet.codec_type, packet.dts, packet.data, packet.size, this.#now());
  }

  closed(session: Session, why: RtmpProblem | { readonly kind: 'left'; readonly reason: string }): void {
    this.#sessions.delete(session);
    const camera = this.#cameraOf(session);
    camera?.unpublish({ kind: 'failure', cause: 'offline', reason: endReason(why) });
    if (why.kind === 'problem' && !this.#closing)
      this.#options.observer.refused(why, session.peer, camera?.id);
  }

  /** The camera that a session publishes, as long as no other one has taken over. */
  #cameraOf(session: Session): PushedCamera | undefined {
    const camera = session.cameraId === undefined ? undefined : this.#cameras.get(session.cameraId);
    return camera?.session === session ? camera : undefined;
  }

  #tick(): void {
    const now = this.#now();
    for (const session of this.#sessions) {
      const camera = this.#cameraOf(session);
      if (!camera) {
        if (now - session.since > STRANGER_MICROS) {
          session.cut(problem('timeout', 'it did not begin to publish in time'));
        }
      } else if (session.paused) {
        if (now - camera.waitingSince > WAIT_MICROS) {
          session.cut(problem('not-recording', `camera ${camera.id} is not being recorded at the moment`));
        }
      } else if (now - session.heardAt > IDLE_MICROS) {
        session.cut(problem('idle', `nothing came from the encoder for ${IDLE_MICROS / 1e6} s`));
      } else if (now - Math.max(session.heardAt, session.pingedAt) > PING_MICROS) {
        session.ping(now);
      }
    }
  }

  /** Somebody who opens connections and does nothing keeps out nobody but himself. */
  #limitStrangers(): void {
    const strangers = [...this.#sessions].filter((session) => session.cameraId === undefined);
    if (strangers.length <= MAX_STRANGERS) return;
    const byAddress = Object.groupBy(strangers, (session) => session.address);
    const most = Object.values(byAddress).reduce((a, b) => ((b?.length ?? 0) > (a?.length ?? 0) ? b : a));
    most?.[0]?.cut(problem('full', `more than ${MAX_STRANGERS} connections wait, most of them from there`));
  }

  #now(): MonoMicros {
    return this.#options.clock.mono();
  }
}

function endReason(why: RtmpProblem | { readonly kind: 'left'; readonly reason: string }): string {
  if (why.kind === 'left') return why.reason;
  return why.cause === 'idle' || why.cause === 'taken'
    ? `the encoder's connection was cut: ${why.reason}`
    : `the encoder was cut off: ${why.reason}`;
}
