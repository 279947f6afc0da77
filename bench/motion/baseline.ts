/**
 * Mean F of OpenCV 5.0's MOG2 in the best of four settings, median 5, over highway, office and traffic of CDnet 2014
 * and their versions in bad weather, measured by `bench/motion.ts`: for machines without OpenCV.
 */
export const MOG2_BASELINE = {
  plain: { full: 0.612, '5 fps': 0.64, '1 fps': 0.643 },
  weather: { full: 0.528, '5 fps': 0.604, '1 fps': 0.59 },
} as const;
