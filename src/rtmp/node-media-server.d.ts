/** The parts of node-media-server 4.4.3 that are used here: the package has no types of its own. */
declare module 'node-media-server/src/protocol/rtmp.js' {
  import type AVPacket from 'node-media-server/src/core/avpacket.js';

  /** The protocol of one connection, without its socket. */
  export default class Rtmp {
    onConnectCallback: (request: { readonly app: string; readonly name: string }) => void;
    onPushCallback: () => void;
    onPacketCallback: (packet: AVPacket) => void;
    onOutputCallback: (bytes: Buffer) => void;
    /** A megabyte that nothing uses. */
    flv: unknown;
    parserData(bytes: Buffer): string | null;
    sendACK(bytes: number): void;
    sendStatusMessage(streamId: number, level: string, code: string, description: string): void;
  }
}

declare module 'node-media-server/src/core/avpacket.js' {
  /** One audio or video message. */
  export default class AVPacket {
    /** 8 audio, 9 video. */
    readonly codec_type: number;
    /** Milliseconds. */
    readonly dts: number;
    readonly size: number;
    /** Used again for the next message, and longer than `size`. */
    readonly data: Buffer;
  }
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log: (message: string) => void };
  export default logger;
}
