import { createSocket, type Socket } from 'node:dgram';
import { failure, type RtspFailure } from './failure.ts';

/** Two UDP sockets on neighbouring ports, an even one for RTP and the next for RTCP (RFC 3550 section 11). */
export interface UdpPorts {
  readonly rtp: Socket;
  readonly rtcp: Socket;
  readonly port: number;
}

/** Ports that a firewall lets through, both included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export interface UdpPortOptions {
  readonly family: 4 | 6;
  /** `undefined`: whatever the system gives. */
  readonly range: PortRange | undefined;
  /** As `Math.random`: where in the range to begin, so that threads seldom meet. */
  readonly random: () => number;
}

/** A key frame comes as one burst; what does not fit while the thread is busy is lost. The system may grant less. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
/** Attempts at a pair where the system chooses: half of what it gives is odd, and neighbours may be taken. */
const MAX_ATTEMPTS = 64;

/** Binds a pair. It is the caller's to close. */
export async function bindUdpPorts(options: UdpPortOptions): Promise<UdpPorts | RtspFailure> {
  let last: NodeJS.ErrnoException | undefined;
  for (const wanted of candidates(options)) {
    const first = await bind(options.family, wanted);
    if (first instanceof Error) {
      last = first;
      if (!isTaken(first)) break;
      continue;
    }
    const { port } = first.address();
    const second = await bind(options.family, port % 2 === 0 ? port + 1 : port - 1);
    if (second instanceof Error) {
      last = second;
      first.close();
      if (!isTaken(second)) break;
      continue;
    }
    const isRtp = port % 2 === 0;
    return { rtp: isRtp ? first : second, rtcp: isRtp ? second : first, port: isRtp ? port : port - 1 };
  }
  const { range } = options;
  const where = range ? `between ${range.from} and ${range.to}` : 'of this machine';
  return failure(
    'offline',
    `no two neighbouring UDP ports ${where} are free (${last?.code ?? 'none tried'})`,
  );
}

/** Ports to try first, even ones, each once; 0 lets the system choose. */
function* candidates({ range, random }: UdpPortOptions): Generator<number> {
  if (!range) {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) yield 0;
    return;
  }
  const lowest = range.from + (range.from % 2);
  const pairs = Math.max(0, Math.floor((range.to - lowest + 1) / 2));
  const start = Math.floor(random() * pairs);
  for (let i = 0; i < pairs; i++) yield lowest + ((start + i) % pairs) * 2;
}

function isTaken(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EADDRINUSE' || error.code === 'EACCES';
}

function bind(family: 4 | 6, port: number): Promise<Socket | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    socket.once('error', (error) => {
      socket.close();
      resolve(error);
    });
    socket.bind(port, () => {
      socket.removeAllListeners('error');
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      } catch {
        // The system gives what it gives.
      }
      resolve(socket);
    });
  });
}
