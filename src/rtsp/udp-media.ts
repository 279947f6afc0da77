import type { RemoteInfo, Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { defect } from './connection.ts';
import { failure, type RtspFailure } from './failure.ts';
import type { MediaReceiver } from './media-receiver.ts';
import type { PortPair, RtspTransport } from './transport.ts';
import { bindUdpPorts, type UdpPortOptions, type UdpPorts } from './udp-ports.ts';

/** Empty RTP and a receiver report of nobody: what a camera's port has to get before a firewall lets its answers in. */
const PUNCH_RTP = Buffer.from('800000000000000000000000', 'hex');
const PUNCH_RTCP = Buffer.from('80c9000100000000', 'hex');

const MAX_PORT = 65_535;

export interface UdpListener {
  /** Called for each datagram, before it is handed on. */
  arrived(bytes: number): void;
  /** The sockets are of no more use: called at most once, never after `close`. */
  lost(failure: RtspFailure): void;
}

/**
 * The two sockets of one media over UDP. Only what comes from the camera's address is taken (F13), from whatever port:
 * many tell a wrong one or none (F12), and routers change it. Node makes a buffer for each datagram: here, unlike over
 * TCP, packets cost memory to collect.
 */
export class UdpMedia {
  readonly #ports: UdpPorts;
  readonly #listener: UdpListener;
  #receiver: MediaReceiver | undefined;
  #channels: PortPair = { rtp: 0, rtcp: 1 };
  #address = '';
  #remote: PortPair | undefined;
  #closed = false;

  static async open(options: UdpPortOptions, listener: UdpListener): Promise<UdpMedia | RtspFailure> {
    const ports = await bindUdpPorts(options);
    return 'kind' in ports ? ports : new UdpMedia(ports, listener);
  }

  private constructor(ports: UdpPorts, listener: UdpListener) {
    this.#ports = ports;
    this.#listener = listener;
    for (const socket of [ports.rtp, ports.rtcp]) {
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.#fail(
          failure('offline', `the UDP socket for the camera failed: ${error.code ?? error.message}`),
        );
      });
    }
    ports.rtp.on('message', (bytes, from) => this.#take(bytes, from, 'rtp'));
    ports.rtcp.on('message', (bytes, from) => this.#take(bytes, from, 'rtcp'));
  }

  /** What SETUP asks for. */
  get clientPort(): PortPair {
    return { rtp: this.#ports.port, rtcp: this.#ports.port + 1 };
  }

  /**
   * Takes what SETUP was answered, and lets the media in.
   * @param camera address of the RTSP connection; another one counts only if the answer names it
   */
  start(
    answer: RtspTransport | undefined,
    camera: string,
    receiver: MediaReceiver,
    channels: PortPair,
  ): void {
    const source = answer?.source;
    this.#address = plainAddress(source !== undefined && isIP(source) !== 0 ? source : camera);
    this.#remote = answer?.serverPort;
    this.#receiver = receiver;
    this.#channels = channels;
  }

  /** Opens the way through firewalls, from the inside (F17): before PLAY, and again as long as nothing has come. */
  punch(): void {
    this.#send(this.#ports.rtp, PUNCH_RTP, this.#remote?.rtp);
    this.#send(this.#ports.rtcp, PUNCH_RTCP, this.#remote?.rtcp);
  }

  /** Sends RTCP to the camera, if it has told a port or sent from one. */
  report(bytes: Buffer): void {
    this.#send(this.#ports.rtcp, bytes, this.#remote?.rtcp);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ports.rtp.close();
    this.#ports.rtcp.close();
  }

  #take(bytes: Buffer, from: RemoteInfo, kind: 'rtp' | 'rtcp'): void {
    const receiver = this.#receiver;
    if (this.#closed || !receiver || plainAddress(from.address) !== this.#address) return;
    if (!this.#remote) this.#remote = kind === 'rtp' ? pairAt(from.port) : pairAt(from.port - 1);
    try {
      this.#listener.arrived(bytes.length);
      receiver.frame(this.#channels[kind], bytes, 0, bytes.length);
    } catch (error) {
      this.#fail(defect(from.address, error));
    }
  }

  #send(socket: Socket, bytes: Buffer, port: number | undefined): void {
    if (this.#closed || port === undefined || port < 1 || port > MAX_PORT) return;
    // What cannot be sent is as good as lost on the way, which UDP allows for.
    socket.send(bytes, port, this.#address, () => undefined);
  }

  #fail(problem: RtspFailure): void {
    if (this.#closed) return;
    this.close();
    this.#listener.lost(problem);
  }
}

const pairAt = (rtp: number): PortPair => ({ rtp, rtcp: rtp + 1 });

/** Without the ways in which the two kinds of sockets write the same address. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
