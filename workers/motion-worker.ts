// What a thread of the pool runs for each picture.
export { look as default } from '../src/motion/look.ts';
