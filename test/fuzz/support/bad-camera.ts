import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What the camera does after a request: pieces that are sent one after the other, each in a turn of its own. */
export interface Reaction {
  readonly pieces: readonly Buffer[];
  readonly after: 'stay' | 'end' | 'reset';
}

export interface BadCamera {
  readonly port: number;
  /** Plays a script, one reaction a request, to the connection that asks for `/ID`. */
  expect(id: number, script: readonly Reaction[]): void;
  forget(id: number): void;
  close(): Promise<void>;
}

const END_OF_HEAD = '\r\n\r\n';

/** A server on the loopback address that says what it is told to, and believes everything. */
export async function startBadCamera(): Promise<BadCamera> {
  const scripts = new Map<number, readonly Reaction[]>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let received = '';
    let answered = 0;
    let script: readonly Reaction[] | undefined;
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      for (let end = received.indexOf(END_OF_HEAD); end >= 0; end = received.indexOf(END_OF_HEAD)) {
        script ??= scripts.get(Number(/\/(\d+)[ /?]/.exec(received)?.[1]));
        received = received.slice(end + END_OF_HEAD.length);
        const reaction = script?.[answered++];
        if (reaction) void react(socket, reaction);
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    expect: (id, script) => void scripts.set(id, script),
    forget: (id) => void scripts.delete(id),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function react(socket: Socket, { pieces, after }: Reaction): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (after === 'end') socket.end();
  if (after === 'reset') socket.resetAndDestroy();
}
