#!/usr/bin/python3
"""An encoder that is neither ffmpeg nor ours: GStreamer pushes an MP4 (H.264 and AAC) by RTMP, in real time, once.

usage: gst_push.py SINK FILE URL     (SINK is rtmp2sink, GStreamer's own RTMP, or rtmpsink, which is librtmp)

Exits 0 when all of it has been taken.
Debian: python3-gi gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-{base,good,bad}
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

sink, path, url = sys.argv[1:]
Gst.init(None)
pipeline = Gst.parse_launch(
    f"filesrc location={path} ! qtdemux name=in flvmux name=mux streamable=true ! {sink} name=out sync=true "
    "in.video_0 ! queue ! h264parse ! mux. in.audio_0 ! queue ! aacparse ! mux."
)
pipeline.get_by_name("out").set_property("location", url)
pipeline.set_state(Gst.State.PLAYING)
message = pipeline.get_bus().timed_pop_filtered(
    Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR
)
if message.type == Gst.MessageType.ERROR:
    print(message.parse_error(), file=sys.stderr)
pipeline.set_state(Gst.State.NULL)
sys.exit(0 if message.type == Gst.MessageType.EOS else 1)
