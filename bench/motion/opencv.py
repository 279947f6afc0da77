"""Background subtraction by OpenCV: grey frames on standard input, a mask of 0 and 255 for each on standard output.

usage: opencv.py WIDTH HEIGHT mog2|knn HISTORY THRESHOLD
"""
import sys

import cv2
import numpy

width, height = int(sys.argv[1]), int(sys.argv[2])
history, threshold = int(sys.argv[4]), float(sys.argv[5])
cv2.setNumThreads(1)
if sys.argv[3] == "mog2":
    model = cv2.createBackgroundSubtractorMOG2(history, threshold, False)
else:
    model = cv2.createBackgroundSubtractorKNN(history, threshold, False)
while True:
    data = sys.stdin.buffer.read(width * height)
    if len(data) < width * height:
        break
    mask = model.apply(numpy.frombuffer(data, numpy.uint8).reshape(height, width))
    # Without a median it would be full of specks: the comparison is with what one would deploy.
    sys.stdout.buffer.write(cv2.medianBlur(mask, 5).tobytes())
