import ffmpeg from '@ffmpeg-installer/ffmpeg';

/** The bundled ffmpeg (GPLv3, see NOTICE): only ever run as a child process. */
export const bundledFfmpeg: string = ffmpeg.path;
