import type { PortRange } from '../rtsp/udp-ports.ts';
import type { Sighting, WatchReport } from '../watch/watched-picture.ts';

/** Given to every thread that receives from cameras, when it starts. */
export interface ReceivingSetup {
  /** Memory for what is being received: pictures, frames on their way to disk. */
  readonly bufferBytes: number;
  /** Memory for copies of pictures that the main thread has not taken yet. */
  readonly watchBytes: number;
  /** For media that come by UDP; `undefined`: any. */
  readonly udpPorts: PortRange | undefined;
}

/** What the main thread asks of it. */
export type ReceivingCommand = { readonly kind: 'stop' } | WatchCommand;

export type WatchCommand =
  /** It has the last `watch` report. */
  { readonly kind: 'watch-taken' } | { readonly kind: 'seen'; readonly sightings: readonly Sighting[] };

/**
 * What motion analysis is given, and how many pictures were dropped before; the next one comes when `watch-taken` was
 * said of it.
 */
export interface WatchNews {
  readonly kind: 'watch';
  readonly report: WatchReport;
  readonly shed: number;
}
