export { learn } from './learn';
export { boxCount, consensus, erode, novelty } from './masks';
export { contrast, halve, levels, misfit, smooth, texture } from './pictures';
