#!/usr/bin/python3
"""A camera that is not ours: gst-rtsp-server sends the access units of elementary streams, once, then stops.

usage: finite_gst.py [--auth USER:PASSWORD [--basic]] NAME=FILE[,OPTION...] ...

FILE ends in .h264 or .h265; the mount is /NAME. Options: udp (refuse TCP; without it UDP is refused), both (refuse
neither), and one of aac, pcma, pcmu, opus for a sound that does not end.

Prints "ready PORT" when it listens, and for each stream "NAME sent N" when its last access unit has been taken.
Debian: python3-gi gir1.2-gst-rtsp-server-1.0 gir1.2-gst-plugins-base-1.0 gstreamer1.0-plugins-{base,good,bad}
"""
import argparse

import gi

for name, version in (("Gst", "1.0"), ("GstRtsp", "1.0"), ("GstRtspServer", "1.0"), ("GstApp", "1.0")):
    gi.require_version(name, version)
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

FPS = 25


def access_units(path):
    """Splits at access unit delimiters, with which the streams are made."""
    data = open(path, "rb").read()
    delimiter = b"\x00\x00\x00\x01\x46\x01" if path.endswith(".h265") else b"\x00\x00\x00\x01\x09"
    starts = []
    at = data.find(delimiter)
    while at >= 0:
        starts.append(at)
        at = data.find(delimiter, at + 1)
    return [data[a:b] for a, b in zip(starts, starts[1:] + [len(data)])]


TONE = "audiotestsrc is-live=true wave=sine freq=440 samplesperbuffer={samples} ! audio/x-raw,rate={rate},channels=1"
SOUNDS = {
    "aac": TONE.format(samples=1024, rate=48000) + " ! voaacenc bitrate=64000 ! aacparse ! rtpmp4gpay name=pay1 pt=97",
    "pcma": TONE.format(samples=160, rate=8000) + " ! alawenc ! rtppcmapay name=pay1 pt=8",
    "pcmu": TONE.format(samples=160, rate=8000) + " ! mulawenc ! rtppcmupay name=pay1 pt=0",
    "opus": TONE.format(samples=960, rate=48000) + " ! opusenc ! rtpopuspay name=pay1 pt=97",
}


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, name, path, options):
        super().__init__()
        self.name, self.units = name, access_units(path)
        # Of the factory, not of a connection: whoever comes again gets nothing that was sent before.
        self.next = 0
        codec = path.rsplit(".", 1)[1]
        self.set_launch(
            f"( appsrc name=source format=time is-live=true block=false max-bytes=0 "
            f"caps=video/x-{codec},stream-format=byte-stream,alignment=au,framerate={FPS}/1 "
            f"! {codec}parse ! identity sync=true ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 "
            + "".join(SOUNDS[option] for option in options if option in SOUNDS)
            + " )"
        )
        self.set_shared(True)
        lower = GstRtsp.RTSPLowerTrans
        self.set_protocols(
            lower.UDP if "udp" in options else lower.TCP | lower.UDP if "both" in options else lower.TCP
        )

    def do_configure(self, media):
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        def need(source, _length):
            index = self.next
            if index >= len(self.units):
                return
            self.next = index + 1
            buffer = Gst.Buffer.new_wrapped(self.units[index])
            buffer.pts = buffer.dts = index * Gst.SECOND // FPS
            buffer.duration = Gst.SECOND // FPS
            source.emit("push-buffer", buffer)
            if index + 1 == len(self.units):
                print(f"{self.name} sent {len(self.units)}", flush=True)

        media.get_element().get_by_name("source").connect("need-data", need)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--auth")
    parser.add_argument("--basic", action="store_true")
    parser.add_argument("streams", nargs="+")
    arguments = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    mounts = server.get_mount_points()
    for stream in arguments.streams:
        name, file = stream.split("=", 1)
        path, *options = file.split(",")
        factory = Factory(name, path, options)
        if arguments.auth:
            role = "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
            factory.add_role_from_structure(Gst.Structure.from_string(role)[0])
        mounts.add_factory(f"/{name}", factory)
    if arguments.auth:
        user, password = arguments.auth.split(":")
        auth = GstRtspServer.RTSPAuth.new()
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "user")
        if arguments.basic:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        server.set_auth(auth)
    server.attach(None)
    print(f"ready {server.get_bound_port()}", flush=True)
    GLib.MainLoop().run()


main()
