import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A bad line to a server of this machine. */
export interface Relay {
  readonly port: number;
  /** Every piece of data takes so long. */
  delayMillis: number;
  /** Share of the pieces sent to the server upon which the connection breaks. */
  resets: number;
  /** Connections that were broken. */
  readonly broken: number;
  /** Passes nothing on any more, and closes nothing: as when the power of what is behind it fails. */
  stall(): void;
  close(): Promise<void>;
}

/** @param random as `Math.random` */
export async function startRelay(target: number, random: () => number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const stalls: (() => void)[] = [];
  let broken = 0;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let stalled = false;
    stalls.push(() => {
      stalled = true;
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        if (stalled) return;
        client.destroy();
        upstream.destroy();
      });
    }
    const carry = (from: Socket, to: Socket, mayBreak: boolean): void => {
      from.on('data', (data) => {
        if (stalled) return;
        if (mayBreak && random() < relay.resets) {
          broken++;
          client.resetAndDestroy();
          return;
        }
        // Timers of one length end in the order in which they were set: bytes stay in theirs.
        setTimeout(() => void to.write(data), relay.delayMillis);
      });
    };
    carry(client, upstream, true);
    carry(upstream, client, false);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay = {
    port: (server.address() as AddressInfo).port,
    delayMillis: 0,
    resets: 0,
    get broken() {
      return broken;
    },
    stall() {
      for (const stall of stalls) stall();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return relay;
}
