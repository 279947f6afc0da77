import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import type { PacketizedFrame } from './packetizer.ts';

/** How the packets of a stream get to its client. */
export interface MediaPath {
  /** What the client has not taken yet. */
  readonly pendingBytes: number;
  /** All packets of a frame; `done` when its bytes may be changed again. */
  frame(frame: PacketizedFrame, done: () => void): void;
  /** One of them. */
  packet(frame: PacketizedFrame, index: number): void;
  /** Bare RTCP. */
  report(bytes: Buffer): void;
  /** What is no packet at all. */
  noise(bytes: Buffer): void;
  /** The first half of a frame, and the connection breaks. */
  cut(frame: PacketizedFrame): void;
}

const INTERLEAVED_BYTES = 4;
const NOTHING = Buffer.alloc(0);

/** Interleaved in the RTSP connection (RFC 2326 section 10.12). */
export function tcpPath(socket: Socket, channel: number): MediaPath {
  return {
    get pendingBytes() {
      return socket.writableLength;
    },
    frame({ bytes }, done) {
      // What the system took at once needs no keeping, and no callback.
      socket.write(bytes);
      if (socket.writableLength === 0) done();
      else socket.write(NOTHING, done);
    },
    packet: (frame, index) => void socket.write(Buffer.from(framedPacket(frame, index))),
    report(bytes) {
      const head = Buffer.from([0x24, channel + 1, bytes.length >> 8, bytes.length & 0xff]);
      socket.write(Buffer.concat([head, bytes]));
    },
    noise: (bytes) => void socket.write(bytes),
    cut({ bytes }) {
      socket.write(Buffer.from(bytes.subarray(0, bytes.length >> 1)), () => socket.resetAndDestroy());
    },
  };
}

/** A datagram a packet, from sockets that are connected to the client's. */
export function udpPath(sockets: { readonly rtp: UdpSocket; readonly rtcp: UdpSocket }): MediaPath {
  const { rtp, rtcp } = sockets;
  // A client that is gone is told by its session, not by its closed port.
  const ignore = (): void => undefined;
  const send = (socket: UdpSocket, bytes: Buffer, sent: () => void): void => {
    try {
      socket.send(bytes, sent);
    } catch {
      // Closed by now.
      sent();
    }
  };
  return {
    get pendingBytes() {
      return rtp.getSendQueueSize();
    },
    frame(frame, done) {
      const last = frame.packetOffsets.length - 1;
      for (let i = 0; i <= last; i++) send(rtp, barePacket(frame, i), i === last ? done : ignore);
    },
    packet: (frame, index) => send(rtp, Buffer.from(barePacket(frame, index)), ignore),
    report: (bytes) => send(rtcp, bytes, ignore),
    noise: (bytes) => send(rtp, bytes.subarray(0, 1_000), ignore),
    cut: ignore,
  };
}

function framedPacket({ bytes, packetOffsets }: PacketizedFrame, index: number): Buffer {
  return bytes.subarray(packetOffsets[index], packetOffsets[index + 1]);
}

function barePacket(frame: PacketizedFrame, index: number): Buffer {
  return framedPacket(frame, index).subarray(INTERLEAVED_BYTES);
}
