import type { Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { bindUdpPorts, type UdpPorts } from '../../src/rtsp/udp-ports.ts';

/** A bad network between a client and an RTSP server that sends by UDP: datagrams are lost, late, and come twice. */
export interface UdpRelay {
  readonly port: number;
  /** Shares of the RTP datagrams. */
  loss: number;
  reordered: number;
  doubled: number;
  readonly lost: number;
  readonly passed: number;
  close(): Promise<void>;
}

/** A packet that is to come late comes after the next one, or after this time when there is none. */
const LATE_MILLIS = 1_000;

/** @param random as `Math.random` */
export async function startUdpRelay(target: number, random: () => number): Promise<UdpRelay> {
  const sockets = new Set<Socket>();
  const open = new Set<UdpSocket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let ports: UdpPorts | undefined;
    let asked = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    // The camera is told our ports, and the client gets the camera's datagrams from ours.
    client.on('data', (data: Buffer) => {
      const text = data.toString('latin1');
      const port = /client_port=(\d+)-/.exec(text)?.[1];
      if (port === undefined) {
        upstream.write(data);
        return;
      }
      asked = Number(port);
      void bindUdpPorts({ family: 4, range: undefined, random }).then((bound) => {
        if ('kind' in bound) throw new Error(bound.reason);
        ports = bound;
        for (const [socket, to] of [
          [bound.rtp, asked],
          [bound.rtcp, asked + 1],
        ] as const) {
          open.add(socket);
          socket.on('message', (bytes) => pass(socket, bytes, to));
        }
        upstream.write(
          text.replace(/client_port=\d+-\d+/, `client_port=${bound.port}-${bound.port + 1}`),
          'latin1',
        );
      });
    });
    upstream.on('data', (data: Buffer) => {
      if (!ports) {
        client.write(data);
        return;
      }
      const { port } = ports;
      const text = data.toString('latin1');
      const told = text.replace(/server_port=\d+-\d+/, `server_port=${port}-${port + 1}`);
      client.write(told.replace(/client_port=\d+-\d+/, `client_port=${asked}-${asked + 1}`), 'latin1');
    });
  });
  const send = (socket: UdpSocket, bytes: Buffer, to: number): void => {
    if (open.has(socket)) socket.send(bytes, to, '127.0.0.1', () => undefined);
  };
  const held = new Map<UdpSocket, Buffer>();
  const overtaken = (socket: UdpSocket, bytes: Buffer, to: number): void => {
    if (held.get(socket) !== bytes) return;
    held.delete(socket);
    send(socket, bytes, to);
  };
  const pass = (socket: UdpSocket, bytes: Buffer, to: number): void => {
    const isReport = (bytes[1] ?? 0) >= 192 && (bytes[1] ?? 0) <= 223;
    if (!isReport && random() < relay.loss) {
      lost++;
      return;
    }
    passed++;
    const late = held.get(socket);
    if (!late && !isReport && random() < relay.reordered) {
      held.set(socket, bytes);
      setTimeout(() => overtaken(socket, bytes, to), LATE_MILLIS);
      return;
    }
    send(socket, bytes, to);
    if (late) overtaken(socket, late, to);
    if (random() < relay.doubled) send(socket, bytes, to);
  };
  let lost = 0;
  let passed = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay = {
    port: (server.address() as AddressInfo).port,
    loss: 0,
    reordered: 0,
    doubled: 0,
    get lost() {
      return lost;
    },
    get passed() {
      return passed;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const socket of open) socket.close();
      open.clear();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
