/** The build of hls.js without subtitles, encryption and alternate sound: the package gives it no types of its own. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
