/** Why a viewing ended, in the words of `SourceFailure`. */
export interface ViewingEnd {
  readonly kind: 'failure';
  readonly cause: 'offline' | 'protocol' | 'overload';
  readonly reason: string;
}

/** What a recording thread asks of the RTMP thread. */
export type LinkRequest =
  /** The camera is to be recorded: what its encoder sends is wanted from now on. */
  | { readonly kind: 'open'; readonly cameraNo: number; readonly viewing: number }
  | { readonly kind: 'close'; readonly cameraNo: number; readonly viewing: number }
  /** A batch was read: its memory comes back. */
  | { readonly kind: 'done'; readonly batch: ArrayBuffer; readonly bytes: number };

/** What the RTMP thread tells a recording thread, in order. */
export type LinkNews =
  | { readonly kind: 'published'; readonly cameraNo: number; readonly viewing: number }
  | { readonly kind: 'media'; readonly batch: ArrayBuffer; readonly bytes: number }
  | { readonly kind: 'ended'; readonly cameraNo: number; readonly viewing: number; readonly end: ViewingEnd };
