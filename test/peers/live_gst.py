#!/usr/bin/python3
"""Cameras of gst-rtsp-server that send for as long as somebody watches.

usage: live_gst.py NAME=PIPELINE ...     (as gst-launch takes it, ending in payloaders pay0, pay1, …; the mount is /NAME)

Prints "ready PORT" when it listens.
"""
import sys

import gi

for name, version in (("Gst", "1.0"), ("GstRtsp", "1.0"), ("GstRtspServer", "1.0")):
    gi.require_version(name, version)
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
for stream in sys.argv[1:]:
    name, pipeline = stream.split("=", 1)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {pipeline} )")
    factory.set_shared(True)
    factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP)
    server.get_mount_points().add_factory(f"/{name}", factory)
server.attach(None)
print(f"ready {server.get_bound_port()}", flush=True)
GLib.MainLoop().run()
