import type { VideoConfig } from '../media/video-config.ts';
import type { WatchedPicture, WatchReport } from './watched-picture.ts';

/**
 * The main thread's end of a thread's reports: as every message brings copies of its own, it sees to it that one stream
 * has one configuration, by which decoders know it again.
 */
export class WatchInbox {
  readonly #known = new Map<number, { readonly stream: number; readonly config: VideoConfig }>();

  take(report: WatchReport): WatchReport {
    return { ...report, pictures: report.pictures.map((picture) => this.#recognised(picture)) };
  }

  #recognised(picture: WatchedPicture): WatchedPicture {
    const { cameraNo, stream, config } = picture;
    const known = this.#known.get(cameraNo);
    if (known?.stream === stream) return { ...picture, config: known.config };
    this.#known.set(cameraNo, { stream, config });
    return picture;
  }
}
