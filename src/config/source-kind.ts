/** A camera whose encoder pushes to us. */
export const isRtmp = (source: string): boolean => source === 'rtmp';

/**
 * A camera to be asked by RTSP: a host stands first, or behind an `@`. Passwords hold `@`, `/` and the like unescaped
 * (C7), so it is any of those; which one is found out when it is connected to.
 */
export const isRtsp = (source: string): boolean =>
  /^rtsps?:\/\/(?:\S*@)?(?:\[[^\]@\s]+\]|[^:@[\]\s/?#]+|[\da-f]*:[\da-f]*:[\da-f:.]*(?:%[^/?#@\s]+)?)(?::\d*)?(?:[/?#]\S*)?$/i.test(
    source,
  );

/** ffmpeg opens it; nothing that it would take for an option. */
export const isFfmpeg = (source: string): boolean => /^ffmpeg:[^\s-]\P{Cc}*$/u.test(source);
